//! leakwatch: BGP route leaks, one incident each.
//!
//! (The map of the house grows with the house.)

pub mod bgp;
pub mod config;
pub mod detect;
pub mod drill;
pub mod engine;
pub mod feed;
pub mod incident;
pub mod reference;
pub mod rib;
pub mod wire;
