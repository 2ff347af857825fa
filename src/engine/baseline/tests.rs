//! What is learned is known in another life, and no more of it than there is room for.

use proptest::prelude::*;

use super::*;
use crate::{detect, incident::Settings, reference::Reference};

fn engine() -> Engine {
    let settings = detect::settings::Settings::default();
    Engine::new(Reference::default(), settings, Settings::default())
}

/// Pages of an engine that knows some history.
fn pages(prefixes: &[(u32, u8, u32, u32)]) -> Vec<Vec<u8>> {
    let mut engine = engine();
    engine.now = Timestamp::from_secs(2_000_000);
    for &(addr, len, left, origin) in prefixes {
        let nlri = crate::bgp::Nlri::new(addr, len, 0);
        let table = u32::table_mut(&mut engine.rib);
        let row = table.remember(nlri, left % 2_000_000 + 1);
        table.learn_origin(row, Asn(origin), 0);
        table.learn_origin(row, Asn(origin / 2), left);
    }
    all(&engine)
}

fn all(engine: &Engine) -> Vec<Vec<u8>> {
    let mut writing = engine.begin_baseline();
    std::iter::from_fn(|| engine.baseline(&mut writing)).collect()
}

proptest! {
    #[test]
    fn what_is_learned_is_written_again_as_it_was(
        prefixes in proptest::collection::vec(
            (any::<u32>(), 0..=32_u8, any::<u32>(), any::<u32>()), 0..60),
    ) {
        let pages = pages(&prefixes);
        let mut next = engine();
        for page in &pages {
            prop_assert_eq!(next.learn(page), Ok(()));
        }
        prop_assert!(next.learned.whole().is_some());
        prop_assert_eq!(all(&next), pages);
    }

    #[test]
    fn any_octets_under_a_good_sum_are_learned_or_refused(
        kind in 0..5_u8,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut page = Writer::new(VERSION);
        page.time(Timestamp::from_secs(1));
        page.number(0);
        page.octet(kind);
        for octet in &body {
            page.octet(*octet);
        }
        let mut engine = engine();
        let learned = engine.learn(&page.finish());
        prop_assert!(learned.is_ok() || engine.learned.broken);
        prop_assert!(engine.rib.known() <= body.len());
    }
}

#[test]
fn there_is_a_limit_to_what_is_learned() {
    let prefixes: Vec<_> = (0..40).map(|nth| (nth << 24, 8, 5, 7)).collect();
    let mut engine = engine();
    engine.limit(crate::engine::Limits {
        prefixes: 20,
        ..crate::engine::Limits::default()
    });
    let learned: Vec<_> = pages(&prefixes)
        .iter()
        .map(|page| engine.learn(page))
        .collect();
    assert!(learned.contains(&Err(NotLearned::Full)), "{learned:?}");
    assert_eq!(engine.rib.known(), 10);
    assert_eq!(
        engine.learned.whole(),
        None,
        "nothing is compared with a part"
    );
}
