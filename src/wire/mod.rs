//! Bytes to vocabulary and back: BGP messages and MRT files.

pub mod encode;
