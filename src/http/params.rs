//! The parameters of a request, read strictly: what is not understood is not ignored.

use axum::{extract::Query, http::Uri};

use super::problem::{Problem, unknown};

/// Parameters in a request at most.
const MOST: usize = 16;

/// Parameters by name.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Those of `uri`, each of `known` at most once.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Params, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::bad("the part after `?` is not `name=value&name=value`"))?;
        if pairs.len() > MOST {
            return Err(Problem::bad("there are more than 16 parameters"));
        }
        for (index, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::bad(unknown("parameter", name, known)));
            }
            if pairs.iter().take(index).any(|(other, _)| other == name) {
                return Err(Problem::bad(format!("`{name}` is given twice")));
            }
        }
        Ok(Params(pairs))
    }

    /// The value of `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(other, _)| other == name)?;
        Some(value)
    }

    /// A word out of a list.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == value);
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        match found {
            Some((_, meant)) => Ok(Some(*meant)),
            None => Err(Problem::bad(unknown(
                &format!("value of `{name}`"),
                value,
                &known,
            ))),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.word(name, &[("true", true), ("false", false)])
    }

    /// How many are wanted: from 1 to `most`.
    pub(super) fn limit(&self, otherwise: usize, most: usize) -> Result<usize, Problem> {
        let Some(value) = self.get("limit") else {
            return Ok(otherwise);
        };
        value
            .parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| {
                let value = super::show(value);
                Problem::bad(format!(
                    "`limit` is `{value}`; it is a number from 1 to {most}"
                ))
            })
    }
}
