//! Live routers: BMP sessions (RFC 7854, RFC 8671, RFC 9069).

mod settings;

pub use settings::{Refusal, Settings};
