//! Rows that come, go and are forgotten.

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn nlri(addr: u32, path_id: u32) -> Nlri<u32> {
    Nlri::new(addr, 24, path_id)
}

fn come_and_go(table: &mut Table<u32>, nlri: Nlri<u32>, now: Timestamp) -> u32 {
    let row = table.row_or_new(nlri);
    table.hold(row);
    table.let_go(row, now);
    row
}

#[test]
fn a_forgotten_prefix_takes_its_add_path_rows_with_it() {
    let mut table = Table::default();
    let (old, new) = (nlri(0x1400_0000, 7), nlri(0x1500_0000, 7));
    come_and_go(&mut table, old, at(0));
    assert_eq!(table.forget(at(0), 0, 100), None, "not yet");
    assert!(table.row(old).is_some());
    table.forget(at(10), 0, 100);
    table.forget(at(10), 0, 100);
    assert_eq!(
        (table.row(old), table.row(nlri(0x1400_0000, 0))),
        (None, None)
    );
    // The next prefix in the same rows is itself and nothing else.
    let row = table.row_or_new(new);
    assert_eq!(table.nlri(row), Some(new));
    assert_eq!(table.rows(), 2);
}

#[test]
fn path_identifiers_that_come_and_go_on_a_standing_prefix_do_not_add_up() {
    let mut table = Table::default();
    let standing = table.row_or_new(nlri(0x1400_0000, 0));
    table.hold(standing);
    for id in 1..10_000_u32 {
        come_and_go(&mut table, nlri(0x1400_0000, id), at(u64::from(id)));
        if id % 100 == 0 {
            table.forget(at(u64::from(id)), 0, 10_000);
        }
    }
    assert!(table.rows() < 300, "{} rows", table.rows());
    assert_eq!(table.present(), 1);
    assert!(table.row(nlri(0x1400_0000, 0)).is_some());
}
