//! Where incidents go: who is told what, when, and how often.
//!
//! ```text
//! IncidentEvent ─▶ Dispatcher ─(one Slip for each sink and subject, kept by the store)─▶ Courier ─▶ Sink
//! ```
//!
//! The dispatcher decides who is to be told and writes that down before anything is sent. A
//! courier, one thread for each sink, takes what is due, renders it into a [`Message`] and hands
//! it to its [`Sink`]. Nothing here is waited for by the engine.

mod backoff;
mod courier;
mod dispatcher;
mod message;
mod queue;
pub mod quiet;
mod settings;
mod sink;
mod slip;
mod subject;

pub use dispatcher::{Dispatcher, Office, SinkState};
pub use message::{Call, Fact, Message, Suggestion};
pub use queue::{Failing, MOST_WAITING};
pub use quiet::{Judgement, Quiet};
pub use settings::{Canary, Destination, Settings, SinkSettings};
pub use sink::{Failure, Sent, Sink, Then};
pub use slip::{Pace, Slip};
pub use subject::{CANARY, Notice, Subject, Trouble, is_canary};
