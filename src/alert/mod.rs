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
mod facts;
pub mod file;
mod host;
mod html;
mod json;
pub mod mail;
mod message;
pub mod pagerduty;
pub mod post;
pub mod secret;
mod settings;
mod sink;
pub mod slack;
mod subject;
pub mod syslog;
mod text;
mod trial;
pub mod webhook;

pub use json::SCHEMA;
pub use message::{Call, Fact, Message, Suggestion, Voice};
pub use settings::{Destination, Settings, SinkSettings};
pub use sink::{Failure, Sent, Sink, Then};
pub use subject::{Notice, Subject, Trouble};
pub use trial::trial;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
