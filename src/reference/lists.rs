//! What every network on the Internet knows of a few others, as of 2026.
//!
//! The lists are short on purpose. A missing entry costs one piece of evidence;
//! a wrong one costs false alarms. The configuration can replace both.

/// Networks that reach the whole table without buying transit.
///
/// Taken in: those that published peering agreements and the inferred cliques of
/// the last years agree upon. Two of them can only be peers, and none of them has
/// reason to stand behind a customer. Backbones that still run under an AS of
/// their own after their owner merged stay in the list, as [`SIBLINGS`] of it.
///
/// Left out: 6939 (Hurricane Electric), transit-free in IPv6 alone; 1273, 3303,
/// 4134, 4637, 9002 and other large networks that buy some transit.
pub const TIER1: &[(u32, &str)] = &[
    // Peers with all others in IPv4; some IPv6 disputes leave it transit-free too.
    (174, "Cogent"),
    (209, "Lumen (formerly Qwest, CenturyLink)"),
    (286, "GTT (formerly KPN International)"),
    (701, "Verizon Business (UUNET)"),
    (702, "Verizon Business EMEA"),
    (1239, "Cogent (formerly Sprint)"),
    (1299, "Arelion (formerly Telia Carrier)"),
    (2828, "Verizon (formerly XO)"),
    (2914, "NTT Global IP Network"),
    (3257, "GTT"),
    (3320, "Deutsche Telekom"),
    (3356, "Lumen (formerly Level 3)"),
    (3491, "PCCW Global (Console Connect)"),
    (3549, "Lumen (formerly Global Crossing)"),
    (5511, "Orange International"),
    (6453, "Tata Communications"),
    (6461, "Zayo"),
    (6762, "Sparkle"),
    (6830, "Liberty Global"),
    (7018, "AT&T"),
    (12956, "Telxius"),
];

/// AS numbers of one owner, between which every route may pass.
///
/// Without these, a route that crosses two backbones of one owner looks like one
/// that crosses two peerings.
pub const SIBLINGS: &[&[u32]] = &[
    // Lumen: Level 3, Global Crossing, Qwest, Savvis.
    &[209, 3356, 3549, 3561],
    // Verizon: UUNET in three regions, MCI's access networks, XO.
    &[701, 702, 703, 704, 705, 2828, 6167, 22394],
    // Cogent, and Sprint's wireline network since 2023.
    &[174, 1239],
    // GTT and what it bought: KPN International, Interoute.
    &[286, 3257, 8928],
];

/// A network that sells no transit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverTransit {
    /// Its AS.
    pub asn: u32,
    /// Who it is.
    pub name: &'static str,
    /// Its own further ASes (and those of houses it bought), which stand behind it.
    pub cone: &'static [u32],
}

/// Content, cloud and enterprise networks in mid-path only by mistake, ascending.
///
/// Left out, though large: 16509 (Amazon) and 31898 (Oracle), whose customers may
/// bring an AS of their own; 13335 (Cloudflare), 19551 (Imperva), 32787 (Akamai
/// Prolexic) and other scrubbing networks, which announce customers' ASes while
/// they protect them; 42 and 3856 (PCH), which carry root and country-code name
/// servers; 15133 and 22822 (Edgio), wound up in 2025. A list of scrubbing
/// networks is also why 15169 must stand here: whoever calls Google a scrubber
/// does not see August 2017.
pub const NEVER_TRANSIT: &[NeverTransit] = &[
    NeverTransit {
        asn: 714,
        name: "Apple",
        cone: &[2709, 4445, 6185],
    },
    NeverTransit {
        asn: 2635,
        name: "Automattic",
        cone: &[],
    },
    NeverTransit {
        asn: 2906,
        name: "Netflix",
        cone: &[40027, 55095, 394_406],
    },
    NeverTransit {
        asn: 6185,
        name: "Apple (content delivery)",
        cone: &[714],
    },
    NeverTransit {
        asn: 6507,
        name: "Riot Games",
        cone: &[],
    },
    NeverTransit {
        asn: 8075,
        name: "Microsoft",
        cone: &[
            3598, 6584, 8068, 8069, 8070, 8071, 8072, 8073, 8074, 12076, 20046, 23468, 45139,
            52985, 58862, 59067, 62540, 198_015, 198_097, 200_517,
        ],
    },
    NeverTransit {
        asn: 13414,
        name: "X (formerly Twitter)",
        cone: &[35995, 54888, 63179, 63194],
    },
    NeverTransit {
        asn: 14061,
        name: "DigitalOcean",
        cone: &[
            46652, 62567, 133_165, 135_340, 200_130, 201_229, 202_018, 202_109, 205_301, 393_406,
            394_362,
        ],
    },
    NeverTransit {
        asn: 14413,
        name: "LinkedIn",
        cone: &[13443, 20049, 20366, 40793, 55163, 132_406, 132_466, 197_612],
    },
    NeverTransit {
        asn: 14618,
        name: "Amazon (us-east)",
        cone: &[16509],
    },
    NeverTransit {
        asn: 14907,
        name: "Wikimedia",
        cone: &[11820, 43821],
    },
    NeverTransit {
        asn: 15169,
        name: "Google",
        cone: &[
            6432, 11344, 13949, 15276, 16550, 16591, 19425, 19448, 19527, 22577, 22859, 26684,
            26910, 32381, 33715, 36039, 36040, 36383, 36384, 36385, 36411, 36492, 36520, 36561,
            36987, 40873, 41264, 43515, 45566, 55023, 139_070, 139_190, 394_089, 394_507, 394_639,
            394_699, 395_973, 396_178, 396_982,
        ],
    },
    NeverTransit {
        asn: 19679,
        name: "Dropbox",
        cone: &[],
    },
    NeverTransit {
        asn: 20940,
        name: "Akamai",
        cone: &[
            12222, 16625, 16702, 17204, 18680, 18717, 20189, 21342, 21357, 21399, 22207, 22452,
            23454, 23455, 23903, 24319, 26008, 30675, 31107, 31108, 31109, 31110, 31377, 32787,
            33047, 33905, 34164, 34850, 35204, 35993, 35994, 36183, 39836, 43639, 55409, 55770,
            63949, 133_103, 393_560,
        ],
    },
    NeverTransit {
        asn: 22697,
        name: "Roblox",
        cone: &[11281],
    },
    NeverTransit {
        asn: 32590,
        name: "Valve",
        cone: &[],
    },
    NeverTransit {
        asn: 32934,
        name: "Meta",
        cone: &[34825, 54115, 63293, 149_642],
    },
    NeverTransit {
        asn: 36459,
        name: "GitHub",
        cone: &[],
    },
    NeverTransit {
        asn: 40027,
        name: "Netflix (streaming)",
        cone: &[2906],
    },
    NeverTransit {
        asn: 46489,
        name: "Twitch",
        cone: &[],
    },
    NeverTransit {
        asn: 54113,
        name: "Fastly",
        cone: &[],
    },
    NeverTransit {
        asn: 57976,
        name: "Blizzard",
        cone: &[32163],
    },
    NeverTransit {
        asn: 138_699,
        name: "ByteDance (TikTok)",
        cone: &[396_986],
    },
    NeverTransit {
        asn: 396_986,
        name: "ByteDance",
        cone: &[138_699],
    },
];

/// The ASes behind `asn` that are its own; empty for one not in [`NEVER_TRANSIT`].
pub fn never_transit_cone(asn: crate::bgp::Asn) -> &'static [u32] {
    NEVER_TRANSIT
        .binary_search_by_key(&asn.0, |entry| entry.asn)
        .ok()
        .and_then(|index| NEVER_TRANSIT.get(index))
        .map_or(&[], |entry| entry.cone)
}

/// What an AS of these lists is called.
pub fn name(asn: crate::bgp::Asn) -> Option<&'static str> {
    let tier1 = TIER1.iter().find(|entry| entry.0 == asn.0);
    let content = NEVER_TRANSIT.iter().find(|entry| entry.asn == asn.0);
    tier1
        .map(|entry| entry.1)
        .or(content.map(|entry| entry.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bgp::Asn;

    #[test]
    fn the_lists_ascend_so_that_they_can_be_searched() {
        assert!(TIER1.windows(2).all(|two| two[0].0 < two[1].0));
        assert!(NEVER_TRANSIT.windows(2).all(|two| two[0].asn < two[1].asn));
        for entry in NEVER_TRANSIT {
            assert!(
                entry.cone.windows(2).all(|two| two[0] < two[1]),
                "{}",
                entry.name
            );
            assert!(!entry.cone.contains(&entry.asn), "{}", entry.name);
        }
    }

    #[test]
    fn nobody_is_a_tier1_and_without_customers_at_once() {
        for entry in NEVER_TRANSIT {
            assert!(TIER1.iter().all(|tier1| tier1.0 != entry.asn));
            for (asn, name) in TIER1 {
                assert!(!entry.cone.contains(asn), "{name} behind {}", entry.name);
            }
        }
    }

    #[test]
    fn a_cone_is_found_by_its_as() {
        assert!(never_transit_cone(Asn(15169)).contains(&36040));
        assert!(!never_transit_cone(Asn(15169)).contains(&4713));
        assert_eq!(never_transit_cone(Asn(701)), &[] as &[u32]);
        assert_eq!(name(Asn(701)), Some("Verizon Business (UUNET)"));
        assert_eq!(name(Asn(32934)), Some("Meta"));
        assert_eq!(name(Asn(64500)), None);
    }
}
