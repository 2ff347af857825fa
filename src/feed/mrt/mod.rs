//! Directories in which routers and collectors leave MRT files.

mod settings;

pub use settings::Settings;
