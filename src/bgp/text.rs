//! Text that a stranger chose: a router's sysName, a TLV, a shutdown message.

use std::fmt;

use serde::{Serialize, Serializer};

/// Text from the network, which may hold anything: line ends, escape sequences, marks
/// that turn the reading direction, a chat service's commands.
///
/// It can only be printed with what does not show escaped (`\\u{202e}`), on one line.
/// A sink with a syntax of its own (HTML, Slack) escapes that too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UntrustedText(String);

impl UntrustedText {
    /// Octets kept: as many as RFC 9003 allows a shutdown communication.
    pub const MOST: usize = 255;

    /// From octets as received, cut to [`Self::MOST`]; what is not UTF-8 is replaced.
    pub fn new(octets: &[u8]) -> Self {
        let kept = octets.get(..Self::MOST).unwrap_or(octets);
        UntrustedText(String::from_utf8_lossy(kept).into_owned())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As received, for comparing; never for printing.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

/// Whether a character shows as itself wherever text is shown.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for UntrustedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Plain(&self.0).fmt(f)
    }
}

/// Text of any length, printed as [`UntrustedText`] is.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_plain(c) {
                write!(f, "{c}")?;
            } else {
                write!(f, "{}", c.escape_unicode())?;
            }
        }
        Ok(())
    }
}

impl Serialize for UntrustedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_escaped_and_the_line_stays_one() {
        let text = UntrustedText::new("a\r\nb\u{1b}[31m\u{202e}c\u{2028}\0é".as_bytes());
        let shown = text.to_string();
        assert_eq!(shown, "a\\u{d}\\u{a}b\\u{1b}[31m\\u{202e}c\\u{2028}\\u{0}é");
        assert_eq!(shown.lines().count(), 1);
    }

    #[test]
    fn it_is_cut_and_what_is_not_utf8_is_replaced() {
        assert_eq!(UntrustedText::new(&[b'x'; 1000]).raw().len(), 255);
        assert_eq!(
            UntrustedText::new(b"\xff\xfe").to_string(),
            "\u{fffd}\u{fffd}"
        );
    }
}
