//! What customers are told, in words that the operator sets beforehand.
//!
//! A template is a text with two parts, each under a line of its own: `[happening]` while the
//! incident goes on and `[over]` afterwards. Names in braces are filled in:
//!
//! ```text
//! [happening]
//! Since {began} some destinations on the Internet may be slow or out of reach.
//! {organisation} is working on it. {phone}
//! ```
//!
//! A brace itself is written twice. A line of which every placeholder is empty is left out, so
//! that a template can hold lines such as `Telephone: {phone}`.

use std::fmt::Write as _;

use super::document::Block;

/// What may be filled in.
pub(super) const PLACEHOLDERS: [&str; 12] = [
    "organisation",
    "department",
    "phone",
    "mail",
    "began",
    "ended",
    "duration",
    "written",
    "number",
    "networks",
    "effect",
    "note",
];

/// Values of the placeholders, in their order.
pub(super) type Values = [String; PLACEHOLDERS.len()];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// An index into [`PLACEHOLDERS`].
    Value(usize),
}

type Line = Vec<Piece>;

/// A notice for customers, to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    happening: Vec<Line>,
    over: Vec<Line>,
}

const ENGLISH: &str = include_str!("customers.en.txt");
const JAPANESE: &str = include_str!("customers.ja.txt");

impl Template {
    /// The built-in English words.
    pub fn english() -> Template {
        Template::built_in(ENGLISH)
    }

    /// The built-in Japanese words.
    pub fn japanese() -> Template {
        Template::built_in(JAPANESE)
    }

    /// A test reads both; should one be wrong, it is empty rather than the end of the process.
    fn built_in(text: &str) -> Template {
        Template::parse(text).unwrap_or(Template {
            happening: Vec::new(),
            over: Vec::new(),
        })
    }

    /// Reads a template.
    ///
    /// # Errors
    /// With every problem in it, a line each, that begins with its number.
    pub fn parse(text: &str) -> Result<Template, Vec<String>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut happening, mut over): (Option<Vec<Line>>, Option<Vec<Line>>) = (None, None);
        let mut in_over = false;
        let mut problems = Vec::new();
        for (number, line) in (1_u32..).zip(text.lines()) {
            let heading = match line.trim() {
                "[happening]" => Some(false),
                "[over]" => Some(true),
                _ => None,
            };
            if let Some(heading) = heading {
                in_over = heading;
                let part = if heading { &mut over } else { &mut happening };
                if part.replace(Vec::new()).is_some() {
                    problems.push(format!("line {number}: {} is there twice", line.trim()));
                }
                continue;
            }
            let part = if in_over { &mut over } else { &mut happening };
            match (part, pieces(line)) {
                (None, _) if line.trim().is_empty() => {}
                (None, _) => problems.push(format!(
                    "line {number}: stands before a line [happening] or [over]"
                )),
                (Some(_), Err(what)) => problems.push(format!("line {number}: {what}")),
                (Some(part), Ok(line)) => part.push(line),
            }
        }
        for (name, part) in [("[happening]", &happening), ("[over]", &over)] {
            if part.as_ref().is_none_or(|lines| lines.iter().all(is_blank)) {
                problems.push(format!("nothing stands under {name}"));
            }
        }
        match (happening, over) {
            (Some(happening), Some(over)) if problems.is_empty() => {
                Ok(Template { happening, over })
            }
            _ => Err(problems),
        }
    }

    /// Fills it in. Values may have several lines; blank lines at both ends are left out.
    pub(super) fn fill(&self, over: bool, values: &Values) -> String {
        let lines = if over { &self.over } else { &self.happening };
        let mut text = String::new();
        for line in lines {
            let mut placeholders = line.iter().filter_map(|piece| match piece {
                Piece::Value(index) => values.get(*index),
                Piece::Text(_) => None,
            });
            let has_some = line.iter().any(|piece| matches!(piece, Piece::Value(_)));
            if has_some && placeholders.all(String::is_empty) {
                continue;
            }
            for piece in line {
                match piece {
                    Piece::Text(part) => text.push_str(part),
                    Piece::Value(index) => {
                        text.push_str(values.get(*index).map_or("", String::as_str));
                    }
                }
            }
            text.push('\n');
        }
        // A line that was left out may leave two blank ones behind.
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        text.trim_matches('\n').to_owned()
    }
}

fn is_blank(line: &Line) -> bool {
    line.iter()
        .all(|piece| matches!(piece, Piece::Text(text) if text.trim().is_empty()))
}

/// A line in pieces.
fn pieces(line: &str) -> Result<Line, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            text.push('}');
            rest = after;
        } else if let Some((name, after)) =
            from.strip_prefix('{').and_then(|from| from.split_once('}'))
        {
            let known = PLACEHOLDERS.iter().position(|one| *one == name);
            let index = known.ok_or_else(|| unknown(name))?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Value(index));
            rest = after;
        } else {
            return Err("a brace stands alone; write {{ or }} for a brace itself".to_owned());
        }
    }
    text.push_str(rest);
    if !text.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn unknown(name: &str) -> String {
    let short: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    let mut what = format!("{{{short}}} is not known; ");
    // Writing to a String cannot fail.
    let _ = match nearest(name, &PLACEHOLDERS) {
        Some(near) => write!(what, "did you mean {{{near}}}?"),
        None => write!(what, "known are {}", PLACEHOLDERS.join(", ")),
    };
    what
}

/// A filled-in notice as paragraphs, a line each; blank lines are not told.
pub(super) fn paragraphs<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut apart = true;
    for line in lines {
        let line = line.trim();
        if line.is_empty() {
            apart = true;
            continue;
        }
        match blocks.last_mut() {
            Some(Block::Lines(lines)) if !apart => lines.push(line.to_owned()),
            _ => blocks.push(Block::Lines(vec![line.to_owned()])),
        }
        apart = false;
    }
    blocks
}

/// The known word nearest to `word`, if one is near.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word: String = word.chars().take(64).collect();
    known
        .iter()
        .map(|&one| (strsim::normalized_damerau_levenshtein(&word, one), one))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(organisation: &str, phone: &str) -> Values {
        let mut values = Values::default();
        organisation.clone_into(&mut values[0]);
        phone.clone_into(&mut values[2]);
        values
    }

    #[test]
    fn each_state_has_its_words_and_empty_lines_go() {
        let template = Template::parse(
            "\n[happening]\n\n{organisation}: it is slow {{for now}}.\nCall {phone}\n\nSorry.\n\
             [over]\n{organisation}: it is over.\n",
        )
        .unwrap();
        let filled = template.fill(false, &values("Example", "123"));
        assert_eq!(filled, "Example: it is slow {for now}.\nCall 123\n\nSorry.");
        let filled = template.fill(false, &values("Example", ""));
        assert_eq!(filled, "Example: it is slow {for now}.\n\nSorry.");
        assert_eq!(
            template.fill(true, &values("Example", "")),
            "Example: it is over."
        );
    }

    #[test]
    fn a_value_is_not_read_as_a_template() {
        let template = Template::parse("[happening]\n{organisation}\n[over]\nx").unwrap();
        assert_eq!(template.fill(false, &values("{phone} {", "1")), "{phone} {");
    }

    #[test]
    fn every_problem_is_told_with_its_line_and_the_nearest_name() {
        let problems = Template::parse(
            "hello\n[happening]\n{organization} and {x}\n{phone\na } b\n[happening]\n \n",
        )
        .unwrap_err();
        for expected in [
            "line 1: stands before a line [happening] or [over]",
            "line 3: {organization} is not known; did you mean {organisation}?",
            "line 4: a brace stands alone; write {{ or }} for a brace itself",
            "line 5: a brace stands alone; write {{ or }} for a brace itself",
            "line 6: [happening] is there twice",
            "nothing stands under [happening]",
            "nothing stands under [over]",
        ] {
            assert!(
                problems.iter().any(|one| one == expected),
                "{expected}: {problems:#?}"
            );
        }
        assert_eq!(problems.len(), 7, "{problems:#?}");
        let far = Template::parse("[happening]\n{zzzzzzzzzz}\n[over]\nx").unwrap_err();
        assert!(
            far[0].contains("known are organisation, department"),
            "{far:?}"
        );
    }

    #[test]
    fn the_built_in_words_are_templates() {
        for text in [ENGLISH, JAPANESE] {
            assert_eq!(Template::parse(text).map(drop), Ok(()));
        }
    }
}
