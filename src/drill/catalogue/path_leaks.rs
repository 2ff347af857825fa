//! Leaks of routes that everyone had already: paths change, the table hardly grows.

use super::{Drill, FEEDS, ONE, leak};
use crate::drill::leak::{LEAK, Leak, Tail, Victim};

pub(super) static TELEKOM_MALAYSIA_2015: Drill = Drill {
    name: "telekom-malaysia-2015",
    title: "AS4788 (Telekom Malaysia) gives AS3549 (Level 3) 179,000 routes",
    date: "2015-06-12T08:43:00Z",
    rfc7908: "1 (provider to provider) with peers' routes among them",
    story: "From 08:43 to about 10:40 UTC on 12 June 2015 Telekom Malaysia gave about 179,000 \
        of about 534,000 prefixes to Level 3 (AS3549), which took them for a customer's and \
        preferred them. Normally about 1,300 prefixes went through AS4788. The table itself \
        grew by 2,500 only: what changed were paths. Published: times, counts, the form of the \
        paths (3549 4788, a peer of 4788, the origin), and a collector's mean of 894 \
        announcements a second. Made up: which prefixes, which peers, and that it lasts minutes. \
        This is a reconstruction on a sample of the table of 2026-05-11 with synthetic paths.",
    sources: &[
        "BGPmon: Massive route leak causes Internet slowdown (2015-06-12)",
        "SLAC IEPM: Massive route leak slows down Internet June 12 2015",
        "iTnews: Australia's internet hit hard by massive Malaysian route leak (2015-06-15)",
        "Geoff Huston: More Leaky Routes (RIPE Labs)",
    ],
    on_a_router: "The prefix count does not move, so no maximum-prefix message comes. `show bgp \
        ipv4 unicast summary` shows the table version race, and half the world's paths on one \
        session have become\n\
        \x20 *> PREFIX    198.51.100.1    0 3549 4788 ... i\n\
        with round-trip times by way of Kuala Lumpur.",
    expected: ONE,
    plot: leak(
        Some(534_000),
        &[3549, 1299],
        FEEDS,
        &[Leak {
            offender: 4788,
            neighbours: &[3549],
            routes: 179_000,
            rate: 900,
            changed: 100,
            tail: Tail::Peers(&[]),
            blind: &[1299, 4637],
            ..LEAK
        }],
    ),
};

pub(super) static DERY_2012: Drill = Drill {
    name: "dery-2012",
    title: "AS46618 (Dery Telecom) gives AS577 (Bell) the routes of AS5769 (Videotron)",
    date: "2012-08-08T17:00:00Z",
    rfc7908: "1 (provider to provider)",
    story: "On 8 August 2012 Dery Telecom, a small customer of two large Canadian providers, \
        gave to one of them (Bell, AS577) what it had from the other (Videotron, AS5769): over \
        100,000 routes, where it normally announces a handful. Bell believed its customer and \
        told Tata (AS6453). Known: the date, the networks, the order of size. Made up: the time \
        of day, which prefixes, the rate, how long. This is a reconstruction on a sample of the \
        table of 2026-05-11, thinned to 400,000 prefixes, with synthetic paths.",
    sources: &[
        "Accounts of August 2012 as remembered by the operators' community; no page could be opened",
    ],
    on_a_router: "On Bell's router, had there been a limit on the customer's session:\n\
        \x20 %BGP-5-ADJCHANGE: neighbor 198.51.100.1 Down BGP Notification sent\n\
        \x20 %BGP-3-NOTIFICATION: sent to neighbor 198.51.100.1 6/1 (Maximum Number of Prefixes Reached)\n\
        There was none. Downstream, paths read 577 46618 5769 ...: a stub between two providers.",
    expected: ONE,
    plot: leak(
        Some(400_000),
        &[577, 6453],
        FEEDS,
        &[Leak {
            offender: 46618,
            neighbours: &[577],
            routes: 105_000,
            rate: 1_500,
            changed: 100,
            tail: Tail::Via(5769),
            ..LEAK
        }],
    ),
};

pub(super) static DODO_2012: Drill = Drill {
    name: "dodo-2012",
    title: "AS38285 (Dodo) gives AS1221 (Telstra) the whole table",
    date: "2012-02-23T02:50:00Z",
    rfc7908: "1 (provider to provider)",
    story: "About 02:50 UTC on 23 February 2012 Dodo, a customer of Telstra, gave Telstra the \
        full table, about 400,000 prefixes, which it had from another provider. Telstra \
        preferred its customer's routes, and for 35 minutes much of Australia was offline. \
        Published: time, duration, count, the form of the paths (4637 1221 38285 ...). Whether \
        the routes kept their origins is not told; in this variant they do, and \
        dodo-2012-reoriginated has the other. Made up: the other provider (a synthetic one), the \
        rate, and that it lasts minutes. This is a reconstruction on a sample of the table of \
        2026-05-11, thinned to 400,000 prefixes, with synthetic paths.",
    sources: &[
        "theotherkeating: Telstra and the 'whoops' of AS1221 (2012-02-23)",
        "iTnews: Dodo cops blame for national internet outages (2012-02-23)",
        "Rossi, Valadon: BGP Route Leaks Detection at Scale (CoNEXT 2017), section 2",
    ],
    on_a_router: "Every path through AS1221 becomes 1221 38285 ..., tier-1 networks behind a \
        retail provider among them. On Telstra's side a maximum-prefix of a few hundred on the \
        session would have cut it in the first second.",
    expected: ONE,
    plot: leak(
        Some(400_000),
        &[1221, 4637],
        FEEDS,
        &[Leak {
            offender: 38285,
            neighbours: &[1221],
            routes: 385_000,
            rate: 2_000,
            changed: 100,
            tail: Tail::OtherProvider,
            ..LEAK
        }],
    ),
};

pub(super) static SAFEHOST_2019: Drill = Drill {
    name: "safehost-2019",
    title: "AS21217 (Safe Host) gives AS4134 (China Telecom) 70,000 routes",
    date: "2019-06-06T09:43:00Z",
    rfc7908: "1 (provider to provider)",
    story: "From 09:43 UTC on 6 June 2019, for over two hours, Safe Host gave China Telecom \
        over 70,000 routes, and European traffic went through China; over 1,300 were Dutch, 470 \
        of them KPN's (AS1136). The leaker prepended itself and many routes were \
        more-specifics, so it won nevertheless. Published: the time, the counts, the form of \
        KPN's paths, 4134 21217 21217 21217 21217 21217 21217 13237 1136. Made up: which other \
        prefixes, that three in twenty are new more-specifics, the rate, and that it lasts \
        minutes. This is a reconstruction on the table of 2026-05-11 with synthetic paths.",
    sources: &[
        "Large European routing leak sends traffic through China Telecom (as carried by SoylentNews, 2019-06-07)",
    ],
    on_a_router: "`traceroute` from Amsterdam to Amsterdam passes Frankfurt and Guangzhou. \
        Paths read 4134 21217 21217 21217 21217 21217 21217 13237 1136: six times the same AS, \
        and still the best there was.",
    expected: ONE,
    plot: leak(
        None,
        &[4134, 1299],
        FEEDS,
        &[Leak {
            offender: 21217,
            neighbours: &[4134],
            routes: 70_000,
            rate: 1_000,
            changed: 85,
            tail: Tail::Via(13237),
            victims: &[Victim {
                asn: 1136,
                routes: 470,
                customers: false,
            }],
            blind: &[1103],
            repeats: 6,
            ..LEAK
        }],
    ),
};

pub(super) static IDEA_2017: Drill = Drill {
    name: "idea-2017",
    title: "AS55644 (Idea Cellular) gives its peers' routes to its three providers",
    date: "2017-12-30T09:27:52Z",
    rfc7908: "4 (peer routes to a provider)",
    story: "On 30 December 2017 Idea Cellular gave over 70,000 prefixes of its peers to its \
        providers AS6453, AS15412 and AS9583; over 4,500 reached tier-1 networks. Published: \
        the counts, the providers, and the path 197068 1299 9583 55644 8075 at 09:27:52. Made \
        up: which other prefixes and peers, the rate, that every feed sees all of it, and how \
        long it lasts. This is a reconstruction on the table of 2026-05-11 with synthetic paths.",
    sources: &["Qrator Radar: Indian Route Leak or There and Back Again (2017-12-30)"],
    on_a_router: "Microsoft's routes come by way of an Indian mobile operator:\n\
        \x20 *> PREFIX    198.51.100.1    0 1299 9583 55644 8075 i\n\
        No count moves; only the paths do.",
    expected: ONE,
    plot: leak(
        None,
        &[1299, 6453],
        &[197_068, 3333, 1103, 6939, 2914, 202_140],
        &[Leak {
            offender: 55644,
            neighbours: &[9583, 6453, 15412],
            one_neighbour: false,
            routes: 70_000,
            rate: 1_000,
            changed: 100,
            tail: Tail::Peers(&[8075]),
            victims: &[Victim {
                asn: 8075,
                routes: 420,
                customers: false,
            }],
            printed_paths: &[&[197_068, 1299, 9583, 55644], &[1299, 9583, 55644]],
            ..LEAK
        }],
    ),
};
