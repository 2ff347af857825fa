//! What is written, and what becomes of it.

use std::{io::Read as _, net::TcpListener, sync::mpsc::sync_channel, thread};

use super::{
    super::{Then, samples},
    *,
};

pub(super) fn settings(address: &str) -> Settings {
    Settings {
        address: address.parse().unwrap(),
        facility: Facility::default(),
        app_name: "leakwatch".to_owned(),
        sd_id: "leakwatch@32473".to_owned(),
        timeout: Duration::from_secs(30),
    }
}

#[test]
fn a_datagram_is_cut_between_characters_and_keeps_its_data() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = format!("udp:{}", receiver.local_addr().unwrap());
    let mut sink = Syslog::open(&settings(&address));
    for message in samples::hostile() {
        let sent = sink.send(&message).unwrap();
        assert!(sent.answer.contains("confirms nothing"));
        let mut buffer = vec![0; 65_536];
        let count = receiver.recv(&mut buffer).unwrap();
        assert!(count <= UDP);
        let text = std::str::from_utf8(&buffer[..count]).unwrap();
        assert!(
            text.starts_with("<26>1 2017-08-25T03:22:11.000000Z "),
            "{text}"
        );
        assert!(
            !text.contains(['\n', '\r', '\0', '\u{1b}', '\u{2028}']),
            "{text}"
        );
        // The structured data ends where it should: its quotes are even and escaped.
        let data = &text[text.find('[').unwrap()..];
        let end = data.find("\"] ").unwrap();
        let unescaped = data[..=end].replace("\\\\", "").replace("\\\"", "");
        assert_eq!(unescaped.matches('"').count() % 2, 0, "{data}");
    }
}

#[test]
fn over_tcp_messages_are_counted_and_a_closed_peer_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    let (hears, heard) = sync_channel(1);
    let (close, closes) = sync_channel::<()>(0);
    thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = Vec::new();
            let mut octet = [0];
            while stream.read_exact(&mut octet).is_ok() && octet != *b" " {
                length.push(octet[0]);
            }
            let length: usize = String::from_utf8(length).unwrap().parse().unwrap();
            let mut frame = vec![0; length];
            stream.read_exact(&mut frame).unwrap();
            hears.send(String::from_utf8(frame).unwrap()).unwrap();
            // Our side looks whether we are still there.
            let _ = closes.recv();
        }
    });
    let heard = || heard.recv_timeout(Duration::from_secs(60)).unwrap();
    let mut sink = Syslog::open(&settings(&address));
    sink.send(&samples::opened()).unwrap();
    let first = heard();
    close.send(()).unwrap();
    // The other side closes meanwhile: a new connection is made.
    for look in 0.. {
        if !sink.stream.as_ref().is_some_and(is_open) {
            break;
        }
        assert!(look < 6000, "it does not close");
        thread::sleep(Duration::from_millis(10));
    }
    sink.send(&samples::resolved()).unwrap();
    let second = heard();
    assert!(first.contains("CRITICAL AS15169") && first.starts_with("<26>1 "));
    assert!(second.contains("OVER after") && second.starts_with("<29>1 "));
}

#[test]
fn a_peer_that_closes_on_reading_may_have_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let _ = stream.read(&mut [0; 16_384]);
    });
    let mut sink = Syslog::open(&settings(&address));
    sink.linger = Duration::from_secs(30);
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert!(
        failure.may_have_arrived && failure.then == Then::Retry(None),
        "{failure:?}"
    );
    peer.join().unwrap();
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert!(!failure.may_have_arrived, "nobody listens: {failure:?}");
}

#[test]
fn the_local_socket_is_used_and_its_absence_told() {
    let path = std::env::temp_dir().join(format!("leakwatch-devlog-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let mut sink = Syslog::open(&settings(&format!("unix:{}", path.display())));
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert!(failure.what.contains("leakwatch-devlog") && !failure.may_have_arrived);
    let receiver = UnixDatagram::bind(&path).unwrap();
    sink.send(&samples::opened()).unwrap();
    let mut buffer = vec![0; 65_536];
    let count = receiver.recv(&mut buffer).unwrap();
    assert!(buffer[..count].starts_with(b"<26>1 2017-08-25T03:22:11.000000Z "));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn addresses_facilities_and_names_are_checked() {
    for right in ["udp:127.0.0.1:514", "tcp:[::1]:601", "unix:/dev/log"] {
        assert_eq!(right.parse::<Address>().unwrap().to_string(), right);
    }
    for wrong in [
        "",
        "udp:x",
        "udp::514",
        "tcp:x:0",
        "unix:dev/log",
        "tls:x:6514",
    ] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
    assert_eq!("local7".parse::<Facility>().unwrap().to_string(), "local7");
    assert_eq!(Facility::default().to_string(), "daemon");
    assert!("local8".parse::<Facility>().is_err());
    assert!(is_sd_id("leakwatch@32473"));
    for wrong in ["", "leakwatch", "@1", "a b@1", "a]@1", "a@x", "a@"] {
        assert!(!is_sd_id(wrong), "{wrong}");
    }
}
