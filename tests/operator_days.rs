//! Days in a network that has neighbours of every sort: what is everyday there wakes nobody, and what
//! is not does, whatever else is watched.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod story;

use leakwatch::incident::{Severity, Step};
use story::Stage;

/// Two transit providers of AS64500's with the same 20,000 prefixes.
const TRANSIT: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/22*20000 1000010 3356 400000+/10
    10:00:00 rib $b 20.0.0.0/22*20000 1000020 1299 400000+/10
    10:00:00 rib $b 130.0.0.0/22*3000 1000020 6939 430000+/10
    10:00:00 eor $a
    10:00:00 eor $b
";
const PROVIDERS: &str = "
local_as = 50000
[[peer]]
match = { as = 1000010 }
local_role = \"customer\"
[[peer]]
match = { as = 1000020 }
local_role = \"customer\"
[[peer]]
match = { as = 60000 }
local_role = \"provider\"
";
const OWN: &str = "
local_as = 50000
[[own]]
prefixes = [\"45.0.0.0/16^16-24\"]
";

/// What anybody would be told, as severity and name without the hour.
fn told(configuration: &str, story: &str) -> Vec<String> {
    let mut stage = Stage::configured(configuration);
    stage.tell(TRANSIT);
    stage.tell(story);
    let mut told: Vec<String> = stage
        .incidents()
        .filter(|event| event.severity >= Severity::Warning)
        .map(|event| {
            let name = event.id.rsplit_once('-').unwrap().0;
            format!("{} {name}", event.severity.name())
        })
        .collect();
    told.dedup();
    told
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_customer_that_sends_the_whole_table_is_seen_whoever_else_has_it() {
    for (through, role) in [("6939", ""), ("1299", ""), ("6939", PROVIDERS)] {
        let story = format!(
            "10:00:01 rib 192.0.2.9/60000 90.0.0.0/16*100 60000
            10:00:02 eor 192.0.2.9/60000
            10:20:00 1000/s A 192.0.2.9/60000 20.0.0.0/22*15000 60000 {through} 400000+/10
            10:40:00 wait"
        );
        let told = told(role, &story);
        assert_eq!(told, ["critical leak-60000"], "through {through}, {role}");
    }
}

#[test]
fn a_customer_whose_own_routes_come_and_go_is_no_news() {
    let story = "
        10:00:01 rib 192.0.2.9/60000 90.0.0.0/16*100 60000 60001+/10
        10:00:01 rib $a 90.0.0.0/16*100 1000010 3356 60000 60001+/10
        10:00:02 eor 192.0.2.9/60000
        10:20:00 W 192.0.2.9/60000 90.0.0.0/16*100
        10:21:00 A 192.0.2.9/60000 90.0.0.0/16*100 60000 60001+/10
        10:40:00 wait";
    assert_eq!(told("", story), nothing());
    assert_eq!(told(PROVIDERS, story), nothing());
}

#[test]
fn a_feed_that_loses_all_it_has_and_gets_it_back_is_no_leak() {
    let story = "
        c = 192.0.2.9/60000@adj-rib-out-post
        l = 0.0.0.0/50000@loc-rib
        10:00:00 rib 192.0.2.3/1000030 20.0.0.0/22*20000 1000030 3356 400000+/10
        10:00:00 rib $c 20.0.0.0/22*20000 50000 1000010 3356 400000+/10
        10:00:00 rib $l 20.0.0.0/22*20000 1000010 3356 400000+/10
        10:00:01 eor 192.0.2.3/1000030
        10:00:01 eor $c
        10:00:01 eor $l
        10:20:00 W $a 20.0.0.0/22*20000
        10:20:00 W $c 20.0.0.0/22*20000
        10:20:00 W $l 20.0.0.0/22*20000
        10:30:00 1000/s A $a 20.0.0.0/22*20000 1000010 3356 400000+/10
        10:30:00 1000/s A $c 20.0.0.0/22*20000 50000 1000010 3356 400000+/10
        10:30:00 1000/s A $l 20.0.0.0/22*20000 1000010 3356 400000+/10
        12:40:00 wait";
    for roles in ["", PROVIDERS] {
        let told = told(roles, story);
        let leaks: Vec<_> = told.iter().filter(|one| one.contains("leak")).collect();
        assert!(leaks.is_empty(), "{leaks:?}, {roles}");
    }
}

#[test]
fn what_comes_back_of_a_peer_with_a_large_customer_is_no_leak() {
    let story = "
        p = 192.0.2.8/61000
        10:00:00 rib $b 140.0.0.0/22*2000 1000020 61001 440000+/10
        10:00:01 rib $p 140.0.0.0/22*300 61000 61001 440000+/10
        10:00:02 eor $p
        10:20:00 W $p 140.0.0.0/22*300
        10:25:00 A $p 140.0.0.0/22*300 61000 61001 440000+/10
        10:40:00 wait";
    assert_eq!(told("", story), nothing());
}

#[test]
fn a_leak_ends_though_the_offenders_own_routes_flapped_meanwhile() {
    let mut stage = Stage::configured("");
    stage.tell(TRANSIT);
    stage.tell(
        "c = 192.0.2.9/60000
        10:00:01 rib $c 90.0.0.0/16*100 60000 60001
        10:00:01 rib $b 90.0.0.0/16*100 1000020 1299 60000 60001
        10:00:02 eor $c
        10:20:00 1000/s A $c 20.0.0.0/22*1000 60000 1299 400000+/10
        10:21:00 W $c 90.0.0.0/16*100
        10:22:00 A $c 90.0.0.0/16*100 60000 60001
        10:25:00 W $c 20.0.0.0/22*1000
        12:00:00 wait",
    );
    let last = stage.incidents().last().unwrap();
    assert_eq!(
        (last.event, last.offender.unwrap().0),
        (Step::Resolved, 60000)
    );
}

#[test]
fn what_a_customer_is_sent_is_not_judged_as_if_it_sent_it() {
    for count in [1, 25] {
        let story = format!(
            "c = 192.0.2.9/60000@adj-rib-out-post
            10:00:01 rib $c 20.0.0.0/22*400 50000 1000010 3356 400000+/10
            10:00:02 eor $c
            10:20:00 A $c 20.0.0.0/22*{count} 50000 1000020 1299 400000+/10
            10:22:00 wait"
        );
        assert_eq!(told(PROVIDERS, &story), nothing());
    }
}

#[test]
fn our_own_leak_to_a_provider_is_seen_as_it_leaves() {
    let story = "
        c = 192.0.2.1/1000010@adj-rib-out-post
        10:00:01 rib $c 100.128.0.0/22*600 50000 60000
        10:00:02 eor $c
        10:20:00 1000/s A $c 20.0.0.0/22*300 50000 1000020 1299 400000+/10
        10:40:00 wait";
    assert_eq!(told(PROVIDERS, story), ["critical leak-50000"]);
    // Before policy all of it is there, for the policy to drop.
    let before_policy = "
        c = 192.0.2.1/1000010@adj-rib-out-pre
        10:00:01 rib $c 20.0.0.0/22*20000 50000 1000020 1299 400000+/10
        10:00:02 eor $c
        10:20:00 A $c 20.0.0.0/22*300 50000 1000020 6939 400000+/10
        10:40:00 wait";
    assert_eq!(told(PROVIDERS, before_policy), nothing());
}

#[test]
fn a_network_that_is_a_peer_here_and_a_customer_there_is_a_customer() {
    let both = format!(
        "{PROVIDERS}[[peer]]\nmatch = {{ address = \"192.0.2.8\", as = 60000 }}\n\
         local_role = \"peer\"\n"
    );
    let story = "
        c = 192.0.2.1/1000010@adj-rib-out-post
        10:00:01 rib $c 100.128.0.0/22*600 50000 60000
        10:00:02 eor $c
        10:20:00 A $c 101.0.0.0/22*100 50000 60000 60001+/5
        10:40:00 wait";
    assert_eq!(told(&both, story), nothing());
}

#[test]
fn a_blackhole_of_our_own_is_no_hijack_and_one_of_somebody_else_is() {
    let story = |origin: &str| {
        format!(
            "c = 192.0.2.1/1000010@adj-rib-out-post
            10:00:01 rib $c 45.0.0.0/16 50000
            10:00:02 eor $c
            10:20:00 A $c 45.0.3.7/32 {origin} [65535:666]
            10:22:00 wait"
        )
    };
    assert_eq!(told(OWN, &story("50000")), nothing());
    assert_eq!(
        told(OWN, &story("50000 66")),
        ["critical own_prefix-66-via-50000"]
    );
    let upstream = format!("{OWN}upstreams = [1000010]\n");
    let forged = "10:20:00 A $b 45.0.3.0/24 1000020 1299 66 50000 [65535:666]\n10:22:00 wait";
    let forged = told(&upstream, forged);
    assert_eq!(forged, ["critical own_prefix-66-via-1299"]);
}

#[test]
fn a_slip_of_our_own_is_one_page_and_names_us() {
    let own = format!("{OWN}upstreams = [1000010]\n");
    for own in [OWN, &own] {
        let story = "
            c = 192.0.2.1/1000010@adj-rib-out-post
            10:00:01 rib $c 45.0.0.0/16 50000
            10:00:02 eor $c
            10:20:01 A $b 45.0.3.128/25 1000020 1299 1000010 50000
            10:20:02 A $c 45.0.3.128/25 50000
            10:22:00 wait";
        let told = told(own, story);
        assert_eq!(told, ["critical own_prefix-50000-via-1000010"]);
    }
}

#[test]
fn a_prefix_that_providers_no_longer_send_back_is_not_lost() {
    let story = "
        l = 0.0.0.0/50000!192.0.2.200@loc-rib
        x = 192.0.2.1/1000010!192.0.2.200
        y = 192.0.2.2/1000020!192.0.2.200
        10:00:01 rib $l 45.0.0.0/16
        10:00:01 rib $x 20.0.0.0/22*100 1000010 3356 400000+/10
        10:00:01 rib $y 20.0.0.0/22*100 1000020 1299 400000+/10
        10:00:02 eor $l
        10:00:02 eor $x
        10:00:02 eor $y
        10:10:00 A $x 45.0.0.0/16 1000010 3356 50000
        10:10:00 A $y 45.0.0.0/16 1000020 1299 50000
        10:20:00 W $x 45.0.0.0/16
        10:20:00 W $y 45.0.0.0/16
        11:20:00 wait";
    assert_eq!(told(OWN, story), nothing());
}

#[test]
fn the_way_out_may_change_to_transit_that_we_pay_for() {
    for carried in [200, 3000] {
        let story = format!(
            "l = 0.0.0.0/50000@loc-rib
            10:00:00 rib $l 20.0.0.0/22*20000 1000010 3356 400000+/10
            10:00:00 rib $l 120.0.0.0/22*{carried} 1000020 70000
            10:00:01 eor $l
            10:20:00 1000/s A $l 20.0.0.0/22*20000 1000020 1299 400000+/10
            10:24:00 wait"
        );
        assert_eq!(told(PROVIDERS, &story), nothing());
    }
}

#[test]
fn vpns_have_addresses_of_their_own() {
    let story = "
        v = 192.0.2.9/65001%7
        w = 192.0.2.10/65002%8
        10:00:01 rib $v 10.0.0.0/24*200 65001
        10:00:01 rib $w 10.200.0.0/24*5 65002
        10:00:02 eor $v
        10:00:02 eor $w
        10:20:00 A $w 10.0.0.0/24*120 65002
        10:20:00 A $v 45.0.3.0/28 65001
        10:40:00 wait";
    assert_eq!(told(OWN, story), nothing());
}

#[test]
fn members_of_a_route_server_may_prepend_and_the_server_may_leave_its_as() {
    let role = "
local_as = 50000
[[peer]]
match = { as = 61000 }
local_role = \"rs-client\"
";
    for path in ["3491 40001", "3491 3491 40001"] {
        let story = format!(
            "r = 192.0.2.50/61000
            10:00:01 rib $r 50.0.0.0/16*100 40000
            10:00:02 eor $r
            10:20:00 A $r 51.0.0.0/16*25 {path}
            10:22:00 wait"
        );
        assert_eq!(told(role, &story), nothing(), "{path}");
    }
}

#[test]
fn a_neighbour_with_a_private_as_is_at_home_in_our_tables_and_not_outside() {
    let private = "
local_as = 50000
[[peer]]
match = { as = 65010 }
private = true
local_role = \"provider\"
";
    let story = |view: &str, path: &str| {
        format!(
            "l = {view}
            10:00:01 rib $l 20.0.0.0/22*400 1000010 3356 400000+/10
            10:00:01 rib $l 45.0.0.0/24 {path}
            10:00:02 eor $l
            10:20:00 W $l 45.0.0.0/24
            10:20:30 A $l 45.0.0.0/24 {path}
            10:22:00 wait"
        )
    };
    assert_eq!(
        told(private, &story("0.0.0.0/50000@loc-rib", "65010")),
        nothing()
    );
    let outside = told(
        private,
        &story("192.0.2.1/1000010@adj-rib-out-post", "50000 65010"),
    );
    assert_eq!(outside, ["warning bogon-65010-via-50000"]);
    let behind = told(
        private,
        &story("0.0.0.0/50000@loc-rib", "1000020 1299 65010 70000"),
    );
    assert_eq!(behind, ["warning bogon-70000-via-65010"]);
    let stranger = told(private, &story("0.0.0.0/50000@loc-rib", "65011"));
    assert_eq!(stranger, ["warning bogon-65011"]);
}

#[test]
fn routes_of_a_customer_that_goes_are_missed_once_and_not_on_every_session_they_went_out_on() {
    let session = |number: u32| {
        let out = format!("192.0.3.{number}/{}@adj-rib-out-post", 61_000 + number);
        format!(
            "10:00:01 rib {out} 60.0.0.0/16*3000 50000 62000
            10:00:02 eor {out}
            10:20:00 W {out} 60.0.0.0/16*600\n"
        )
    };
    let mut story: String = (1..=6).map(session).collect();
    story += "10:22:00 wait";
    assert_eq!(told("local_as = 50000", &story), nothing());
}
