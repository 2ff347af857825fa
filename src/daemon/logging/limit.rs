//! How often a cause is told: a table of causes, without a clock of its own.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tracing::{Level, Metadata, callsite::Identifier};

/// Lines of one cause in a minute. Five show that something repeats.
pub const LINES_OF_A_CAUSE: u32 = 5;
/// Lines of one place in the program in a minute, all causes together: strangers can
/// connect from many addresses.
pub const LINES_OF_A_PLACE: u32 = 60;
/// Causes remembered; beyond them only places are told apart, and of those there are as
/// many as the program has.
pub const MOST_CAUSES: usize = 4096;
/// The minute.
pub const WINDOW: Duration = Duration::from_secs(60);

/// What repeats: a place in the program, and the router, peer, directory or reason that
/// it speaks of (hashed; 0 where it speaks of none).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cause {
    /// The place.
    pub place: Identifier,
    /// Whom it is about.
    pub about: u64,
}

#[derive(Debug)]
struct Bucket {
    began: Instant,
    told: u32,
    held_back: u64,
    metadata: &'static Metadata<'static>,
    /// The line's message and whom it is about, for the summary.
    message: String,
    about: String,
}

/// What was held back of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct More {
    /// Of which level.
    pub level: Level,
    /// The line's message.
    pub message: String,
    /// Whom it was about, or nothing.
    pub about: String,
    /// How many.
    pub lines: u64,
}

/// The table.
#[derive(Debug, Default)]
pub struct Limiter {
    causes: HashMap<Cause, Bucket>,
    places: HashMap<Identifier, Bucket>,
}

impl Limiter {
    /// Whether a line of `cause` is written now; `describe` gives its message and whom
    /// it is about, and is asked once per cause.
    pub fn admits(
        &mut self,
        cause: &Cause,
        metadata: &'static Metadata<'static>,
        now: Instant,
        describe: impl Fn() -> (String, String),
    ) -> bool {
        let bucket = |(message, about)| Bucket {
            began: now,
            told: 0,
            held_back: 0,
            metadata,
            message,
            about,
        };
        let has_room = self.causes.len() < MOST_CAUSES;
        let own = match self.causes.get_mut(cause) {
            Some(own) => Some(own),
            None if has_room && cause.about != 0 => Some(
                self.causes
                    .entry(cause.clone())
                    .or_insert_with(|| bucket(describe())),
            ),
            None => None,
        };
        let place = self
            .places
            .entry(cause.place.clone())
            .or_insert_with(|| bucket((describe().0, String::new())));
        // What is about nobody in particular repeats as one cause.
        let most = if cause.about == 0 {
            LINES_OF_A_CAUSE
        } else {
            LINES_OF_A_PLACE
        };
        if let Some(own) = own {
            if own.told >= LINES_OF_A_CAUSE {
                own.held_back += 1;
                return false;
            }
            own.told += 1;
        }
        if place.told >= most {
            place.held_back += 1;
            return false;
        }
        place.told += 1;
        true
    }

    /// Forgets causes whose minute is over, and says what was held back of them.
    pub fn over(&mut self, now: Instant) -> Vec<More> {
        self.drain(|bucket| now.saturating_duration_since(bucket.began) >= WINDOW)
    }

    /// Forgets all causes, and says what was held back.
    pub fn all(&mut self) -> Vec<More> {
        self.drain(|_| true)
    }

    fn drain(&mut self, is_over: impl Fn(&Bucket) -> bool) -> Vec<More> {
        let causes = self.causes.extract_if(|_, bucket| is_over(bucket));
        let mut more: Vec<More> = causes.filter_map(|(_, bucket)| bucket.more()).collect();
        let places = self.places.extract_if(|_, bucket| is_over(bucket));
        more.extend(places.filter_map(|(_, bucket)| bucket.more()));
        more.sort_by(|a, b| (&a.message, &a.about).cmp(&(&b.message, &b.about)));
        more
    }

    /// Causes remembered.
    pub fn causes(&self) -> usize {
        self.causes.len()
    }
}

impl Bucket {
    fn more(self) -> Option<More> {
        (self.held_back > 0).then(|| More {
            level: *self.metadata.level(),
            message: self.message,
            about: self.about,
            lines: self.held_back,
        })
    }
}
