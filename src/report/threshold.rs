//! From which duration and how many users an accident is to be reported.
//!
//! The defaults are those of Japan's rules as the ministry's committee described them in June
//! 2018; `[[report.threshold]]` replaces them with another country's. A row that is reached is a
//! reason to look closer: whether a service was stopped or degraded in the sense of the law,
//! nothing in a routing table can tell.

use std::time::Duration;

use serde::Serialize;

use super::impact::Users;
use crate::bgp::Timestamp;

/// One row: both must be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Which service, such as `other`.
    pub service: String,
    /// At least so long.
    pub duration: Duration,
    /// At least so many users.
    pub users: u64,
}

/// What a quarterly report covers: one of the two is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarterly {
    /// At least so long.
    pub duration: Duration,
    /// Or at least so many users.
    pub users: u32,
}

impl Default for Quarterly {
    fn default() -> Self {
        Quarterly {
            duration: Duration::from_secs(2 * 3600),
            users: 30_000,
        }
    }
}

/// Japan's, by service.
pub fn default_thresholds() -> Vec<Threshold> {
    [
        ("voice-emergency", 1, 30_000),
        ("voice", 2, 30_000),
        ("voice", 1, 100_000),
        ("free-internet", 24, 100_000),
        ("free-internet", 12, 1_000_000),
        ("other", 2, 30_000),
        ("other", 1, 1_000_000),
        ("lpwa", 12, 30_000),
        ("lpwa", 2, 1_000_000),
    ]
    .into_iter()
    .map(|(service, hours, users)| Threshold {
        service: service.to_owned(),
        duration: Duration::from_secs(hours * 3600),
        users,
    })
    .collect()
}

/// Whether something is so, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// What is known does not tell.
    Unknown,
}

impl Reached {
    /// Both.
    fn and(self, other: Reached) -> Reached {
        match (self, other) {
            (Reached::No, _) | (_, Reached::No) => Reached::No,
            (Reached::Yes, Reached::Yes) => Reached::Yes,
            _ => Reached::Unknown,
        }
    }

    /// One of them.
    fn or(self, other: Reached) -> Reached {
        match (self, other) {
            (Reached::Yes, _) | (_, Reached::Yes) => Reached::Yes,
            (Reached::No, Reached::No) => Reached::No,
            _ => Reached::Unknown,
        }
    }
}

/// A row and how the incident stands to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Seconds it asks for.
    pub duration: u64,
    /// Users it asks for.
    pub users: u64,
    /// Whether it lasted so long.
    pub duration_reached: Reached,
    /// Whether so many were affected.
    pub users_reached: Reached,
    /// Both.
    pub reached: Reached,
}

/// How the incident stands to all rows of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Which service.
    pub service: String,
    /// Each row.
    pub rows: Vec<Row>,
    /// Any of them: a reason to look closer, and no more.
    pub look_closer: Reached,
    /// Whether the quarterly report covers it.
    pub quarterly: Reached,
    /// Seconds from which it does.
    pub quarterly_duration: u64,
    /// Users from which it does.
    pub quarterly_users: u32,
    /// By when a major accident is to be reported in detail.
    pub due: Timestamp,
    /// Always false: thresholds are not the law.
    pub legal_answer: bool,
}

/// How long it has lasted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasted {
    pub began: Timestamp,
    pub so_far: Duration,
    pub over: bool,
}

impl Lasted {
    /// What goes on may still become as long.
    fn reaches(self, least: Duration) -> Reached {
        match (self.so_far >= least, self.over) {
            (true, _) => Reached::Yes,
            (false, true) => Reached::No,
            (false, false) => Reached::Unknown,
        }
    }
}

/// Weighs an incident.
pub(super) fn assess(
    service: &str,
    thresholds: &[Threshold],
    quarterly: Quarterly,
    due: Duration,
    lasted: Lasted,
    users: Users,
) -> Assessment {
    let rows: Vec<Row> = thresholds
        .iter()
        .filter(|row| row.service == service)
        .map(|row| {
            let (duration, many) = (lasted.reaches(row.duration), users.reach(row.users));
            Row {
                duration: row.duration.as_secs(),
                users: row.users,
                duration_reached: duration,
                users_reached: many,
                reached: duration.and(many),
            }
        })
        .collect();
    let any = rows
        .iter()
        .fold(Reached::No, |any, row| any.or(row.reached));
    Assessment {
        service: service.to_owned(),
        rows,
        look_closer: any,
        quarterly: lasted
            .reaches(quarterly.duration)
            .or(users.reach(quarterly.users.into())),
        quarterly_duration: quarterly.duration.as_secs(),
        quarterly_users: quarterly.users,
        due: lasted.began + due,
        legal_answer: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn weigh(service: &str, seconds: u64, over: bool, users: Users) -> Assessment {
        let lasted = Lasted {
            began: Timestamp::from_secs(1_500_000_000),
            so_far: Duration::from_secs(seconds),
            over,
        };
        let due = Duration::from_secs(30 * 24 * HOUR);
        assess(
            service,
            &default_thresholds(),
            Quarterly::default(),
            due,
            lasted,
            users,
        )
    }

    #[test]
    fn a_row_is_reached_at_its_very_figures_and_not_below() {
        let (yes, no) = (Reached::Yes, Reached::No);
        for (service, seconds, users, expected) in [
            ("other", 2 * HOUR, 30_000, yes),
            ("other", 2 * HOUR - 1, 30_000, no),
            ("other", 2 * HOUR, 29_999, no),
            ("other", HOUR, 1_000_000, yes),
            ("other", HOUR - 1, 1_000_000, no),
            ("other", HOUR, 999_999, no),
            ("voice-emergency", HOUR, 30_000, yes),
            ("voice", HOUR, 30_000, no),
            ("voice", HOUR, 100_000, yes),
            ("free-internet", 12 * HOUR, 999_999, no),
            ("free-internet", 24 * HOUR, 100_000, yes),
            ("lpwa", 2 * HOUR, 1_000_000, yes),
            ("lpwa", 12 * HOUR, 29_999, no),
        ] {
            let assessment = weigh(service, seconds, true, Users::exactly(users));
            assert_eq!(
                assessment.look_closer, expected,
                "{service} {seconds} {users}"
            );
            assert!(!assessment.legal_answer);
        }
    }

    #[test]
    fn what_goes_on_and_what_was_not_counted_whole_is_not_denied() {
        let open = weigh("other", 600, false, Users::exactly(30_000));
        assert_eq!(open.look_closer, Reached::Unknown);
        let few = weigh("other", 600, false, Users::exactly(10));
        assert_eq!(
            few.look_closer,
            Reached::No,
            "too few however long it lasts"
        );
        let least = weigh("other", 3 * HOUR, true, Users::at_least(10));
        assert_eq!(least.look_closer, Reached::Unknown);
        let enough = weigh("other", 3 * HOUR, true, Users::at_least(30_000));
        assert_eq!(enough.look_closer, Reached::Yes);
        let short = weigh("other", 60, true, Users::unknown());
        assert_eq!(
            short.look_closer,
            Reached::No,
            "too short whoever was affected"
        );
    }

    #[test]
    fn the_quarterly_report_takes_one_of_the_two() {
        let quarterly = |seconds, users| weigh("other", seconds, true, users).quarterly;
        assert_eq!(quarterly(2 * HOUR, Users::exactly(0)), Reached::Yes);
        assert_eq!(quarterly(60, Users::exactly(30_000)), Reached::Yes);
        assert_eq!(quarterly(2 * HOUR - 1, Users::exactly(29_999)), Reached::No);
        assert_eq!(quarterly(60, Users::unknown()), Reached::Unknown);
    }

    #[test]
    fn the_due_date_counts_from_the_beginning() {
        let due = weigh("other", 60, true, Users::unknown()).due;
        assert_eq!(due, Timestamp::from_secs(1_500_000_000 + 30 * 24 * HOUR));
    }
}
