//! Whose routes they are: routers, their peers, and which of a router's RIBs.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::Asn;

/// Where routes were seen: a router that speaks BMP, or recorded files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Router {
    /// MRT files; peers are told apart by address and AS alone, since RIB and
    /// update files name the collector differently.
    Mrt,
    /// A directory in which a collector or a router leaves MRT files, by the name that
    /// our configuration gives it: two collectors may hear the same neighbour.
    Directory(&'static str),
    /// A router that speaks BMP.
    Bmp {
        /// The address its session comes from.
        address: IpAddr,
        /// 0 for the first router met at this address; others behind the same address
        /// (NAT, several daemons on one host) are told apart by their sysName and
        /// numbered as they appear.
        instance: u16,
    },
}

impl Router {
    /// The only router at `address`.
    pub const fn bmp(address: IpAddr) -> Self {
        Router::Bmp {
            address,
            instance: 0,
        }
    }

    /// Where its session comes from; none for files.
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Router::Mrt | Router::Directory(_) => None,
            Router::Bmp { address, .. } => Some(address),
        }
    }
}

impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Router::Mrt => f.write_str("mrt"),
            Router::Directory(name) => f.write_str(name),
            Router::Bmp {
                address,
                instance: 0,
            } => address.fmt(f),
            Router::Bmp { address, instance } => write!(f, "{address}#{instance}"),
        }
    }
}

/// One BGP neighbour of one router (RFC 7854 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey {
    /// The router that told us.
    pub router: Router,
    /// Peer distinguisher: the VRF's route distinguisher, 0 for the global table.
    pub distinguisher: u64,
    /// The neighbour's address.
    pub address: IpAddr,
    /// The neighbour's AS number.
    pub asn: Asn,
    /// The neighbour's BGP identifier; 0 where the source does not carry it (MRT updates).
    pub bgp_id: u32,
}

impl PeerKey {
    /// A peer known from an MRT file.
    pub const fn mrt(address: IpAddr, asn: Asn) -> Self {
        PeerKey {
            router: Router::Mrt,
            distinguisher: 0,
            address,
            asn,
            bgp_id: 0,
        }
    }
}

/// Which of a router's tables a route stands in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum RibView {
    /// What the peer sent, before our policy (RFC 7854). Collectors' MRT is this.
    #[default]
    AdjRibInPre,
    /// What our policy let in (RFC 7854, L flag).
    AdjRibInPost,
    /// What the router chose (RFC 9069).
    LocRib,
    /// What we are about to send, before policy (RFC 8671).
    AdjRibOutPre,
    /// What we send (RFC 8671).
    AdjRibOutPost,
}

impl RibView {
    /// Whether it has what the peer sent us.
    pub const fn is_in(self) -> bool {
        matches!(self, RibView::AdjRibInPre | RibView::AdjRibInPost)
    }

    /// Whether it has what we send the peer.
    pub const fn is_out(self) -> bool {
        matches!(self, RibView::AdjRibOutPre | RibView::AdjRibOutPost)
    }
}
