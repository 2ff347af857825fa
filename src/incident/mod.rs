//! Findings folded into incidents.

pub mod settings;
