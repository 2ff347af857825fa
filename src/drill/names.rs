//! The real networks that the reconstructions name, and how they hang together here.
//!
//! Relations are simplified to what the published accounts need: who sold transit to
//! whom where the leak went through. Everything else in the drills' Internet is
//! synthetic and carries AS numbers from [`SYNTHETIC`] on, which no registry has given
//! out: nobody real is said to have done anything he did not.

/// First AS number of the synthetic networks.
pub(super) const SYNTHETIC: u32 = 1_000_000;

/// Networks without a provider, each peering with all the others.
pub(super) const TIER_1: &[u32] = &[
    1299, 3356, 174, 2914, 6453, 3257, 701, 7018, 6762, 3491, 5511, 3320, 6461, 1239, 12956, 286,
    3549,
];

/// A network that some drill names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub asn: u32,
    /// AS numbers; earlier entries of this table or tier 1. Empty: a synthetic
    /// provider or two.
    pub providers: &'static [u32],
    /// Peers with every tier 1.
    pub peers_with_tier_1: bool,
    /// How many prefixes it originates, about.
    pub holds: usize,
    /// Whether those are large ones (/16 and shorter).
    pub large: bool,
    /// How many prefixes its synthetic customers originate, about.
    pub carries: usize,
}

const fn named(asn: u32, providers: &'static [u32], holds: usize, carries: usize) -> Named {
    Named {
        asn,
        providers,
        peers_with_tier_1: false,
        holds,
        large: false,
        carries,
    }
}

const fn large(network: Named) -> Named {
    Named {
        large: true,
        ..network
    }
}

const fn peering(network: Named) -> Named {
    Named {
        peers_with_tier_1: true,
        ..network
    }
}

/// Every named network that is not tier 1.
pub(super) const NAMED: &[Named] = &[
    // Transit providers below tier 1.
    named(6939, &[1299], 150, 9_000),
    named(9498, &[5511, 6453], 150, 3_000),
    named(4637, &[2914, 3356, 1239], 100, 1_500),
    named(4134, &[1299, 701], 500, 2_500),
    named(577, &[6453, 1299], 200, 3_000),
    named(5769, &[6453, 3356], 120, 600),
    named(1221, &[4637], 250, 2_500),
    named(15412, &[1299, 3356], 60, 800),
    named(9583, &[1299, 6453], 90, 700),
    named(13237, &[3257, 1299], 40, 300),
    named(29075, &[5511, 3257], 20, 60),
    named(262_206, &[701, 3549], 10, 40),
    named(20299, &[262_206], 30, 60),
    named(33154, &[6461, 3356], 12, 60),
    // Those that leaked, with their ordinary routes.
    peering(named(15169, &[701], 320, 0)),
    named(4788, &[3549, 4637, 6453], 150, 1_150),
    named(46618, &[577, 5769], 16, 0),
    named(38285, &[1221], 14, 0),
    named(47868, &[], 0, 0),
    named(4761, &[6453, 3491], 300, 0),
    named(396_531, &[33154, 701], 2, 0),
    named(21217, &[13237, 4134], 20, 0),
    named(55644, &[6453, 15412, 9583], 150, 60),
    // The two that leak in `two-leaks`; nobody real.
    named(1_900_001, &[6453, 2914], 40, 0),
    named(1_900_002, &[3257, 7018], 40, 0),
    // Those whose routes were leaked.
    large(named(4713, &[2914], 290, 0)),
    named(45629, &[], 20, 0),
    large(peering(named(7922, &[3356], 170, 1_500))),
    peering(named(2906, &[3356], 110, 0)),
    peering(named(8075, &[3356], 420, 0)),
    named(13335, &[9498, 1299, 7018], 300, 0),
    named(1136, &[13237, 286], 480, 0),
    // Those who only looked on (feeds of collectors).
    named(1103, &[286, 1299], 60, 40),
    named(3333, &[3257, 1299], 6, 0),
    named(202_140, &[29075], 4, 0),
    named(52342, &[20299], 4, 0),
    named(197_068, &[1299, 3257], 8, 0),
];

/// Prefixes of the table that a published account gives to a network.
pub(super) const KNOWN: &[(u32, u8, u32)] = &[
    // 171.5.0.0/16, which covers the leaked 171.5.0.0/17.
    (0xAB05_0000, 16, 45629),
    // 104.20.0.0/20, which became two /21s.
    (0x6814_0000, 20, 13335),
    // 94.125.216.0/21.
    (0x5E7D_D800, 21, 47868),
];

/// Prefixes that tier-1 networks originate; AS701's are large, as its leak needs.
pub(super) const TIER_1_HOLDS: usize = 120;
