//! What operators, an authority and customers are told of an incident.
//!
//! ```text
//! Account (the incident as told) ───┐
//! Reference (whose, which session) ─┼─▶ Report ─▶ written ─▶ Document ─▶ text, markdown
//! Settings (who we are, customers) ─┘      │         ▲
//!                                          └─▶ JSON  └─ Words (english, japanese)
//! ```
//!
//! A [`Report`] holds values and no words, and of those only what its audience may see: what is
//! not in it cannot slip into a text. `written` makes a document of it, of headings, facts and
//! tables: what stands where is said there, once. What it is called is said by `english` and
//! `japanese`, which are words and nothing else. `text` and `markdown` lay the document out. A
//! first quick report goes out within minutes, so nothing here waits for what is not known: that
//! says so, or is left to be filled in.
//!
//! Nothing claims more than was seen. Routes say where traffic was led, not what became of it;
//! a cause is presumed until the operator states one; a number of customers names what it was
//! counted from; and whether thresholds are passed is a reason to look closer, never the legal
//! answer.

mod account;
mod build;
mod bundle;
mod cause;
mod csv;
mod customers;
mod document;
mod english;
mod impact;
mod japanese;
mod labels;
mod markdown;
mod request;
mod settings;
mod template;
mod text;
mod threshold;
mod value;
mod words;
mod written;
mod zone;

#[cfg(test)]
mod tests;

pub use account::{Account, Stage};
pub use bundle::{MOST_SLICE, bundle};
pub use cause::Cause;
pub use customers::{Customer, Customers};
pub use impact::Basis;
pub use request::{Audience, Format, Language, MOST_NOTE, Refusal, Request, Sharing, Sort};
pub use settings::{Reporter, Settings};
pub use template::Template;
pub use threshold::{Quarterly, Threshold, default_thresholds};
pub use value::Report;
pub use zone::Zone;
