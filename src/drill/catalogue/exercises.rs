//! The single absurd route of 2009, two leaks at once, and what must not page.

use super::{Act, Drill, Expected, FEEDS, ONE, Plot, leak};
use crate::drill::{
    exercise::Exercise,
    leak::{LEAK, Leak, Tail},
};

const BORDER: &[u32] = &[1299, 3356];

const fn exercise(table: Option<u32>, exercise: Exercise) -> Plot {
    Plot {
        table,
        border: BORDER,
        collector: FEEDS,
        act: Act::Exercise(exercise),
    }
}

const MADE_UP: &[&str] = &[];

pub(super) static SUPRONET_2009: Drill = Drill {
    name: "supronet-2009",
    title: "AS47868 (SuproNet) prepends itself 252 times",
    date: "2009-02-16T16:23:30Z",
    rfc7908: "",
    story: "At 16:23:30 UTC on 16 February 2009 SuproNet announced 94.125.216.0/21 with its AS \
        252 times in the path, 256 long where the mean was 4.3. Some routers could not take \
        it and reset sessions, and for about an hour the route and its neighbours' came and \
        went: 107,780 updates in one second worldwide. Published: the time, the prefix, the \
        lengths, the update rate. Made up: the way to AS47868, and that only this route flaps, for \
        twenty minutes. This is a reconstruction on a sample of the table of 2026-05-11, thinned \
        to 280,000 prefixes, with synthetic paths.",
    sources: &[
        "BGPmon: Long AS paths causing commotion (2009-02-19)",
        "V3: Faulty router stalls internet traffic (2009-02-17, quoting Renesys)",
        "Bookmark notes of 2009-02-17 by nekomori, on the Renesys and Arbor posts",
    ],
    on_a_router: "\x20 %BGP-6-ASPATH: Long AS path 1299 ... 47868 47868 47868 47868 received from 198.51.100.1: More than configured MAXAS-LIMIT\n\
        where a limit is set. Where none was, sessions to older neighbours fell with an \
        UPDATE Message Error, came up, and fell again at the same route.",
    expected: ONE,
    plot: exercise(Some(280_000), Exercise::ManyPrepends),
};

pub(super) static TWO_LEAKS: Drill = Drill {
    name: "two-leaks",
    title: "Two leaks at once, by different networks to different neighbours",
    date: "2026-05-11T12:00:00Z",
    rfc7908: "6 and 1",
    story: "An exercise, not an event: AS1900001 gives 20,000 new more-specifics to AS6453 while \
        AS1900002 gives 20,000 existing routes to AS3257. Neither AS number is anybody's. They \
        must be two incidents. Prefixes and churn are the real ones of 2026-05-11.",
    sources: MADE_UP,
    on_a_router: "Two trains of updates, mixed. The first step is to see that there are two: \
        sort the new paths by their first three ASes.",
    expected: Expected::Incidents(2),
    plot: leak(
        None,
        &[3356, 1299],
        FEEDS,
        &[
            Leak {
                offender: 1_900_001,
                neighbours: &[6453],
                routes: 20_000,
                rate: 300,
                tail: Tail::Via(2914),
                ..LEAK
            },
            Leak {
                offender: 1_900_002,
                neighbours: &[3257],
                routes: 20_000,
                rate: 300,
                changed: 100,
                tail: Tail::Via(7018),
                ..LEAK
            },
        ],
    ),
};

macro_rules! quiet {
    ($item:ident, $name:literal, $title:literal, $exercise:ident, $story:literal, $router:literal) => {
        pub(super) static $item: Drill = Drill {
            name: $name,
            title: $title,
            date: "2026-05-11T12:00:00Z",
            rfc7908: "",
            story: $story,
            sources: MADE_UP,
            on_a_router: $router,
            expected: Expected::Quiet,
            plot: exercise(None, Exercise::$exercise),
        };
    };
}

quiet!(
    SESSION_RESET,
    "session-reset",
    "A session goes down, comes back and sends its whole table",
    SessionReset,
    "An exercise: the second session leaves Established, is back after 38 seconds, and sends \
     its million routes as before. Nothing has changed, so nothing must page.",
    "\x20 %BGP-5-ADJCHANGE: neighbor 203.0.113.1 Down Interface flap\n\
     \x20 %BGP-5-ADJCHANGE: neighbor 203.0.113.1 Up"
);

quiet!(
    ROUTE_REFRESH,
    "route-refresh",
    "A session sends its whole table again, unchanged",
    RouteRefresh,
    "An exercise: after a policy change someone asks the second session for a route refresh \
     (RFC 2918), and a million routes are announced that stand in the table already.",
    "`clear bgp ipv4 unicast 203.0.113.1 soft in`, and the update counter runs."
);

quiet!(
    BLACKHOLE_WAVE,
    "blackhole-wave",
    "2,000 attacked hosts are blackholed by their own networks",
    BlackholeWave,
    "An exercise: four attacked networks announce 2,000 of their hosts as /32 with the community \
     65535:666 (RFC 7999) within a minute and withdraw them ten minutes later. Each /32 stands \
     under a covering route of the same origin.",
    "\x20 *> HOST/32    198.51.100.1    0 1299 ... i    community 65535:666"
);

quiet!(
    PLANNED_DEAGGREGATION,
    "planned-deaggregation",
    "A network announces the 256 /24s of its /16",
    PlannedDeaggregation,
    "An exercise: one network announces a /16 of its own as 256 /24s besides, four a second, \
     over the same providers as before, and keeps them. That is its right.",
    "256 new routes with the path that their covering /16 has."
);

quiet!(
    PROVIDER_FAILOVER,
    "provider-failover",
    "A provider loses thousands of customers' routes, which move to their other provider",
    ProviderFailover,
    "An exercise: six to eight thousand routes of the customers of one provider change, within \
     twenty seconds, to the way through each customer's other provider, and stay there.",
    "Thousands of best paths change, each to one that was known to exist."
);

quiet!(
    QUIET_CHURN,
    "quiet-churn",
    "Six hours in which nothing happens",
    QuietChurn,
    "An exercise: six hours of the real churn of 2026-05-11, 16 operations a second, on the \
     real table. Which prefixes came and went is real, paths are synthetic.",
    "Nothing; and that is what must be reported."
);
