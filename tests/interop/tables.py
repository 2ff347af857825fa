"""Real routing tables, as TABLE_DUMP_V2 files that `gobgp mrt inject` takes.

From the recordings among the tests' data (tests/data/README.md has their sources).
"""

import bz2
import gzip
import ipaddress
import struct
from collections import Counter
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data" / "mrt"


def records(data):
    """(timestamp, type, subtype, body) of every whole MRT record."""
    at = 0
    while len(data) - at >= 12:
        time, kind, subtype, length = struct.unpack_from("!IHHI", data, at)
        if len(data) - at - 12 < length:
            return
        yield time, kind, subtype, data[at + 12 : at + 12 + length]
        at += 12 + length


def record(time, kind, subtype, body):
    return struct.pack("!IHHI", time, kind, subtype, len(body)) + body


# `gobgp mrt inject` ends before so many of the last entries that it read have been taken: of 606 it
# has left 398, five times in a row.
LEFT = 8000


def write(path, made):
    """The file; its last entries once more, a short file's as often as it takes."""
    rest = made[1:][-LEFT:]
    path.write_bytes(b"".join(made + rest * -(-LEFT // max(len(rest), 1))))


def routeviews_2014(path):
    """The first 9,000 or so prefixes of RouteViews' table of 23 May 2014, as the peer with
    the most routes in it has them: a file that ends in the middle of a record, of which
    whole records are taken."""
    torn = (DATA / "pyasn_rib.20140523.0600_firstMB.bz2").read_bytes()
    data = bz2.BZ2Decompressor().decompress(torn)
    whole = [(each, entries(each[3])) for each in records(data) if each[2] == 2]
    (peer, count), = Counter(peer for _, found in whole for peer in found).most_common(1)
    made = [record(*next(records(data)))]
    for (time, kind, subtype, body), found in whole:
        if peer in found:
            head = 5 + (body[4] + 7) // 8
            body = body[:head] + struct.pack("!H", 1) + found[peer]
            made.append(record(time, kind, subtype, body))
    write(path, made)
    return count


def entries(body):
    """RIB entries by peer index (RFC 6396 §4.3.4)."""
    at = 5 + (body[4] + 7) // 8
    (count,) = struct.unpack_from("!H", body, at)
    at, found = at + 2, {}
    for _ in range(count):
        peer, _, length = struct.unpack_from("!HIH", body, at)
        found[peer] = body[at : at + 8 + length]
        at += 8 + length
    return found


def ris_2002(path, peer_as=1853):
    """The whole table of AS1853 on 22 July 2002 from RIS, 112,986 routes: TABLE_DUMP made
    TABLE_DUMP_V2 (four-octet AS_PATH), which is all that GoBGP reads."""
    data = gzip.decompress((DATA / "ripe-bgpdump_bview.20020722.2337.gz").read_bytes())
    made, number = [], 0
    for time, kind, subtype, body in records(data):
        assert (kind, subtype) == (12, 1)
        *_, prefix, bits, _, since, address, asn, _ = struct.unpack_from("!HH4sBBI4sHH", body)
        if asn != peer_as:
            continue
        if not made:
            index = b"\0\0\0\0" + struct.pack("!HHB4s4sI", 0, 1, 2, address, address, asn)
            made.append(record(time, 13, 1, index))
        attributes = widened(body[22:])
        made.append(
            record(
                time,
                13,
                2,
                struct.pack("!IB", number, bits)
                + prefix[: (bits + 7) // 8]
                + struct.pack("!HHIH", 1, 0, since, len(attributes))
                + attributes,
            )
        )
        number += 1
    write(path, made)
    return number


def widened(attributes):
    """Path attributes with every AS in four octets; AGGREGATOR left out."""
    made = b""
    for flags, code, value in attributes_of(attributes):
        if code == 7:
            continue
        if code == 2:
            wide, inner = b"", 0
            while inner < len(value):
                kind, count = value[inner], value[inner + 1]
                ases = struct.unpack_from(f"!{count}H", value, inner + 2)
                wide += bytes([kind, count]) + struct.pack(f"!{count}I", *ases)
                inner += 2 + 2 * count
            value = wide
        made += struct.pack("!BBH", flags | 0x10, code, len(value)) + value
    return made


def ipv6(path, drill, count=1000):
    """IPv6 routes of a drill's table (real prefixes and origins, synthetic paths), each as its
    first peer has it. MP_REACH_NLRI is spelled out, as GoBGP wants it, and not shortened
    as RFC 6396 §4.3.4 has it."""
    made = []
    for time, kind, subtype, body in records(drill.read_bytes()):
        if subtype == 1:
            made.append(record(time, kind, subtype, body))
        elif subtype == 4 and len(made) <= count:
            head = 5 + (body[4] + 7) // 8
            since, attributes = struct.unpack_from("!I", body, head + 4)[0], body[head + 10 :]
            (size,) = struct.unpack_from("!H", body, head + 8)
            attributes = spelled_out(attributes[:size], body[4:head])
            entry = struct.pack("!HHIH", 1, 0, since, len(attributes)) + attributes
            made.append(record(time, kind, subtype, body[:head] + entry))
    write(path, made)
    return len(made) - 1


def spelled_out(attributes, nlri):
    """Path attributes with a whole MP_REACH_NLRI."""
    made = b""
    for flags, code, value in attributes_of(attributes):
        if code == 14:
            value = struct.pack("!HB", 2, 1) + value + b"\0" + nlri
        made += struct.pack("!BBH", flags | 0x10, code, len(value)) + value
    return made


def attributes_of(data):
    """(flags, code, value) of every path attribute."""
    at = 0
    while at < len(data):
        flags, code = data[at], data[at + 1]
        if flags & 0x10:
            (size,) = struct.unpack_from("!H", data, at + 2)
            start = at + 4
        else:
            size, start = data[at + 2], at + 3
        yield flags, code, data[start : start + size]
        at = start + size


def made_up(path, routes):
    """These routes, {prefix: path}, as the one peer of a file has them."""
    index = b"\0\0\0\0" + struct.pack("!HHB4s4sI", 0, 1, 2, b"\1\1\1\1", b"\1\1\1\1", 64496)
    made = [record(0, 13, 1, index)]
    for number, (prefix, ases) in enumerate(routes.items()):
        net = ipaddress.ip_network(prefix)
        attributes = b"\x40\1\1\0" + struct.pack("!BBH", 0x50, 2, 2 + 4 * len(ases))
        attributes += struct.pack(f"!BB{len(ases)}I", 2, len(ases), *ases) + b"\x40\3\4\1\1\1\1"
        nlri = net.network_address.packed[: (net.prefixlen + 7) // 8]
        made.append(
            record(
                0,
                13,
                2,
                struct.pack("!IB", number, net.prefixlen)
                + nlri
                + struct.pack("!HHIH", 1, 0, 0, len(attributes))
                + attributes,
            )
        )
    write(path, made)
    return len(routes)
