//! What operators, an authority and customers are told of an incident.
//!
//! ```text
//! Account (the incident as told) ─┐
//! Reference (whose, which session) ├─▶ Report ─▶ Document ─▶ text, markdown
//! Settings (who we are, customers) ─┘      └─▶ JSON
//! ```
//!
//! A [`Report`] holds values and no words, and of those only what its audience may see: what is
//! not in it cannot slip into a text. `english` and `japanese` turn it into a document of
//! headings, facts and tables; `text` and `markdown` lay that out. A first quick report goes out
//! within minutes, so nothing here waits for what is not known: that says so, or is left to be
//! filled in.
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
mod markdown;
mod request;
mod settings;

mod template;
mod text;
mod threshold;
mod value;
mod zone;

#[cfg(test)]
mod tests;

pub use account::{Account, Acknowledged, Stage};
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
