//! What `wire::bmp::encode` writes, an independent decoder reads back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "each test file uses some of it")]
mod station;

use bgpkit_parser::models::{BgpMessage, BgpOpenMessage, CapabilityValue, OptParam, ParamValue};
use bgpkit_parser::parser::bmp::{
    messages::{BmpMessage, BmpMessageBody, BmpPeerType, InitiationTlvType, PeerDownReason},
    parse_bmp_msg,
};
use bytes::Bytes;
use leakwatch::{
    bgp::{Afi, DownReason, Timestamp},
    wire::bmp::{Gauge, PeerHeader, Statistics, TerminationReason, encode},
};
use station::*;

fn read(bytes: &[u8]) -> BmpMessage {
    let mut bytes = Bytes::copy_from_slice(bytes);
    let message = parse_bmp_msg(&mut bytes).expect("it decodes");
    assert!(bytes.is_empty(), "{} octets too many", bytes.len());
    message
}

fn capabilities(open: &BgpOpenMessage) -> Vec<CapabilityValue> {
    let values = |param: &OptParam| {
        let mut values = Vec::new();
        if let ParamValue::Capacities(list) = &param.param_value {
            values.extend(list.iter().map(|one| one.value.clone()));
        }
        values
    };
    open.opt_params.iter().flat_map(values).collect()
}

#[test]
fn an_initiation_names_the_router() {
    let mut out = Vec::new();
    encode::initiation(&mut out, "r1", "a router", &["one", "two"]);
    let BmpMessageBody::InitiationMessage(message) = read(&out).message_body else {
        panic!()
    };
    let tlvs: Vec<_> = message
        .tlvs
        .iter()
        .map(|tlv| (tlv.info_type, tlv.info.as_str()))
        .collect();
    let expected = [
        (InitiationTlvType::SysDescr, "a router"),
        (InitiationTlvType::SysName, "r1"),
        (InitiationTlvType::String, "one"),
        (InitiationTlvType::String, "two"),
    ];
    assert_eq!(tlvs, expected);
}

#[test]
fn a_peer_up_carries_header_and_opens() {
    let v6 = PeerHeader::global("2001:db8::1".parse().unwrap(), PEER_AS, 7);
    for header in [peer(3), v6] {
        let header = header.at(Timestamp::from_micros(1_700_000_000_250_000));
        let mut received = open(leakwatch::bgp::Asn(4_200_000_001), header.bgp_id);
        received.capabilities.add_path_v4 = 2;
        received.capabilities.extended_message = true;
        received.capabilities.graceful_restart = true;
        received.capabilities.role = Some(3);
        let message = read(&peer_up_with(&header, &open(LOCAL_AS, 1), &received));
        let peer = message.per_peer_header.unwrap();
        assert_eq!(peer.peer_type, BmpPeerType::Global);
        assert_eq!(peer.peer_ip, header.address);
        assert_eq!(peer.peer_asn.to_u32(), header.asn.0);
        assert_eq!(peer.peer_bgp_id.to_bits(), header.bgp_id);
        assert!((peer.timestamp - 1_700_000_000.25).abs() < 1e-6);
        let BmpMessageBody::PeerUpNotification(up) = message.message_body else {
            panic!()
        };
        let (BgpMessage::Open(sent), BgpMessage::Open(got)) = (up.sent_open, up.received_open)
        else {
            panic!()
        };
        assert_eq!(sent.asn.to_u32(), LOCAL_AS.0);
        assert_eq!((got.asn.to_u32(), got.hold_time), (23456, 180));
        let values = capabilities(&got);
        assert_eq!(values.len(), 7);
        assert!(values.iter().any(|value| matches!(
            value,
            CapabilityValue::FourOctetAs(asn) if asn.asn == 4_200_000_001
        )));
        assert!(
            values
                .iter()
                .any(|value| matches!(value, CapabilityValue::AddPath(_)))
        );
    }
}

#[test]
fn routes_end_of_rib_and_peer_down_are_what_they_say() {
    let BmpMessageBody::RouteMonitoring(route) =
        read(&monitoring(&peer(1), &announcement(9))).message_body
    else {
        panic!()
    };
    let BgpMessage::Update(update) = route.bgp_message else {
        panic!()
    };
    assert_eq!(
        update.announced_prefixes[0].prefix.to_string(),
        "10.9.0.0/16"
    );

    for afi in [Afi::Ipv4, Afi::Ipv6] {
        let mut out = Vec::new();
        encode::end_of_rib(&mut out, &peer(1), afi);
        let BmpMessageBody::RouteMonitoring(route) = read(&out).message_body else {
            panic!()
        };
        assert!(route.is_end_of_rib());
    }

    for (reason, expected) in [
        (DownReason::State, PeerDownReason::RemoteSystemsClosedNoData),
        (DownReason::Unmonitored, PeerDownReason::PeerDeConfigured),
    ] {
        let BmpMessageBody::PeerDownNotification(down) =
            read(&peer_down(&peer(1), reason)).message_body
        else {
            panic!()
        };
        assert_eq!(down.reason, expected);
    }
}

#[test]
fn statistics_and_termination_are_what_they_say() {
    let statistics = Statistics {
        adj_rib_in: Gauge {
            all: Some(5),
            ipv4: Some(3),
            ipv6: Some(2),
        },
        ..Statistics::default()
    };
    let mut out = Vec::new();
    encode::statistics(&mut out, &peer(1), &statistics);
    let BmpMessageBody::StatsReport(report) = read(&out).message_body else {
        panic!()
    };
    assert_eq!((report.stats_count, report.counters.len()), (3, 3));

    out.clear();
    encode::termination(&mut out, TerminationReason::AdministrativelyClosed);
    let BmpMessageBody::TerminationMessage(message) = read(&out).message_body else {
        panic!()
    };
    assert_eq!(message.tlvs.len(), 1);
}
