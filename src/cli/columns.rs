//! Tables on a sheet: aligned columns, of which the less important go where it is narrow.

use std::io::{self, Write};

use super::sheet::{Ink, Sheet, wrap};

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub head: &'static str,
    /// Numbers stand to the right.
    pub right: bool,
    /// Those with the highest go first where there is no room; 0 always stays.
    pub spare: u8,
}

/// A cell with its colour, if it has one.
#[derive(Clone, Debug)]
pub(super) struct Cell(pub String, pub Option<Ink>);

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell(text.to_string(), None)
    }
}

const GAP: usize = 2;

/// Writes a table. The last column takes what room is left and breaks at spaces.
pub(super) fn table(
    out: &mut impl Write,
    sheet: &Sheet,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> io::Result<()> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let width = |index: usize| {
        let head = columns.get(index).map_or(0, |column| column.head.len());
        let cells = rows.iter().filter_map(|row| row.get(index));
        cells
            .map(|cell| length(&cell.0))
            .chain([head])
            .max()
            .unwrap_or(0)
    };
    // The last column can be broken, down to a width that is still read.
    let needed = |kept: &[usize]| {
        let last = kept.last().copied();
        let widths = kept.iter().map(|&index| {
            let whole = width(index);
            if Some(index) == last {
                whole.min(20)
            } else {
                whole
            }
        });
        widths
            .map(|width| width + GAP)
            .sum::<usize>()
            .saturating_sub(GAP)
    };
    while needed(&kept) > sheet.width() {
        let spare = |index: &usize| columns.get(*index).map_or(0, |column| column.spare);
        let Some(most) = kept.iter().map(spare).max().filter(|most| *most > 0) else {
            break;
        };
        kept.retain(|index| spare(index) != most);
    }
    let widths: Vec<usize> = kept.iter().map(|&index| width(index)).collect();
    let head: Vec<Cell> = kept
        .iter()
        .filter_map(|&index| columns.get(index))
        .map(|column| Cell(column.head.to_owned(), Some(Ink::Faint)))
        .collect();
    let rights: Vec<bool> = kept
        .iter()
        .map(|&index| columns.get(index).is_some_and(|column| column.right))
        .collect();
    line(out, sheet, &head, &widths, &rights)?;
    for row in rows {
        let cells: Vec<Cell> = kept
            .iter()
            .filter_map(|&index| row.get(index).cloned())
            .collect();
        line(out, sheet, &cells, &widths, &rights)?;
    }
    Ok(())
}

fn line(
    out: &mut impl Write,
    sheet: &Sheet,
    cells: &[Cell],
    widths: &[usize],
    rights: &[bool],
) -> io::Result<()> {
    let mut text = String::new();
    let mut at = 0;
    for (index, ((cell, &width), &right)) in cells.iter().zip(widths).zip(rights).enumerate() {
        let ink = |text: &str| match cell.1 {
            Some(ink) => sheet.ink(ink, text),
            None => text.to_owned(),
        };
        let pad = " ".repeat(width.saturating_sub(length(&cell.0)));
        if index + 1 == cells.len() && !right {
            let room = sheet.width().saturating_sub(at).max(20);
            for (number, part) in wrap(&cell.0, room).iter().enumerate() {
                if number > 0 {
                    text.push('\n');
                    text.push_str(&" ".repeat(at));
                }
                text.push_str(&ink(part));
            }
        } else if right {
            text.push_str(&pad);
            text.push_str(&ink(&cell.0));
        } else {
            text.push_str(&ink(&cell.0));
            text.push_str(&pad);
        }
        if index + 1 < cells.len() {
            text.push_str(&" ".repeat(GAP));
        }
        at += width + GAP;
    }
    writeln!(out, "{}", text.trim_end())
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            head: "PEER",
            right: false,
            spare: 0,
        },
        Column {
            head: "SINCE",
            right: false,
            spare: 2,
        },
        Column {
            head: "ROUTES",
            right: true,
            spare: 0,
        },
    ];

    fn shown(width: usize) -> String {
        let rows = vec![
            vec!["192.0.2.1".into(), "3 min".into(), "1,042,325".into()],
            vec![
                "2001:db8::7".into(),
                "1 d 4 h".into(),
                Cell("0".to_owned(), Some(Ink::Alarm)),
            ],
        ];
        let mut out = Vec::new();
        table(&mut out, &Sheet::plain(width), &COLUMNS, &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned() {
        assert_eq!(
            shown(80),
            "PEER         SINCE       ROUTES\n\
             192.0.2.1    3 min    1,042,325\n\
             2001:db8::7  1 d 4 h          0\n"
        );
    }

    #[test]
    fn the_less_important_go_where_it_is_narrow() {
        assert_eq!(
            shown(24),
            "PEER            ROUTES\n\
             192.0.2.1    1,042,325\n\
             2001:db8::7          0\n"
        );
    }

    #[test]
    fn a_last_column_of_words_breaks() {
        let columns = [
            Column {
                head: "A",
                right: false,
                spare: 0,
            },
            Column {
                head: "PATH",
                right: false,
                spare: 0,
            },
        ];
        let rows = vec![vec!["x".into(), "64500 64501 64502 64503 64504".into()]];
        let mut out = Vec::new();
        table(&mut out, &Sheet::plain(24), &columns, &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "A  PATH\nx  64500 64501 64502\n   64503 64504\n");
    }
}
