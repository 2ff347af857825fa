//! Where updates come from: routers that speak BMP, and recorded MRT.
//!
//! Live feeds hand their batches to the [`intake`], which holds so many bytes and makes
//! a reader wait beyond them; [`replay`] drives an engine of its own.

pub mod bmp;
pub mod clock;
pub mod intake;
pub mod mrt;
pub mod replay;
