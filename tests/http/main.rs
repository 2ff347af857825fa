//! The HTTP server over real connections, in front of an engine that has lived through
//! a drill.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod client;
mod commands;
mod contract;
mod events;
mod hostile;
mod pages;
mod reports;
mod server;
mod tls;
mod writes;
