//! Who asks for quiet and why, and how a request for it is refused.

use crate::bgp::{Plain, Timestamp};

/// Octets of a name at most.
pub const MOST_NAME: usize = 64;
/// Octets of a reason at most.
pub const MOST_REASON: usize = 500;

/// Who asks, why, and when that was.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who, as they call themselves.
    pub by: &'a str,
    /// Why. Whoever reads it at night does not know.
    pub why: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Why quiet was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field is not as it must be.
    #[error("`{field}` {what}")]
    Field {
        /// Which one, as the interface spells it.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        what: String,
    },
    /// As many are kept as may be.
    #[error("{most} of these are kept already; remove one first")]
    Full {
        /// How many.
        most: usize,
    },
    /// There is none of this name, or no longer.
    #[error("there is no `{0}`, or it has ended")]
    Unknown(String),
}

impl Refusal {
    pub(super) fn field(field: &'static str, what: impl Into<String>) -> Refusal {
        Refusal::Field {
            field,
            what: what.into(),
        }
    }
}

impl Asked<'_> {
    /// The name and the reason, if they can be kept.
    pub(super) fn checked(&self) -> Result<(String, String), Refusal> {
        Ok((
            text("by", self.by, MOST_NAME)?,
            text("why", self.why, MOST_REASON)?,
        ))
    }
}

/// A text of one line that says something.
pub(super) fn text(field: &'static str, text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::field(field, "says nothing"));
    }
    if text.len() > most {
        let what = format!("is longer than {most} octets");
        return Err(Refusal::field(field, what));
    }
    if Plain(text).to_string() != text {
        return Err(Refusal::field(
            field,
            "holds a line end or another character that does not show",
        ));
    }
    Ok(text.to_owned())
}

/// A span of time that ends in the future, is not empty and no longer than `days`.
pub(super) fn span(
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
    days: u64,
) -> Result<(), Refusal> {
    if until <= now {
        let what = format!("is {until}, which is past: it is {now} here");
        return Err(Refusal::field("until", what));
    }
    if until <= from {
        let what = format!("is {until}, which is not after `from`, {from}");
        return Err(Refusal::field("until", what));
    }
    if until.since(from).as_secs() > days * 86_400 {
        let what = format!("is more than {days} days after `from`: quiet must end");
        return Err(Refusal::field("until", what));
    }
    Ok(())
}
