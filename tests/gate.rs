//! When a view may speak: what is in a table is no news, what changes in it is.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use leakwatch::{
    bgp::{Afi, Asn},
    detect::Detector,
    incident::Step,
    reference::Role,
};

mod story;

use story::{Stage, at};

/// A table of two peers: 400 prefixes of 40 origins, complete at 10:00.
const TABLE: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10
    10:00:00 rib $b 20.0.0.0/16*400 1000020 1299 1000+/10
    10:00:00 eor $a
    10:00:00 eor $b
";
/// A leak that pages at any time a view may speak of it.
const LEAK: &str = "100/s A $a 20.0.0.0/17*300 1000010 701 15169 1000+/10";

fn with_table() -> Stage {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    assert_eq!(stage.said, [], "a sound table");
    stage
}

#[test]
fn a_leak_in_a_live_view_pages() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
}

#[test]
fn a_leak_in_the_table_is_one_standing_summary_for_each_view_and_no_incident() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         b = 192.0.2.2/1000020
         10:00:00 rib $a 20.0.0.0/16*300 1000010 701 15169 1000+/10
         10:00:00 rib $b 20.0.0.0/16*200 1000020 701 15169 1000+/10
         10:00:00 rib $b 2600::/64 1000020 3356 1000
         10:00:01 eor $a
         10:00:02 eor $b
         10:30:00 wait",
    );
    assert_eq!(stage.lives(), [""; 0]);
    let standing: Vec<_> = stage
        .standing()
        .map(|one| {
            let violations = one.violations.iter().map(|(name, count)| (*name, *count));
            let violations: Vec<_> = violations.collect();
            (one.view.peer.as_str(), one.afi, one.routes, violations)
        })
        .collect();
    let transit = |count| ("never_transit", count);
    assert_eq!(
        standing,
        [
            ("192.0.2.1", Afi::Ipv4, 300, vec![transit(300)]),
            ("192.0.2.2", Afi::Ipv4, 200, vec![transit(200)]),
            ("192.0.2.2", Afi::Ipv6, 1, vec![("specific", 1)]),
        ]
    );
}

#[test]
fn without_end_of_rib_a_view_is_live_after_thirty_quiet_seconds() {
    let table = "a = 192.0.2.1/1000010
        10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10";
    for (leak, pages) in [("10:00:20", false), ("10:00:32", true)] {
        let mut stage = Stage::default();
        stage.tell(table);
        stage.tell(&format!("{leak} {LEAK}"));
        assert_eq!(stage.critical().len(), usize::from(pages), "{leak}");
    }
}

#[test]
fn a_view_that_never_falls_silent_is_live_after_fifteen_minutes() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10",
    );
    for minute in 0..15 {
        for second in [0, 20, 40] {
            stage.tell(&format!(
                "10:{minute:02}:{second:02} A $a 30.{minute}.{second}.0/24 1000010 3356 2000"
            ));
        }
    }
    stage.tell(&format!("10:15:02 {LEAK}"));
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
}

#[test]
fn a_view_that_repeats_known_routes_while_dumping_counts_as_quiet() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:00:10 A $a 20.0.0.0/16 1000010 3356 1000
         10:00:25 A $a 20.0.0.0/16 1000010 3356 1000",
    );
    stage.tell(&format!("10:00:32 {LEAK}"));
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
}

#[test]
fn a_warming_view_speaks_of_paths_but_not_of_novelty_or_origins() {
    let mut stage = Stage::default();
    // More-specifics of 30 origins, other origins, and a path no router should carry.
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:01:00 100/s A $a 20.0.0.0/17*300 1000010 3356 5000 1000+/10
         10:02:00 A $a 20.0.0.0/16*300 1000010 3356 7777
         10:04:00 wait",
    );
    assert!(stage.engine.is_warming());
    assert_eq!(stage.lives(), [""; 0]);
    stage.tell("10:05:00 A $a 20.0.0.0/16 1000010 3356 65*252");
    assert_eq!(stage.lives(), ["opened critical path-65-via-3356"]);
}

#[test]
fn a_warming_view_speaks_of_our_own_prefixes() {
    let mut stage = Stage::configured(
        "local_as = 64500\n[[own]]\nprefixes = [\"20.0.0.0/16\"]\norigins = [65]\n",
    );
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 A $a 20.0.0.0/16 1000010 3356 65
         10:00:10 A $a 20.0.7.0/24 1000010 3356 66",
    );
    assert_eq!(stage.critical().len(), 1);
    assert_eq!(stage.incidents().next().unwrap().offender, Some(Asn(66)));
}

#[test]
fn a_warming_view_is_live_after_fifteen_minutes() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:15:01 wait",
    );
    assert!(!stage.engine.is_warming());
}

#[test]
fn the_first_table_of_a_session_that_comes_up_is_a_dump() {
    let mut stage = Stage::default();
    stage.tell("a = 192.0.2.1/1000010\n10:00:00 up $a");
    stage.tell(&format!("10:00:01 {LEAK}"));
    stage.tell("10:00:10 eor $a");
    assert_eq!(stage.lives(), [""; 0]);
    assert_eq!(stage.standing().count(), 1);
}

#[test]
fn a_peer_that_goes_down_takes_every_route_with_it_at_once() {
    let mut stage = with_table();
    stage.tell("10:20:00 down $a");
    let rib = stage.engine.rib();
    let v4 = rib.views().filter(|(_, key)| key.afi == Afi::Ipv4);
    let routes: Vec<u32> = v4.map(|(view, _)| rib.routes(view)).collect();
    assert_eq!(routes, [0, 400]);
    assert_eq!(rib.prefixes(), (400, 0));
    stage.tell("10:25:00 wait");
    assert_eq!(stage.said, [], "a session that ends withdraws nothing");
}

#[test]
fn a_leak_is_not_over_because_its_session_went_down() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    stage.tell("10:20:30 down $a 6/1\n11:30:00 wait");
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
    let open: Vec<_> = stage.engine.folder().open().collect();
    assert_eq!(open.len(), 1);
    assert!(open[0].is_unobservable());
    let (raised, cleared) = stage.engine.folder().ledger.balance(Detector::NeverTransit);
    assert_eq!(raised, cleared);
}

#[test]
fn a_leak_is_over_when_its_session_is_back_without_it() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    stage.tell(
        "10:20:30 down $a
         10:21:00 up $a
         10:21:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:21:05 eor $a
         10:31:04 wait",
    );
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
    stage.tell("10:31:07 wait");
    let last = stage.incidents().last().unwrap();
    assert_eq!((last.event, last.routes.active), (Step::Resolved, 0));
}

#[test]
fn a_leak_that_stands_in_the_table_of_the_session_that_is_back_goes_on() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    stage.tell(
        "10:20:30 down $a
         10:21:00 up $a
         10:21:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:21:01 A $a 20.0.0.0/17*300 1000010 701 15169 1000+/10
         10:21:05 eor $a
         10:50:00 wait",
    );
    let open: Vec<_> = stage.engine.folder().open().collect();
    assert_eq!(open.len(), 1, "{:?}", stage.lives());
    assert_eq!(open[0].active, 300);
    assert_eq!(stage.critical().len(), 1, "{:?}", stage.lives());
}

#[test]
fn what_was_growing_is_judged_before_a_session_is_cleared() {
    let mut stage = with_table();
    // 120 routes in one UPDATE, and the router tears the session down in the same second.
    stage.tell(
        "10:20:00 A $a 20.0.0.0/17*120 1000010 701 15169 1000
         10:20:00.5 down $a 6/1",
    );
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
}

#[test]
fn a_table_sent_again_after_a_graceful_restart_raises_nothing() {
    let mut stage = with_table();
    let settled = |stage: &Stage| {
        let balance = |one: &Detector| stage.engine.folder().ledger.balance(*one);
        Detector::ALL.iter().map(balance).collect::<Vec<_>>()
    };
    let before = settled(&stage);
    // RFC 4724: the session comes up anew without having gone down for us.
    stage.tell(
        "10:20:00 up $a
         10:20:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:20:05 eor $a
         10:40:00 wait",
    );
    assert_eq!(stage.said, []);
    assert_eq!(settled(&stage), before);
}

#[test]
fn a_table_sent_again_unasked_raises_nothing() {
    let mut stage = with_table();
    stage.tell("10:20:00 A $a 20.0.0.0/16*400 1000010 3356 1000+/10\n10:40:00 wait");
    assert_eq!(stage.said, []);
}

#[test]
fn a_session_that_returns_with_half_its_table_is_no_incident() {
    let mut stage = with_table();
    stage.tell(
        "10:20:00 down $a
         10:20:30 up $a
         10:20:31 A $a 20.0.0.0/16*200 1000010 3356 1000+/10
         10:20:35 eor $a
         10:40:00 wait",
    );
    assert_eq!(stage.said, []);
}

#[test]
fn a_second_standing_summary_follows_only_a_second_table() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 rib $a 20.0.0.0/25*30 1000010 3356 1000
         10:00:01 eor $a
         10:00:02 eor $a
         10:30:00 eor $a
         10:40:00 wait",
    );
    assert_eq!(stage.standing().count(), 1);
}

#[test]
fn the_role_of_a_peer_is_known_to_its_views() {
    let mut stage = Stage::configured(
        "local_as = 64500\n[[peer]]\nmatch = { as = 1000010 }\nname = \"c\"\nlocal_role = \"provider\"\n",
    );
    stage.tell(TABLE);
    let policy = stage.engine.reference().peers.first().unwrap();
    assert_eq!(policy.local_role, Some(Role::Provider));
    // The customer's table holds a tier-1's routes: it stands, and is no incident.
    assert_eq!(stage.standing().count(), 1);
    assert_eq!(stage.lives(), [""; 0]);
    assert!(stage.engine.now() >= at("10:00:00"));
}

#[test]
fn one_bogon_past_our_own_policy_is_a_warning_and_one_that_a_peer_sends_is_not() {
    for (view, says) in [
        ("", ""),
        ("@adj-rib-in-post", "opened warning bogon-65-via-3356"),
        ("@loc-rib", "opened warning bogon-65-via-3356"),
        ("@adj-rib-out-post", "opened warning bogon-65-via-3356"),
    ] {
        for (prefix, path) in [
            ("192.168.7.0/24", "1000010 3356 65"),
            ("30.0.0.0/16", "1000010 64512 3356 65"),
        ] {
            let mut stage = with_table();
            stage.tell(&format!(
                "10:00:01 rib $a{view} 20.0.0.0/16*400 1000010 3356 1000+/10
                 10:00:02 eor $a{view}
                 10:20:00 A $a{view} {prefix} {path}
                 10:21:00 wait"
            ));
            assert_eq!(stage.lives().join(" "), says, "{view} {prefix}");
        }
    }
}

#[test]
fn inside_our_own_network_bogons_are_at_home() {
    let mut stage = Stage::configured("local_as = 64500");
    stage.tell(
        "a = 192.0.2.1/64500@adj-rib-in-post
         10:00:00 rib $a 20.0.0.0/16*400 3356 1000+/10
         10:00:02 eor $a
         10:20:00 A $a 10.0.0.0/24*100 64512 65
         10:21:00 wait",
    );
    assert_eq!(stage.lives(), [""; 0]);
}
