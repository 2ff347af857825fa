//! Where one message ends and the next begins: the common header (RFC 7854 §4.1).

use crate::wire::Reason;

/// Octets of the common header: version, length, type.
pub const HEADER_LEN: usize = 6;

/// The version read here.
pub const VERSION: u8 = 3;

/// Message types (RFC 7854 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 0.
    RouteMonitoring,
    /// 1.
    Statistics,
    /// 2.
    PeerDown,
    /// 3.
    PeerUp,
    /// 4.
    Initiation,
    /// 5.
    Termination,
    /// 6.
    RouteMirroring,
    /// Any other.
    Unknown,
}

impl Kind {
    /// Every kind, in order of its type code.
    pub const ALL: [Kind; 8] = [
        Kind::RouteMonitoring,
        Kind::Statistics,
        Kind::PeerDown,
        Kind::PeerUp,
        Kind::Initiation,
        Kind::Termination,
        Kind::RouteMirroring,
        Kind::Unknown,
    ];

    /// From the type octet.
    pub const fn new(code: u8) -> Self {
        match code {
            0 => Kind::RouteMonitoring,
            1 => Kind::Statistics,
            2 => Kind::PeerDown,
            3 => Kind::PeerUp,
            4 => Kind::Initiation,
            5 => Kind::Termination,
            6 => Kind::RouteMirroring,
            _ => Kind::Unknown,
        }
    }

    /// The stable name, in `snake_case`: a value of the label `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::RouteMonitoring => "route_monitoring",
            Kind::Statistics => "statistics",
            Kind::PeerDown => "peer_down",
            Kind::PeerUp => "peer_up",
            Kind::Initiation => "initiation",
            Kind::Termination => "termination",
            Kind::RouteMirroring => "route_mirroring",
            Kind::Unknown => "unknown",
        }
    }
}

/// What the first octets of a stream hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A message of this kind and this many octets, header included, is there whole.
    Whole {
        /// Its type.
        kind: Kind,
        /// Octets, header included.
        len: usize,
    },
    /// The message is whole once there are this many octets; the header itself may be
    /// what is wanting.
    Need(usize),
    /// No message can start like this: [`Reason::BmpVersion`] or [`Reason::BmpLength`].
    /// What follows cannot be framed either.
    Bad(Reason),
}

/// Looks at the header that opens `bytes`; no message may have more than `most` octets.
///
/// The version is checked as soon as its octet is there, so that what is not BMP is
/// known by its first octet.
pub fn frame(bytes: &[u8], most: u32) -> Framing {
    match bytes.first() {
        None => return Framing::Need(HEADER_LEN),
        Some(&VERSION) => {}
        Some(_) => return Framing::Bad(Reason::BmpVersion),
    }
    let Some(&[_, l0, l1, l2, l3, code]) = bytes.first_chunk::<HEADER_LEN>() else {
        return Framing::Need(HEADER_LEN);
    };
    let len = u32::from_be_bytes([l0, l1, l2, l3]);
    if len > most || (len as usize) < HEADER_LEN {
        return Framing::Bad(Reason::BmpLength);
    }
    let len = len as usize;
    if bytes.len() < len {
        return Framing::Need(len);
    }
    Framing::Whole {
        kind: Kind::new(code),
        len,
    }
}

/// What a stream that does not start with BMP version 3 looks like, in words for a log.
pub fn recognise(bytes: &[u8]) -> &'static str {
    const HTTP: [&[u8]; 8] = [
        b"GET ", b"POST", b"PUT ", b"HEAD", b"OPTI", b"DELE", b"CONN", b"PRI ",
    ];
    match bytes {
        [4, ..] => "BMP version 4 (a draft), which is not supported",
        [1 | 2, 0, ..] => "BMP version 1 or 2, which no router should send any more",
        [0x16, 3, ..] => "TLS",
        [b'S', b'S', b'H', b'-', ..] => "SSH",
        [0x0D, 0x0A, 0x0D, 0x0A, ..] | [b'P', b'R', b'O', b'X', b'Y', ..] => "a PROXY header",
        [0xFF, 0xFF, ..] => "BGP, not BMP",
        _ if HTTP.iter().any(|verb| bytes.starts_with(verb)) => "HTTP",
        _ => "no protocol known here",
    }
}
