//! Directories in which routers and collectors leave MRT files.
//!
//! A directory is looked at every few seconds, two levels deep. A file is read once it
//! has not changed for a while, once, in the order of first records; with `follow` the
//! youngest plain file is read while it grows. Hidden files and those called `.tmp` or
//! `.part` are a mirror's business until it renames them; links and pipes are not
//! followed.
//!
//! **Time.** Events are stamped with our own time when they are handed on, as those of
//! live routers are: the engine has one time for all feeds. What was recorded two
//! seconds apart is handed on two seconds apart ([`pace`](self)), as late as files come,
//! so that a file of fifteen minutes does not look like a burst. What lies there when we
//! start is different: the youngest table is read, then all updates since, as fast as
//! they can be, as part of the table; news begins after that. So it is also when a feed
//! comes back after hours. After a restart news begins where it ended before
//! ([`bookmark`](self)): what was recorded while we were away is judged, in its turn.
//!
//! **Tables.** Files of a table dump are the beginning; afterwards they are read only
//! where no updates were read of their last quarter of an hour. A torn one is not read
//! at all.
//!
//! A directory is one router ([`Router::Directory`]): the same neighbour heard by two
//! collectors is two peers. Recordings of one directory come in the order of time; one
//! that comes after younger ones were read is left alone, since what it says is stale.

mod bookmark;
mod directory;
mod listing;
mod pace;
mod peers;
mod recording;
mod settings;
mod shelf;
mod state;
#[cfg(test)]
mod tests;
mod watch;

pub use bookmark::Bookmark;
pub use directory::{Directory, Step};
pub use settings::Settings;
pub use state::{FeedState, FilesPassed, Passed};
pub use watch::Watches;

#[cfg(doc)]
use crate::bgp::Router;
