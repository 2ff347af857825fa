//! The detectors by name, and small sets of them.

use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

macro_rules! detectors {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A detector, as settings, metrics and incidents name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Detector { $($(#[$doc])* $variant,)* }

        impl Detector {
            /// Every detector.
            pub const ALL: &'static [Detector] = &[$(Detector::$variant,)*];

            /// As settings and metrics spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Detector::$variant => $name,)* }
            }
        }
    };
}

detectors! {
    /// Longer than /24 or /48.
    Specific = "specific",
    /// New, under a route that was there.
    MoreSpecific = "more_specific",
    /// Too many ASes.
    PathLength = "path_length",
    /// One AS too often, or at two places.
    PathRepeat = "path_repeat",
    /// Special-purpose prefix or AS number.
    Bogon = "bogon",
    /// An origin the prefix did not have.
    Origin = "origin",
    /// Faster than the token bucket.
    Surge = "surge",
    /// Near a limit on the number of routes.
    MaximumPrefix = "maximum_prefix",
    /// Many withdrawals with the session up.
    Withdrawal = "withdrawal",
    /// Not up, across, down (RFC 7908 types 1–4).
    Valley = "valley",
    /// Through a network that carries nobody else's traffic.
    NeverTransit = "never_transit",
    /// A big network's routes from a customer.
    Peerlock = "peerlock",
    /// Our own prefixes.
    OwnPrefix = "own_prefix",
    /// What we send to a provider or peer and must not.
    Outbound = "outbound",
}

impl Serialize for Detector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Detector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        let known = Detector::ALL.iter().find(|one| one.name() == name);
        known
            .copied()
            .ok_or_else(|| D::Error::custom(format!("`{name}` is no detector")))
    }
}

/// A set of findings on one route: detectors, and what some of them saw in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Finds(u32);

impl Finds {
    /// Nothing found.
    pub const NONE: Finds = Finds(0);
    /// `more_specific`: of another origin than the covering route (sub-prefix MOAS).
    pub const OTHER_ORIGIN: Finds = Finds(1 << 16);
    /// `valley`: by a configured role, not by inference.
    pub const BY_ROLE: Finds = Finds(1 << 17);
    /// `path_length` or `path_repeat`: at the level that pages.
    pub const EXTREME: Finds = Finds(1 << 18);
    /// `path_repeat`: one AS at two separate places.
    pub const SEPARATE: Finds = Finds(1 << 19);
    /// `path_length` or `path_repeat`: at the level that warns.
    pub const NOTABLE: Finds = Finds(1 << 20);
    /// `bogon`: our own policy let it in, or we send it on.
    pub const ACCEPTED: Finds = Finds(1 << 21);
    /// No detector's: the route merely changed, which counts for rates.
    pub const CHANGED: Finds = Finds(1 << 24);
    /// No detector's: the view never had its whole table, so that what is new in it, or
    /// more than usual, cannot be told.
    pub const UNTABLED: Finds = Finds(1 << 25);

    const DETECTORS: u32 = 0xFFFF;

    /// Its bits, to be written down.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// A set as it was written down.
    pub const fn from_bits(bits: u32) -> Finds {
        Finds(bits)
    }

    /// Only `detector`.
    pub const fn of(detector: Detector) -> Finds {
        Finds(1 << detector as u8)
    }

    /// Whether any of `other` is in it.
    pub const fn any(self, other: Finds) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether `detector` found something.
    pub const fn has(self, detector: Detector) -> bool {
        self.any(Finds::of(detector))
    }

    /// Whether no detector found anything.
    pub const fn is_quiet(self) -> bool {
        self.0 & Finds::DETECTORS == 0
    }

    /// Only what is in both.
    #[must_use]
    pub const fn only(self, other: Finds) -> Finds {
        Finds(self.0 & other.0)
    }

    /// Together with what is in `other`.
    #[must_use]
    pub const fn with(self, other: Finds) -> Finds {
        Finds(self.0 | other.0)
    }

    /// Without what is in `other`.
    #[must_use]
    pub const fn without(self, other: Finds) -> Finds {
        Finds(self.0 & !other.0)
    }

    /// The detectors in it.
    pub fn detectors(self) -> impl Iterator<Item = Detector> {
        Detector::ALL
            .iter()
            .copied()
            .filter(move |&detector| self.has(detector))
    }
}

impl BitOr for Finds {
    type Output = Finds;
    fn bitor(self, rhs: Finds) -> Finds {
        Finds(self.0 | rhs.0)
    }
}

impl BitOrAssign for Finds {
    fn bitor_assign(&mut self, rhs: Finds) {
        self.0 |= rhs.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_has_a_bit_that_is_no_other_thing() {
        let others = Finds::OTHER_ORIGIN
            | Finds::BY_ROLE
            | Finds::EXTREME
            | Finds::SEPARATE
            | Finds::NOTABLE
            | Finds::ACCEPTED
            | Finds::CHANGED;
        let mut all = Finds::NONE;
        for &detector in Detector::ALL {
            assert!(
                !all.has(detector) && !others.has(detector),
                "{}",
                detector.name()
            );
            all |= Finds::of(detector);
        }
        assert_eq!(all.detectors().collect::<Vec<_>>(), Detector::ALL);
        assert!(others.is_quiet() && !all.is_quiet());
        assert_eq!((all | others).without(all), others);
    }
}
