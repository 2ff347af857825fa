//! A document as Markdown (`CommonMark`, with the tables of `GitHub` and of most ticket systems).

use std::fmt::Write as _;

use super::document::{Block, Document, Table};

// Writing to a String cannot fail.

/// The whole text.
pub(super) fn lay_out(document: &Document) -> String {
    let mut out = String::new();
    if let Some(warning) = &document.warning {
        let _ = writeln!(out, "**{}**\n", escape(warning));
    }
    let _ = writeln!(out, "# {}", escape(&document.title));
    blocks(&mut out, &document.head, document);
    for (number, section) in (1..).zip(&document.sections) {
        let _ = writeln!(out, "\n## {number}. {}", escape(&section.heading));
        blocks(&mut out, &section.blocks, document);
    }
    out
}

fn blocks(out: &mut String, blocks: &[Block], document: &Document) {
    for block in blocks {
        out.push('\n');
        match block {
            Block::Facts(facts) => {
                let [names, values] = document.over_facts;
                let _ = writeln!(out, "| {names} | {values} |\n|---|---|");
                for (name, values) in facts {
                    let values: Vec<String> = values.iter().map(|value| escape(value)).collect();
                    let _ = writeln!(out, "| {} | {} |", escape(name), values.join("<br>"));
                }
            }
            Block::Paragraph(text) => {
                let _ = writeln!(out, "{}", escape_first(text));
            }
            Block::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(|text| escape_first(text)).collect();
                let _ = writeln!(out, "{}", lines.join("  \n"));
            }
            Block::Table(rows) => table(out, rows),
        }
    }
}

fn table(out: &mut String, table: &Table) {
    row(out, &table.head);
    let rule = (0..table.head.len()).map(|column| match table.numbers.get(column) {
        Some(true) => "---:",
        _ => "---",
    });
    let _ = writeln!(out, "|{}|", rule.collect::<Vec<_>>().join("|"));
    for cells in &table.rows {
        row(out, cells);
    }
}

fn row(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// Text that means nothing but itself: neither mark-up, HTML, a link, nor the end of a cell.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let special = matches!(
            c,
            '\\' | '`'
                | '*'
                | '_'
                | '{'
                | '}'
                | '['
                | ']'
                | '<'
                | '>'
                | '#'
                | '|'
                | '~'
                | '&'
                | '!'
                | '$'
        );
        // What begins like an address would be made a link.
        if special || rest.starts_with("://") {
            out.push('\\');
        }
        if rest
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("www."))
        {
            out.push_str(rest.get(..3).unwrap_or_default());
            out.push_str("\\.");
            rest = rest.get(4..).unwrap_or_default();
            continue;
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// As [`escape`], at the beginning of a line, where a list or a heading could begin.
fn escape_first(text: &str) -> String {
    let escaped = escape(text.trim_start());
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    match escaped.as_bytes().get(digits) {
        Some(b'.' | b')') if (1..=9).contains(&digits) => {
            let (number, rest) = escaped.split_at_checked(digits).unwrap_or(("", &escaped));
            format!("{number}\\{rest}")
        }
        Some(b'-' | b'+' | b'=') if digits == 0 => format!("\\{escaped}"),
        _ => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_mark_up() {
        assert_eq!(
            escape("a|b<script>*x*_701_"),
            "a\\|b\\<script\\>\\*x\\*\\_701\\_"
        );
        assert_eq!(
            escape("[x](http://e.example) &lt; `c`"),
            "\\[x\\](http\\://e.example) \\&lt; \\`c\\`"
        );
        assert_eq!(escape("WWW.e.example"), "WWW\\.e.example");
        assert_eq!(escape_first("- a"), "\\- a");
        assert_eq!(escape_first("12. a"), "12\\. a");
        assert_eq!(escape_first("2,000 routes"), "2,000 routes");
        assert_eq!(escape_first("   code"), "code");
    }
}
