//! Where incidents go: who is told what, when, and how often.
//!
//! ```text
//! IncidentEvent ─▶ Dispatcher ─(one Slip for each sink and subject, kept by the store)─▶ Courier ─▶ Sink
//! ```
//!
//! The dispatcher decides who is to be told and writes that down before anything is sent. A
//! courier, one thread for each sink, takes what is due, renders it into a [`Message`] and hands
//! it to its [`Sink`]. Nothing here is waited for by the engine.

pub mod alertmanager;
mod backoff;
mod courier;
mod dispatcher;
mod facts;
pub mod file;
mod host;
mod html;
mod json;
pub mod mail;
mod message;
pub mod pagerduty;
pub mod post;
mod queue;
pub mod quiet;
pub mod secret;
mod settings;
mod sink;
pub mod slack;
mod slip;
mod subject;
pub mod syslog;
mod text;
mod trial;
pub mod webhook;

pub use dispatcher::{Dispatcher, Office, SinkState};
pub use json::SCHEMA;
pub use message::{Call, Fact, Message, Suggestion, Voice};
pub use queue::{Failing, MOST_WAITING};
pub use quiet::{Judgement, Quiet};
pub use settings::{Canary, Destination, Settings, SinkSettings};
pub use sink::{Failure, Sent, Sink, Then};
pub use slip::{Pace, Slip};
pub use subject::{CANARY, Notice, Subject, Trouble, is_canary};
pub use trial::trial;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
