//! Leaks of more-specifics: prefixes that no table held before.

use super::{Drill, FEEDS, ONE, leak};
use crate::drill::leak::{LEAK, Leak, Pool, Tail, Victim};

pub(super) static GOOGLE_2017: Drill = Drill {
    name: "google-2017",
    title: "AS15169 (Google) gives AS701 (Verizon) 160,000 more-specifics of its peers' routes",
    date: "2017-08-25T03:22:00Z",
    rfc7908: "6 (internal prefixes) and 4 (peer routes to a provider)",
    story: "At 03:22 UTC on 25 August 2017 Google announced over 160,000 prefixes to Verizon, \
        which passed them on to the world; over 25,000 of them belonged to OCN (AS4713), and \
        for minutes much of Japan's traffic went to Google to be dropped. Most were \
        more-specifics that no table had held before, as Google uses inside its network, with \
        their true origins behind 701 15169. Published: the time, the counts, 171.5.0.0/17 of \
        AS45629, and the paths 1103 286 701 15169, 13335 9498 5511 701 15169, \
        202140 29075 5511 701 15169 and 52342 20299 262206 701 15169. Made up: which other \
        prefixes, the rate of 2,000 a second, the four minutes it lasts once complete. This is a \
        reconstruction on the table of 2026-05-11 with synthetic paths and other networks.",
    sources: &[
        "Doug Madory: Large BGP Leak by Google Disrupts Internet in Japan (2017-08-28)",
        "BGPmon: BGP leak causing Internet outages in Japan and beyond (2017-08-26)",
        "atadistance.net: The Big Google BGP Leak that Brought Down Apple Pay Suica and Much More",
    ],
    on_a_router: "The session to AS701 stays up and its prefix count climbs by 2,000 a second:\n\
        \x20 %BGP-4-MAXPFX: Number of prefixes received from 198.51.100.1 (afi 0) reaches 1095001, max 1460000\n\
        `show bgp ipv4 unicast 171.5.0.0/17` has an entry that was not there a minute ago:\n\
        \x20 *> 171.5.0.0/17    198.51.100.1    0 701 15169 45629 i\n\
        while its covering 171.5.0.0/16 still goes the old way. Longest match wins, so traffic \
        follows the leak whatever local preference says.",
    expected: ONE,
    plot: leak(
        None,
        &[701, 1299],
        &[1103, 13335, 202_140, 52342, 3333, 2914],
        &[Leak {
            offender: 15169,
            neighbours: &[701],
            routes: 160_000,
            rate: 2_000,
            tail: Tail::Peers(&[4713, 45629]),
            printed_prefixes: &[(0xAB05_0000, 17)],
            victims: &[Victim {
                asn: 4713,
                routes: 25_000,
                customers: false,
            }],
            printed_paths: &[
                &[1103, 286, 701, 15169],
                &[13335, 9498, 5511, 701, 15169],
                &[202_140, 29075, 5511, 701, 15169],
                &[52342, 20299, 262_206, 701, 15169],
            ],
            ..LEAK
        }],
    ),
};

pub(super) static LEVEL3_2017: Drill = Drill {
    name: "level3-2017",
    title: "AS3356 (Level 3) announces thousands of its customers' and peers' internal routes",
    date: "2017-11-06T17:47:05Z",
    rfc7908: "6 (internal prefixes), and 2 for those of peers",
    story: "From 17:47:05 to 19:24 UTC on 6 November 2017 Level 3 announced to the world \
        thousands of more-specifics that it should have kept to itself, over 1,000 of them \
        Comcast's; Bell Canada and Netflix were affected too. The links are those that always \
        were there, only the prefixes are new, so neither an odd AS nor a great surge gives it \
        away. Published: time, end, the order of size, the names. Made up: that it is 4,000 \
        routes, which ones, Comcast's regional networks behind AS7922, the rate, and that it \
        lasts minutes. This is a reconstruction on the table of 2026-05-11 with synthetic paths.",
    sources: &[
        "CircleID: Internet Goes Down for Parts of the US Due to a Misconfiguration (with Doug Madory's update of 2017-11-07)",
        "ThousandEyes: Comcast Suffers Outage Due to Significant Level 3 BGP Route Leak",
    ],
    on_a_router: "Nothing is logged: 4,000 prefixes are a third of a percent of the table. \
        Customers complain about Comcast, and `show bgp ipv4 unicast PREFIX longer-prefixes` on \
        one of their networks shows more-specifics under a route that used to stand alone, all \
        with 3356 7922 in their paths.",
    expected: ONE,
    plot: leak(
        None,
        &[3356, 1299],
        FEEDS,
        &[Leak {
            offender: 3356,
            one_neighbour: false,
            routes: 4_000,
            rate: 200,
            tail: Tail::Own,
            victims: &[
                Victim {
                    asn: 7922,
                    routes: 1_100,
                    customers: true,
                },
                Victim {
                    asn: 2906,
                    routes: 60,
                    customers: false,
                },
            ],
            pool: Pool::CustomersOf(3356),
            ..LEAK
        }],
    ),
};

pub(super) static VERIZON_2014: Drill = Drill {
    name: "verizon-2014",
    title: "AS701 (Verizon) deaggregates 15,000 routes and tables pass 512K",
    date: "2014-08-12T08:00:00Z",
    rfc7908: "6 (internal prefixes)",
    story: "On 12 August 2014 Verizon announced about 15,000 more-specifics of its own \
        prefixes for about ten minutes. The IPv4 table then stood near 500,000 routes; with \
        them it passed 524,288 (512K), where many routers' forwarding memory ended. Published: \
        the date, the count, the duration, the limit. Made up: the time of day, which prefixes, \
        that they are /24s or a little shorter, the rate. This is a reconstruction on a sample of \
        the table of 2026-05-11, thinned to 509,000 prefixes, with synthetic paths.",
    sources: &[
        "CBC: Internet outages, slowness spike expected with '512K' (August 2014)",
        "iptrading.com: IPv4 Global route table crosses 512k threshold",
    ],
    on_a_router: "On an older platform that holds 512K IPv4 routes in hardware:\n\
        \x20 %MLSCEF-SP-4-FIB_EXCEPTION_THRESHOLD: Hardware CEF entry usage is at 95% capacity for IPv4 unicast protocol.\n\
        \x20 %MLSCEF-SP-7-FIB_EXCEPTION: FIB TCAM exception, Some entries will be software switched\n\
        and then packet loss and a busy CPU until it is reloaded. In the table, /24s with the \
        path 701 stand under 701's own large prefixes.",
    expected: ONE,
    plot: leak(
        Some(509_000),
        &[701, 1299],
        FEEDS,
        &[Leak {
            offender: 701,
            one_neighbour: false,
            routes: 15_500,
            rate: 400,
            tail: Tail::Own,
            victims: &[Victim {
                asn: 701,
                routes: 15_500,
                customers: false,
            }],
            pool: Pool::Nobody,
            ..LEAK
        }],
    ),
};

pub(super) static ALLEGHENY_2019: Drill = Drill {
    name: "allegheny-2019",
    title: "AS396531 (Allegheny) gives AS701 (Verizon) the route optimizer's routes of AS33154 (DQE)",
    date: "2019-06-24T10:30:00Z",
    rfc7908: "1 (provider to provider), of prefixes that a route optimizer made",
    story: "At 10:30 UTC on 24 June 2019 more-specifics that a route optimizer at DQE \
        Communications (AS33154) had made for itself went to its customer Allegheny \
        Technologies (AS396531), which gave them to its other provider Verizon (AS701), which \
        gave them to everyone, until 12:39. About 2,400 networks were affected, and about \
        20,000 routes by a secondary source. Published: times, counts, 104.20.0.0/20 of \
        Cloudflare (AS13335) as 104.20.0.0/21 and 104.20.8.0/21, and the form of the paths, \
        701 396531 33154 ... 13335. Made up: which other prefixes, the rate, and that it lasts \
        minutes. This is a reconstruction on the table of 2026-05-11 with synthetic paths.",
    sources: &[
        "Cloudflare: How Verizon and a BGP Optimizer Knocked Large Parts of the Internet Offline Today (2019-06-24)",
        "Cloudflare: The deep-dive into how Verizon and a BGP Optimizer Knocked Large Parts of the Internet Offline Monday",
        "toolkit-v2 postmortems: A typo in Pennsylvania, felt everywhere",
    ],
    on_a_router: "`show bgp ipv4 unicast 104.20.0.0/20 longer-prefixes` has two new lines:\n\
        \x20 *> 104.20.0.0/21   198.51.100.1    0 701 396531 33154 ... 13335 i\n\
        \x20 *> 104.20.8.0/21   198.51.100.1    0 701 396531 33154 ... 13335 i\n\
        A metals company stands between Verizon and Cloudflare. A maximum-prefix limit on \
        Verizon's session to AS396531 would have ended it at once.",
    expected: ONE,
    plot: leak(
        None,
        &[701, 1299],
        FEEDS,
        &[Leak {
            offender: 396_531,
            neighbours: &[701],
            routes: 20_000,
            rate: 600,
            tail: Tail::Via(33154),
            printed_prefixes: &[(0x6814_0000, 21), (0x6814_0800, 21)],
            victims: &[Victim {
                asn: 13335,
                routes: 300,
                customers: false,
            }],
            ..LEAK
        }],
    ),
};
