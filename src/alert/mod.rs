//! Where incidents go: who is told what, when, and how often.
//!
//! ```text
//! IncidentEvent ─▶ Dispatcher ─(one Slip for each sink and subject, kept by the store)─▶ Courier ─▶ Sink
//! ```
//!
//! The dispatcher decides who is to be told and writes that down before anything is sent. A
//! courier, one thread for each sink, takes what is due, renders it into a [`Message`] and hands
//! it to its [`Sink`]. Nothing here is waited for by the engine.

mod message;
pub mod quiet;
mod settings;
mod sink;
mod subject;

pub use message::{Call, Fact, Message, Suggestion};
pub use quiet::{Judgement, Quiet};
pub use settings::{Destination, Settings, SinkSettings};
pub use sink::{Failure, Sent, Sink, Then};
pub use subject::{Notice, Subject, Trouble};
