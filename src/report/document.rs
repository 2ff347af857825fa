//! A report in words, before it is laid out: headings, facts, paragraphs, lists and tables.
//!
//! [`Document::plain`] brings every text in it on one line and takes away what does not show;
//! whoever lays it out escapes it for where it goes.

use crate::bgp::Plain;

/// A report in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// What it is.
    pub title: String,
    /// What must not be overlooked: that it is an exercise.
    pub warning: Option<String>,
    /// What stands over names and over values, where a form needs words there.
    pub over_facts: [&'static str; 2],
    /// What stands before the first heading.
    pub head: Vec<Block>,
    /// The rest, numbered from 1.
    pub sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub heading: String,
    pub blocks: Vec<Block>,
}

/// A piece of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Names with values; a value may have several lines.
    Facts(Vec<(String, Vec<String>)>),
    /// Sentences.
    Paragraph(String),
    /// Lines that stay apart.
    Lines(Vec<String>),
    /// Rows under a head; all have as many cells.
    Table(Table),
}

/// Rows under a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Columns that hold numbers, which stand to the right.
    pub numbers: Vec<bool>,
}

impl Document {
    /// With every text as [`Plain`] prints it, whoever chose it.
    pub(super) fn plain(mut self) -> Document {
        let clean = |text: &mut String| *text = Plain(text).to_string();
        clean(&mut self.title);
        self.warning.iter_mut().for_each(clean);
        let sections = self.sections.iter_mut();
        let blocks = sections.flat_map(|section| &mut section.blocks);
        for block in self.head.iter_mut().chain(blocks) {
            match block {
                Block::Facts(facts) => {
                    for (name, values) in facts {
                        clean(name);
                        values.iter_mut().for_each(clean);
                    }
                }
                Block::Paragraph(text) => clean(text),
                Block::Lines(lines) => lines.iter_mut().for_each(clean),
                Block::Table(table) => table.rows.iter_mut().flatten().for_each(clean),
            }
        }
        self
    }

    /// A part, unless nothing is in it.
    pub(super) fn section(&mut self, heading: &str, blocks: Vec<Block>) {
        if !blocks.is_empty() {
            self.sections.push(Section {
                heading: heading.to_owned(),
                blocks,
            });
        }
    }
}

/// Facts as they are gathered.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<(String, Vec<String>)>);

impl Facts {
    /// A fact on one line.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), vec![value.into()]));
    }

    /// A fact on several lines; none if there are none.
    pub(super) fn lines(&mut self, name: &str, values: Vec<String>) {
        if !values.is_empty() {
            self.0.push((name.to_owned(), values));
        }
    }

    /// All of them.
    pub(super) fn block(self) -> Block {
        Block::Facts(self.0)
    }
}
