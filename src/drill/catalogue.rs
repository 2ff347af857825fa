//! The drills by name.

use super::{
    Act, Drill, Expected, Plot,
    leak::{LEAK, Leak, Tail, Victim},
};

/// Every drill, in the order in which they are listed.
pub fn all() -> &'static [Drill] {
    DRILLS
}

/// The drill of this name.
pub fn find(name: &str) -> Option<&'static Drill> {
    DRILLS.iter().find(|drill| drill.name == name)
}

const COLLECTOR: &[u32] = &[3333, 1103, 6939, 2914, 202_140, 4637];

static DRILLS: &[Drill] = &[Drill {
    name: "google-2017",
    title: "x",
    date: "2017-08-25T03:22:00Z",
    rfc7908: "6 and 4",
    story: "",
    sources: &[],
    on_a_router: "",
    expected: Expected::Incidents(1),
    plot: Plot {
        table: None,
        border: &[701, 1299],
        collector: &[1103, 13335, 202_140, 52342, 3333, 2914],
        act: Act::Leaks(&[Leak {
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
        }]),
    },
}];
