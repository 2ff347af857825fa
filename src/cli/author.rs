//! Who changes something at a daemon, and by what right.

use std::{
    env,
    fs::File,
    io::{Read, Write},
    path::PathBuf,
};

use clap::Args;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Failure,
    client::{Daemon, encoded},
    sheet::Sheet,
};
use crate::bgp::Timestamp;

/// A longer token is none.
const MOST_TOKEN: u64 = 4096;

/// Who asks for a change.
#[derive(Args, Debug)]
pub(super) struct Author {
    #[arg(
        long,
        value_name = "NAME",
        help = "Who you are, for the record [default: $SUDO_USER or $USER]"
    )]
    by: Option<String>,
    #[arg(
        long,
        value_name = "FILE",
        help = "The token that allows changes, as in the daemon's http.token_file [default: \
                $LEAKWATCH_TOKEN_FILE]"
    )]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    pub daemon: Daemon,
}

/// What of any answer tells the daemon's time.
#[derive(Deserialize)]
struct Clock {
    time: Timestamp,
}

impl Author {
    /// Who it is.
    pub(super) fn name(&self) -> Result<String, Failure> {
        let set = |name: &str| env::var(name).ok();
        let named = self.by.clone().or_else(|| set("SUDO_USER"));
        let named = named.or_else(|| set("USER"));
        named.filter(|name| !name.trim().is_empty()).ok_or_else(|| {
            Failure::Usage("nobody knows who you are: give --by NAME, for the record".to_owned())
        })
    }

    fn token(&self) -> Result<String, Failure> {
        let set = env::var_os("LEAKWATCH_TOKEN_FILE").filter(|path| !path.is_empty());
        let path = self.token_file.clone().or(set.map(PathBuf::from));
        let Some(path) = path else {
            return Err(Failure::Usage(
                "a change needs the token of the daemon's `http.token_file`: give --token-file, \
                 or set LEAKWATCH_TOKEN_FILE"
                    .to_owned(),
            ));
        };
        let wrong = |what: &str| Failure::Usage(format!("{}: {what}", path.display()));
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(MOST_TOKEN).read_to_string(&mut text))
            .map_err(|error| wrong(&error.to_string()))?;
        let mut lines = text.lines().map(str::trim);
        let token = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let token = token.ok_or_else(|| wrong("no token is in it"))?;
        if token.chars().any(|one| !one.is_ascii_graphic()) {
            return Err(wrong("is no token: something else than letters and digits"));
        }
        Ok(token.to_owned())
    }

    /// What time it is where the daemon is.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        let clock: Clock = self.daemon.get("/api/v1/mutes", &[])?;
        Ok(clock.time)
    }

    /// Asks for something, with who asks and why.
    pub(super) fn ask(
        &self,
        path: &str,
        query: &[(&str, String)],
        why: &str,
        mut body: Value,
    ) -> Result<String, Failure> {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("by".to_owned(), self.name()?.into());
            fields.insert("why".to_owned(), why.into());
            fields.retain(|_, value| !value.is_null());
        }
        self.daemon.add(path, query, &self.token()?, &body)
    }

    /// Takes something back, with who does and why.
    pub(super) fn take_back(
        &self,
        path: &str,
        query: &[(&str, String)],
        why: Option<&str>,
    ) -> Result<String, Failure> {
        let mut query = query.to_vec();
        query.push(("by", self.name()?));
        query.push(("why", why.unwrap_or("no longer needed").to_owned()));
        self.daemon.remove(path, &query, &self.token()?)
    }

    /// Says what was done, in JSON or in words, and returns what it was.
    pub(super) fn confirm<T: DeserializeOwned>(
        &self,
        text: &str,
        out: &mut impl Write,
        words: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Failure> {
        if self.daemon.json {
            writeln!(out, "{}", text.trim_end())?;
            return Ok(None);
        }
        let done: T = serde_json::from_str(text).map_err(|error| {
            Failure::Input(anyhow::anyhow!(
                "{} did it, and answers what this version does not understand ({error}); is it \
                 of the same version?",
                self.daemon.url()
            ))
        })?;
        Sheet::standard_output().paragraph(out, &words(&done))?;
        Ok(Some(done))
    }
}

/// Something of a list that is taken back.
#[derive(Args, Debug)]
pub(super) struct Removal {
    /// Which, by its name in the list.
    #[arg(value_name = "ID")]
    id: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    author: Author,
}

impl Removal {
    /// Takes it out of `list`, such as `/api/v1/mutes`, and says so.
    pub(super) fn run<T: DeserializeOwned>(
        &self,
        list: &str,
        out: &mut impl Write,
        words: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let path = format!("{list}/{}", encoded(&self.id));
        let text = self.author.take_back(&path, &[], self.why.as_deref())?;
        self.author.confirm(&text, out, words)?;
        Ok(())
    }
}
