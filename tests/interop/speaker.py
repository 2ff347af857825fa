"""A router made up: a BMP session (RFC 7854) of one peer, with the routes it is told to have."""

import ipaddress
import socket
import struct
import time

PEER_AS = 1000010
PEER = "192.0.2.1"
MARKER = b"\xff" * 16
# What the table's paths begin with: the peer, and a transit provider behind it.
BEHIND = (PEER_AS, 3356)
# Each block has an origin of its own, counted from here.
ORIGINS = 1000


def message(kind, body):
    return struct.pack("!BIB", 3, 6 + len(body), kind) + body


def text(kind, value):
    value = value.encode()
    return struct.pack("!HH", kind, len(value)) + value


def bgp_open(asn):
    capabilities = b"\1\4\0\1\0\1" + b"\x41\4" + struct.pack("!I", asn)
    options = bytes([2, len(capabilities)]) + capabilities
    body = struct.pack("!BHHIB", 4, min(asn, 23456), 90, 0xC0000201, len(options)) + options
    return MARKER + struct.pack("!HB", 19 + len(body), 1) + body


def packed(prefix):
    net = ipaddress.ip_network(prefix)
    return bytes([net.prefixlen]) + net.network_address.packed[: (net.prefixlen + 7) // 8]


def update(nlri=b"", path=(), withdrawn=b""):
    attributes = b""
    if nlri:
        segments = b""
        # A segment holds 255 ASes at most.
        for at in range(0, len(path), 255):
            part = path[at : at + 255]
            segments += struct.pack(f"!BB{len(part)}I", 2, len(part), *part)
        attributes = b"\x40\1\1\0"
        attributes += struct.pack("!BBH", 0x50, 2, len(segments)) + segments
        attributes += b"\x40\3\4" + ipaddress.ip_address("192.0.2.9").packed
    body = struct.pack("!H", len(withdrawn)) + withdrawn
    body += struct.pack("!H", len(attributes)) + attributes + nlri
    return MARKER + struct.pack("!HB", 19 + len(body), 2) + body


END_OF_RIB = update()


def block(number, bits=20):
    """The `number`th prefix of this length from 20.0.0.0 on."""
    return f"{ipaddress.ip_address(0x14000000 + (number << (32 - bits)))}/{bits}"


class Speaker:
    """The router. What it announces it has until it withdraws it, over any number of sessions."""

    def __init__(self, *daemons, name="speaker", table=2000):
        self.targets = [daemon.bmp for daemon in daemons]
        self.name = name
        self.routes = {
            block(number): (*BEHIND, ORIGINS + number) for number in range(table)
        }
        self.clean = dict(self.routes)
        self.streams = []

    def header(self):
        address = ipaddress.ip_address(PEER).packed.rjust(16, b"\0")
        peer = struct.pack("!BBQ", 0, 0, 0) + address + struct.pack("!I", PEER_AS)
        return peer + ipaddress.ip_address(PEER).packed + struct.pack("!II", int(time.time()), 0)

    def monitoring(self, one):
        return message(0, self.header() + one)

    def connect(self):
        """A session with each daemon, and the whole table of now."""
        self.streams = [socket.create_connection(target, 60) for target in self.targets]
        for stream in self.streams:
            # A daemon that is busy reads late, which is no failure of it.
            stream.settimeout(600)
        up = self.header() + ipaddress.ip_address("192.0.2.2").packed.rjust(16, b"\0")
        up += struct.pack("!HH", 179, 40000) + bgp_open(64500) + bgp_open(PEER_AS)
        told = message(4, text(1, "a speaker of tests") + text(2, self.name)) + message(3, up)
        by_path = {}
        for prefix, path in self.routes.items():
            by_path.setdefault(path, []).append(packed(prefix))
        for path, prefixes in by_path.items():
            for at in range(0, len(prefixes), 200):
                told += self.monitoring(update(b"".join(prefixes[at : at + 200]), path))
        self.send(told + self.monitoring(END_OF_RIB))

    def send(self, octets):
        for stream in self.streams:
            stream.sendall(octets)

    def announce(self, prefix, path):
        self.routes[prefix] = tuple(path)
        self.send(self.monitoring(update(packed(prefix), tuple(path))))

    def withdraw(self, prefix):
        """The route goes back to what it was before anything happened, or away."""
        if prefix in self.clean:
            self.announce(prefix, self.clean[prefix])
        elif self.routes.pop(prefix, None):
            self.send(self.monitoring(update(withdrawn=packed(prefix))))

    def prepend(self, number):
        """Block `number` comes with a path that no router needs: one critical incident, named
        after the origin, which repeats itself."""
        self.announce(block(number), (PEER_AS, 65, *[ORIGINS + number] * 200))

    def heal(self, number):
        self.withdraw(block(number))

    def leak(self, first, count):
        """New more-specifics of blocks through a network that sells no transit."""
        for number in range(first, first + count):
            path = (PEER_AS, 701, 15169, ORIGINS + number // 2)
            self.announce(block(number, 21), path)

    def forget(self, daemon):
        """It is not there any more."""
        at = self.targets.index(daemon.bmp)
        self.streams.pop(at).close()
        del self.targets[at]

    def close(self):
        for stream in self.streams:
            stream.close()
        self.streams = []
