//! Judging routes.

pub mod settings;
