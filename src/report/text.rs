//! A document as plain text, for mail, fax and the telephone: aligned, and lines that end early.

use super::document::{Block, Document, Table};

/// Columns of a line at most; a Japanese character takes two.
const WIDTH: usize = 78;
/// The widest name of a fact that is still put beside its value.
const WIDEST_NAME: usize = 28;

/// The whole text.
pub(super) fn lay_out(document: &Document) -> String {
    let mut out = String::new();
    if let Some(warning) = &document.warning {
        wrap(&mut out, "", &format!("*** {warning} ***"), 0);
        out.push('\n');
    }
    wrap(&mut out, "", &document.title, 0);
    if !document.sections.is_empty() {
        line(&mut out, &"=".repeat(WIDTH));
    }
    out.push('\n');
    blocks(&mut out, &document.head, 0);
    for (number, section) in (1..).zip(&document.sections) {
        out.push('\n');
        wrap(&mut out, &format!("{number}. "), &section.heading, 3);
        blocks(&mut out, &section.blocks, 3);
    }
    out
}

fn blocks(out: &mut String, blocks: &[Block], indent: usize) {
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        match block {
            Block::Facts(facts) => {
                let names = facts.iter().map(|(name, _)| width(name));
                let column = names.max().unwrap_or(0).min(WIDEST_NAME) + 2;
                for (name, values) in facts {
                    let mut lead = format!("{}{name}", " ".repeat(indent));
                    for value in values {
                        let filled = indent + column;
                        pad(&mut lead, filled);
                        wrap(out, &lead, value, filled);
                        lead.clear();
                    }
                }
            }
            Block::Paragraph(text) => {
                wrap(out, &" ".repeat(indent), text, indent);
            }
            Block::Lines(lines) => {
                for text in lines {
                    wrap(out, &" ".repeat(indent), text, indent);
                }
            }
            Block::Table(rows) => table(out, rows, indent),
        }
    }
}

fn table(out: &mut String, table: &Table, indent: usize) {
    let columns: Vec<usize> = (0..table.head.len())
        .map(|column| {
            std::iter::once(&table.head)
                .chain(&table.rows)
                .filter_map(|row| row.get(column))
                .map(|cell| width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let rule: Vec<String> = columns.iter().map(|column| "-".repeat(*column)).collect();
    for row in [&table.head, &rule].into_iter().chain(&table.rows) {
        let mut text = " ".repeat(indent);
        let mut filled = indent;
        for (index, cell) in row.iter().enumerate() {
            let column = columns.get(index).copied().unwrap_or(0);
            if table.numbers.get(index) == Some(&true) {
                text.push_str(&" ".repeat(column.saturating_sub(width(cell))));
            }
            text.push_str(cell);
            filled += column + 2;
            pad(&mut text, filled);
        }
        line(out, text.trim_end());
    }
}

fn pad(text: &mut String, to: usize) {
    let missing = to.saturating_sub(width(text));
    text.push_str(&" ".repeat(missing));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Characters that must not begin a line.
const NOT_FIRST: &str =
    "、。，．）」』】・：；！？ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.)]:;!?%";
/// Characters that must not end one.
const NOT_LAST: &str = "（「『【([";

/// Writes a text after `lead`, broken into lines: between words, and between any two wide
/// characters but where Japanese does not break. Lines after the first begin at `hang`.
fn wrap(out: &mut String, lead: &str, text: &str, hang: usize) {
    let mut row = lead.to_owned();
    let mut is_empty = true;
    for piece in pieces(text) {
        let fits = width(&row) + width(piece.trim_end()) <= WIDTH;
        if fits || is_empty {
            row.push_str(piece);
        } else {
            line(out, &row);
            row = " ".repeat(hang);
            row.push_str(piece.trim_start());
        }
        is_empty = false;
    }
    line(out, &row);
}

/// Pieces that are not broken, with the blanks after them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let may_break = before.is_some_and(|before| {
            let after_blank = before == ' ' && c != ' ';
            let between_wide = (is_wide(before) || is_wide(c)) && before != ' ' && c != ' ';
            after_blank || (between_wide && !NOT_FIRST.contains(c) && !NOT_LAST.contains(before))
        });
        if may_break {
            pieces.extend(text.get(start..at));
            start = at;
        }
        before = Some(c);
    }
    pieces.extend(text.get(start..));
    pieces
}

/// Whether a character takes two columns (the wide and full-width ones of UAX #11).
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD)
}

/// Columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_breaks_between_characters_but_not_before_a_full_stop() {
        let mut out = String::new();
        wrap(&mut out, "", &"経路情報が誤って広告された。".repeat(6), 4);
        for text in out.lines() {
            assert!(width(text) <= WIDTH, "{text}");
            assert!(!text.trim_start().starts_with('。'), "{text}");
        }
        assert_eq!(
            out.replace(['\n', ' '], ""),
            "経路情報が誤って広告された。".repeat(6)
        );
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let mut out = String::new();
        let long = "x".repeat(100);
        wrap(&mut out, "", &format!("a {long} b"), 2);
        assert_eq!(out, format!("a\n  {long}\n  b\n"));
    }

    #[test]
    fn names_of_both_widths_stand_in_one_column() {
        let facts = vec![
            ("発生日時".to_owned(), vec!["a".to_owned()]),
            ("AS".to_owned(), vec!["b".to_owned(), "c".to_owned()]),
        ];
        let mut out = String::new();
        blocks(&mut out, &[Block::Facts(facts)], 2);
        assert_eq!(out, "  発生日時  a\n  AS        b\n            c\n");
    }
}
