//! The sheet that text is written on: its width, its colours, and words that
//! strangers chose.

use std::{
    env,
    io::{self, Write},
};

pub(super) use crate::incident::telling::{clock, counted, day_time, grouped, lasting};

/// Text beyond this is tiring to read, however wide the window.
const WIDEST: usize = 110;
const NARROWEST: usize = 40;
/// Without a terminal: what printers, mails and tickets keep whole.
const ORDINARY: usize = 80;
/// Columns before the text of a field.
const INDENT: usize = 12;

/// How text is shown. Numbers are never cut: lines break at spaces alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sheet {
    width: usize,
    colour: bool,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// What pages, and what went wrong.
    Alarm,
    /// What warns.
    Caution,
    /// What is well.
    Well,
    /// What is to be read first.
    Strong,
    /// What frames the rest.
    Faint,
}

impl Sheet {
    /// Standard output: colours on a terminal only and not against `NO_COLOR`; as wide
    /// as `COLUMNS` says, or the terminal is.
    pub(super) fn standard_output() -> Self {
        let terminal = console::Term::stdout();
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|name| name == "dumb");
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let seen = || terminal.is_term().then(|| usize::from(terminal.size().1));
        Sheet {
            width: columns
                .or_else(seen)
                .unwrap_or(ORDINARY)
                .clamp(NARROWEST, WIDEST),
            colour: terminal.is_term() && !set("NO_COLOR") && !dumb,
        }
    }

    /// `text` in its colour, if there are colours.
    pub(super) fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Alarm => "1;31",
            Ink::Caution => "1;33",
            Ink::Well => "32",
            Ink::Strong => "1",
            Ink::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Columns of a line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Where something is from, under the text that uses it.
    pub(super) fn source(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        self.lines(out, &format!("- {text}"), 4, 6)
    }

    /// A line across, with a word in it.
    pub(super) fn rule(&self, out: &mut impl Write, word: &str) -> io::Result<()> {
        let dashes = "-".repeat(self.width.saturating_sub(word.chars().count() + 4));
        writeln!(
            out,
            "{}",
            self.ink(Ink::Faint, &format!("-- {word} {dashes}"))
        )
    }

    /// A paragraph over the whole width.
    pub(super) fn paragraph(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        self.lines(out, text, 0, 0)
    }

    /// A paragraph in its colour.
    pub(super) fn headline(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width) {
            writeln!(out, "{}", self.ink(Ink::Strong, &line))?;
        }
        Ok(())
    }

    /// Text that keeps its line breaks: what begins with a space stands as it is and
    /// continues further in, the rest is a paragraph. Everything is indented.
    pub(super) fn verbatim(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        for line in text.lines() {
            let (indent, hang) = if line.starts_with(' ') {
                (4, 8)
            } else {
                (2, 2)
            };
            self.lines(out, line, indent, hang)?;
        }
        Ok(())
    }

    /// A label and what stands beside it; the first line continues the label's.
    pub(super) fn field(&self, out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
        self.item(out, label, "", text)
    }

    /// The same with the text in a colour.
    pub(super) fn inked(
        &self,
        out: &mut impl Write,
        label: &str,
        ink: Ink,
        text: &str,
    ) -> io::Result<()> {
        for (index, line) in wrap(text, self.width - INDENT).iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let margin = format!("  {label:<width$}", width = INDENT - 2);
            writeln!(
                out,
                "{}{}",
                self.ink(Ink::Faint, &margin),
                self.ink(ink, line)
            )?;
        }
        Ok(())
    }

    /// A label, what marks an item of a list, and the item, which hangs under itself.
    pub(super) fn item(
        &self,
        out: &mut impl Write,
        label: &str,
        mark: &str,
        text: &str,
    ) -> io::Result<()> {
        let hang = INDENT + mark.chars().count();
        for (index, line) in wrap(text, self.width.saturating_sub(hang))
            .iter()
            .enumerate()
        {
            if index == 0 {
                let margin = format!("  {label:<width$}", width = INDENT - 2);
                writeln!(out, "{}{mark}{line}", self.ink(Ink::Faint, &margin))?;
            } else {
                writeln!(out, "{:hang$}{line}", "")?;
            }
        }
        Ok(())
    }

    /// A line that continues further in.
    pub(super) fn entry(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        self.lines(out, text, 2, 6)
    }

    fn lines(&self, out: &mut impl Write, text: &str, first: usize, hang: usize) -> io::Result<()> {
        let width = self.width.saturating_sub(hang);
        for (index, line) in wrap(text.trim(), width).iter().enumerate() {
            let indent = if index == 0 { first } else { hang };
            writeln!(out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// A sheet of this width without colours, for tests.
    #[cfg(test)]
    pub(super) fn plain(width: usize) -> Self {
        Sheet {
            width,
            colour: false,
        }
    }
}

/// Breaks `text` at single spaces into lines of at most `width` characters; a word
/// that is longer stands whole on a line of its own. Runs of spaces inside a line stay.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    let mut begun = false;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(line.trim_end().to_owned());
            line.clear();
            (used, begun) = (0, false);
        }
        if !begun && word.is_empty() && !lines.is_empty() {
            // Of several spaces where a line breaks none is left.
            continue;
        }
        if begun {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
        begun = true;
    }
    lines.push(line);
    lines
}

/// Text with everything a terminal would obey, hide or turn round spelled out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let unsafe_to_show = character.is_control()
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        if unsafe_to_show {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_numbers_stay_whole() {
        assert_eq!(wrap("one 160,000 three", 11), ["one 160,000", "three"]);
        assert_eq!(
            wrap("a 2001:db8:1234::/48 b", 5),
            ["a", "2001:db8:1234::/48", "b"]
        );
        assert_eq!(wrap("a  b", 9), ["a  b"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("ab   cd", 3), ["ab", "cd"]);
        assert_eq!(wrap("  ab", 9), ["  ab"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(escape("a\x1b[2Jb\r\n"), "a\\u{1b}[2Jb\\r\\n");
        assert_eq!(escape("x\u{202E}y\u{2028}"), "x\\u{202e}y\\u{2028}");
        assert_eq!(escape("Zürich transit"), "Zürich transit");
    }

    #[test]
    fn a_field_hangs_under_its_label() {
        let mut out = Vec::new();
        Sheet::plain(40)
            .field(&mut out, "Routes", "160,600 at the worst, 43 now, all told")
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "  Routes    160,600 at the worst, 43\n            now, all told\n"
        );
    }
}
