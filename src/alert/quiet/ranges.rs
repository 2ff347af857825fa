//! Prefix ranges as documents spell them: as in the configuration.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

use crate::reference::PrefixRange;

pub(super) fn serialize<S: Serializer>(
    ranges: &[PrefixRange],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ranges.iter().map(ToString::to_string))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PrefixRange>, D::Error> {
    let texts: Vec<String> = Vec::deserialize(deserializer)?;
    let read = |text: &String| text.parse().map_err(D::Error::custom);
    texts.iter().map(read).collect()
}
