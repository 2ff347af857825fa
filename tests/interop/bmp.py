"""A second reading of BMP (RFC 7854, RFC 8671, RFC 9069), to count routes by.

Written apart from the daemon, slow and plain: it keeps what a stream says each view
holds, so that a recording has facts to test against and a router's odd habits can be
told from the daemon's.
"""

import ipaddress
import struct
from collections import Counter

MESSAGES = [
    "route_monitoring",
    "statistics",
    "peer_down",
    "peer_up",
    "initiation",
    "termination",
    "route_mirroring",
]
FAMILIES = {(1, 1): "ipv4", (2, 1): "ipv6"}


def frames(data):
    """Every whole message of `data` as (type, body), and how many octets they take."""
    at, found = 0, []
    while len(data) - at >= 6:
        version, length, kind = struct.unpack_from("!BIB", data, at)
        if version != 3 or length < 6:
            raise ValueError(f"no BMP version 3 message at octet {at}")
        if len(data) - at < length:
            break
        found.append((kind, data[at + 6 : at + length]))
        at += length
    return found, at


class Peer:
    """What a Per-Peer Header says (RFC 7854 §4.2)."""

    def __init__(self, body):
        self.type, self.flags, self.distinguisher, address, self.asn, bgp_id = (
            struct.unpack_from("!BBQ16sI4s", body)
        )
        v6 = self.flags & 0x80 and self.type != 3
        self.address = str(ipaddress.ip_address(address if v6 else address[12:]))
        self.bgp_id = str(ipaddress.ip_address(bgp_id))
        self.key = (self.type, self.distinguisher, self.address)

    @property
    def rib(self):
        """Which RIB the routes are of."""
        if self.type == 3:
            return "loc-rib"
        return (
            "adj-rib-" + ("out" if self.flags & 0x10 else "in")
            + ("-post" if self.flags & 0x40 else "-pre")
        )


def capabilities(open_message):
    """Code to list of values, of a BGP OPEN (RFC 5492, RFC 9072)."""
    found, at = {}, 29
    wide = open_message[28] == 255 and open_message[29] == 255
    if wide:
        at = 32
    while at < len(open_message):
        if wide:
            kind, length = struct.unpack_from("!BH", open_message, at)
            at += 3
        else:
            kind, length = struct.unpack_from("!BB", open_message, at)
            at += 2
        if kind == 2:
            inner, end = at, at + length
            while inner < end:
                code, size = struct.unpack_from("!BB", open_message, inner)
                found.setdefault(code, []).append(open_message[inner + 2 : inner + 2 + size])
                inner += 2 + size
        at += length
    return found


def add_path(sent, received):
    """Families whose routes carry a path identifier in what is received (RFC 7911 §4)."""

    def modes(opened, wanted):
        found = set()
        for value in opened.get(69, []):
            for at in range(0, len(value) - 3, 4):
                afi, safi, mode = struct.unpack_from("!HBB", value, at)
                if mode & wanted:
                    found.add((afi, safi))
        return found

    return modes(sent, 2) & modes(received, 1)


class Malformed(Exception):
    """An NLRI field that ends in the middle of a prefix."""


def routes_of(data, afi, with_id):
    """Each NLRI. FRR 8.4 and GoBGP 3.10 leave path identifiers out of BMP although the
    OPENs they show have them negotiated."""
    if with_id:
        try:
            return list(nlri(data, afi, True))
        except Malformed:
            pass
    return list(nlri(data, afi, False))


def nlri(data, afi, with_id):
    """(path identifier, prefix) of each NLRI."""
    at = 0
    while at < len(data):
        path = 0
        if with_id:
            (path,) = struct.unpack_from("!I", data, at)
            at += 4
        bits = data[at] if at < len(data) else 255
        size = (bits + 7) // 8
        if bits > 8 * (4 if afi == 1 else 16) or at + 1 + size > len(data):
            raise Malformed
        yield path, afi, data[at + 1 : at + 1 + size], bits
        at += 1 + size


class Stream:
    """All that one router has said on one session."""

    def __init__(self):
        self.pending = b""
        self.messages = Counter()
        self.names = {}
        self.peers = {}
        self.views = {}
        self.ends = set()
        self.down = []
        self.announced = 0
        self.withdrawn = 0
        self.orphans = 0
        self.statistics = {}

    def feed(self, data):
        found, used = frames(self.pending + data)
        self.pending = (self.pending + data)[used:]
        for kind, body in found:
            self.message(kind, body)

    def message(self, kind, body):
        name = MESSAGES[kind] if kind < len(MESSAGES) else f"type-{kind}"
        self.messages[name] += 1
        if name == "initiation":
            at = 0
            while at < len(body):
                tlv, size = struct.unpack_from("!HH", body, at)
                self.names.setdefault(tlv, body[at + 4 : at + 4 + size].decode())
                at += 4 + size
        elif name == "peer_up":
            self.peer_up(Peer(body), body[42:])
        elif name == "peer_down":
            peer = Peer(body)
            self.down.append(body[42])
            self.peers.pop(peer.key, None)
            for view in [v for v in self.views if v[0] == peer.key]:
                del self.views[view]
        elif name == "route_monitoring":
            self.update(Peer(body), body[42:])
        elif name == "statistics":
            peer, at = Peer(body), 46
            gauges = self.statistics.setdefault((peer.address, peer.rib), {})
            while at < len(body):
                tlv, size = struct.unpack_from("!HH", body, at)
                gauges[tlv] = int.from_bytes(body[at + 4 : at + 4 + size], "big")
                at += 4 + size

    def peer_up(self, peer, body):
        at = 20
        opens = []
        for _ in range(2):
            (size,) = struct.unpack_from("!H", body, at + 16)
            opens.append(capabilities(body[at : at + size]))
            at += size
        ours, theirs = opens
        self.peers[peer.key] = (add_path(theirs, ours), add_path(ours, theirs))

    def update(self, peer, message):
        if peer.key not in self.peers:
            self.orphans += 1
            if peer.type != 3:
                return
            # GoBGP sends its Loc-RIB without the Peer Up that RFC 9069 §4.4 asks for.
            self.peers[peer.key] = (set(), set())
        ids = self.peers[peer.key][1 if peer.flags & 0x10 and peer.type != 3 else 0]
        body = message[19:]
        (size,) = struct.unpack_from("!H", body)
        gone = body[2 : 2 + size]
        (length,) = struct.unpack_from("!H", body, 2 + size)
        at, end = 4 + size, 4 + size + length
        come = body[end:]
        if not gone and not length and not come:
            self.ends.add((peer.key, peer.rib, (1, 1)))
            return
        self.withdraw(peer, (1, 1), gone, ids)
        self.announce(peer, (1, 1), come, ids)
        while at < end:
            flags, code = body[at], body[at + 1]
            if flags & 0x10:
                (size,) = struct.unpack_from("!H", body, at + 2)
                at += 4
            else:
                size, at = body[at + 2], at + 3
            value = body[at : at + size]
            if code == 14:
                afi, safi, hop = struct.unpack_from("!HBB", value)
                self.announce(peer, (afi, safi), value[5 + hop :], ids)
            elif code == 15:
                family = struct.unpack_from("!HB", value)
                if len(value) == 3:
                    self.ends.add((peer.key, peer.rib, family))
                self.withdraw(peer, family, value[3:], ids)
            at += size

    def view(self, peer, family):
        return self.views.setdefault((peer.key, peer.rib, family), set())

    def announce(self, peer, family, data, ids):
        if data and family in FAMILIES:
            routes = routes_of(data, family[0], family in ids)
            self.announced += len(routes)
            self.view(peer, family).update(routes)

    def withdraw(self, peer, family, data, ids):
        if data and family in FAMILIES:
            routes = routes_of(data, family[0], family in ids)
            self.withdrawn += len(routes)
            self.view(peer, family).difference_update(routes)

    def routes(self):
        """Routes of each view: {(peer address, rib, family): count}."""
        return {
            (key[2], rib, FAMILIES[family]): len(routes)
            for (key, rib, family), routes in self.views.items()
        }
