//! Leaks in which the leaker appears as the origin of everyone's prefixes.

use super::{Drill, FEEDS, ONE, leak};
use crate::drill::leak::{LEAK, Leak, Tail};

pub(super) static DODO_2012_REORIGINATED: Drill = Drill {
    name: "dodo-2012-reoriginated",
    title: "AS38285 (Dodo) gives AS1221 (Telstra) the whole table as its own",
    date: "2012-02-23T02:50:00Z",
    rfc7908: "5 (re-origination)",
    story: "The second variant of dodo-2012: the accounts of 23 February 2012 do not say \
        whether the about 400,000 routes that Dodo gave Telstra kept their paths. Here they are \
        announced as Dodo's own, as happens when routes pass through an IGP. Published: time, \
        duration, count, the networks. Made up: that the origin changes, the rate, and that it \
        lasts minutes. This is a reconstruction on a sample of the table of 2026-05-11, thinned \
        to 400,000 prefixes, with synthetic paths.",
    sources: &[
        "theotherkeating: Telstra and the 'whoops' of AS1221 (2012-02-23)",
        "iTnews: Dodo cops blame for national internet outages (2012-02-23)",
        "Rossi, Valadon: BGP Route Leaks Detection at Scale (CoNEXT 2017), section 2",
    ],
    on_a_router: "Every prefix, whoever's it is, has the path 1221 38285. Where routes are \
        validated, `show bgp ipv4 unicast rpki invalid` fills.",
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
            tail: Tail::Origin,
            ..LEAK
        }],
    ),
};

pub(super) static INDOSAT_2014: Drill = Drill {
    name: "indosat-2014",
    title: "AS4761 (Indosat) originates 320,000 of everyone's prefixes",
    date: "2014-04-02T18:26:00Z",
    rfc7908: "5 (re-origination)",
    story: "From 18:26 to about 21:15 UTC on 2 April 2014 Indosat, which normally originates \
        about 300 prefixes, announced a large part of the table as its own: 417,038 new \
        prefixes by one count, 320,000 of 500,000 networks by another, which this drill takes. \
        Published: times, counts, the origin. Made up: which prefixes, the ways to Indosat, the \
        rate, and that it lasts minutes. This is a reconstruction on a sample of the table of \
        2026-05-11, thinned to 500,000 prefixes, with synthetic paths.",
    sources: &[
        "BGPmon: Hijack event today by Indosat (2014-04-03)",
        "LIRNEasia: Renesys: Indonesia had hijacked global Internet (2014-04-10)",
        "Kompasiana (April 2014), quoting the BGPmon notice, for the end time",
    ],
    on_a_router: "Prefixes of every continent have one origin:\n\
        \x20 *> PREFIX    198.51.100.1    0 6453 4761 i\n\
        The count of prefixes does not move, the count of paths falls.",
    expected: ONE,
    plot: leak(
        Some(500_000),
        &[6453, 1299],
        FEEDS,
        &[Leak {
            offender: 4761,
            one_neighbour: false,
            routes: 320_000,
            rate: 1_500,
            changed: 100,
            tail: Tail::Origin,
            ..LEAK
        }],
    ),
};
