//! Findings folded into incidents: one event in the world, one incident, one page.
//!
//! Raised findings wait in a [`window`] until they explain one another. A
//! [`attribution::Suspect`] that explains enough of them opens an incident, which
//! from then on absorbs matching routes at once. The [`ledger`] keeps the balance of
//! raised and cleared; [`record`] is an incident's life, [`report`] what it says.

pub mod advice;
pub mod attribution;
mod culprits;
pub mod edges;
pub mod evidence;
pub mod examples;
pub mod filters;
mod folder;
mod gains;
pub mod kept;
pub mod ledger;
pub mod messages;
pub mod record;
pub mod report;
mod samples;
pub mod seen;
pub mod settings;
mod suspects;
pub mod telling;
pub mod window;

pub use evidence::{Counted, Evidence, Severity};
pub use folder::{Folder, Raised, World};
pub use kept::Kept;
pub use ledger::{Ledger, Slot};
pub use messages::Recorded;
pub use record::{Incident, Key, Kind, State};
pub use report::{IncidentEvent, Standing, Step};
pub use settings::Settings;

/// What the core tells the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// An incident opened, grew, ended or came back.
    Incident(Box<IncidentEvent>),
    /// A view's table is complete; this was wrong in it already.
    Standing(Box<Standing>),
}
