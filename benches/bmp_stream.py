#!/usr/bin/env python3
"""BMP streams made of recordings, and what sends them, for measurements by hand.

    bmp_stream.py table RIB OUT [--pack N] [--peers N]   a whole transfer of a TABLE_DUMP_V2 file
    bmp_stream.py updates OUT FILE...                     the UPDATEs of BGP4MP files, gzip or plain
    bmp_stream.py send FILE ADDRESS:PORT                  as fast as it goes
    bmp_stream.py churn FILE ADDRESS:PORT SECONDS RATE    the Route Monitoring of FILE over and over,
                                                          RATE messages a second; a new session every
                                                          five minutes
    bmp_stream.py routers FILE ADDRESS:PORT N             N routers at once, 127.1.x.y each
    bmp_stream.py peers ADDRESS:PORT N                    one router with N peers that come up

Only the standard library. FILE is read once and sent from memory.
"""

import gzip
import ipaddress
import socket
import struct
import sys
import threading
import time

MARKER = b"\xff" * 16


def message(kind, body):
    return struct.pack("!BIB", 3, 6 + len(body), kind) + body


def initiation(name):
    text = b"made from a recording"
    name = name.encode()
    return message(
        4, struct.pack("!HH", 1, len(text)) + text + struct.pack("!HH", 2, len(name)) + name
    )


def header(address, asn, two_octet=False):
    flags = (0x80 if address.version == 6 else 0) | (0x20 if two_octet else 0)
    packed = address.packed.rjust(16, b"\0")
    bgp_id = struct.pack("!I", (int(address) ^ asn) & 0xFFFFFFFF or 1)
    return struct.pack("!BBQ", 0, flags, 0) + packed + struct.pack("!I", asn) + bgp_id + b"\0" * 8


def bgp_open(asn, bgp_id):
    capabilities = b""
    for family in (b"\0\1\0\1", b"\0\2\0\1"):
        capabilities += b"\1\4" + family
    capabilities += b"\x41\4" + struct.pack("!I", asn)
    options = bytes([2, len(capabilities)]) + capabilities
    body = struct.pack("!BHHIB", 4, min(asn, 23456) if asn > 65535 else asn, 90, bgp_id, len(options))
    return MARKER + struct.pack("!HB", 19 + 10 + len(options), 1) + body + options


def peer_up(address, asn):
    ours = bgp_open(64500, 0xC0000201)
    theirs = bgp_open(asn, (int(address) ^ asn) & 0xFFFFFFFF or 1)
    local = b"\0" * 16 + struct.pack("!HH", 179, 40000)
    return message(3, header(address, asn) + local + ours + theirs)


def update(attributes, nlri):
    size = 23 + len(attributes) + len(nlri)
    return (
        MARKER + struct.pack("!HBHH", size, 2, 0, len(attributes)) + attributes + nlri
    )


END_OF_RIB = MARKER + b"\0\x17\2\0\0\0\0"


def records(data):
    at = 0
    while len(data) - at >= 12:
        when, kind, subtype, length = struct.unpack_from("!IHHI", data, at)
        yield when, kind, subtype, data[at + 12 : at + 12 + length]
        at += 12 + length


def read(path):
    data = open(path, "rb").read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def table(path, out, pack, peers):
    """IPv4 of the first RIB entries; the peers all have the same routes."""
    groups, order, prefixes = {}, [], 0
    for _, kind, subtype, body in records(read(path)):
        if (kind, subtype) != (13, 2):
            continue
        bits = body[4]
        end = 5 + (bits + 7) // 8
        (length,) = struct.unpack_from("!H", body, end + 8)
        attributes = body[end + 10 : end + 10 + length]
        group = groups.get(attributes)
        if group is None or len(group) >= pack:
            groups[attributes] = group = []
            order.append((attributes, group))
        group.append(body[4:end])
        prefixes += 1
    updates = [update(attributes, b"".join(group)) for attributes, group in order]
    with open(out, "wb") as file:
        file.write(initiation("bench"))
        for number in range(peers):
            address, asn = ipaddress.ip_address(0xC6336401 + number), 65550 + number
            file.write(peer_up(address, asn))
            head = header(address, asn)
            for each in updates:
                file.write(message(0, head + each))
            file.write(message(0, head + END_OF_RIB))
    print(f"{prefixes * peers} NLRI in {len(updates) * peers} Route Monitoring, {peers} peers")


def updates(out, paths):
    peers, made = {}, []
    for path in paths:
        for _, kind, subtype, body in records(read(path)):
            if kind == 17:
                body = body[4:]
            elif kind != 16:
                continue
            if subtype not in (1, 4):
                continue
            form, at = ("!HH", 4) if subtype == 1 else ("!II", 8)
            asn, _ = struct.unpack_from(form, body)
            _, afi = struct.unpack_from("!HH", body, at)
            size = 4 if afi == 1 else 16
            address = ipaddress.ip_address(body[at + 4 : at + 4 + size])
            bgp = body[at + 4 + 2 * size :]
            if bgp[18:19] != b"\2":
                continue
            peers[address, asn] = None
            made.append(message(0, header(address, asn, subtype == 1) + bgp))
    with open(out, "wb") as file:
        file.write(initiation("bench"))
        for address, asn in peers:
            file.write(peer_up(address, asn))
        file.write(b"".join(made))
    print(f"{len(made)} Route Monitoring of {len(peers)} peers")


def messages(data):
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("!I", data, at + 1)
        yield data[at + 5], data[at : at + length]
        at += length


def target(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def send(path, to):
    data = open(path, "rb").read()
    started = time.monotonic()
    with socket.create_connection(to) as connection:
        connection.sendall(data)
        print(f"{len(data)} octets taken in {time.monotonic() - started:.3f} s", flush=True)
        # The session stays up, so that what it brought can be counted.
        connection.recv(1)


def churn(path, to, seconds, rate):
    opening, body = [], []
    for kind, each in messages(open(path, "rb").read()):
        (body if kind == 0 else opening).append(each)
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        renew = min(end, time.monotonic() + 300)
        with socket.create_connection(to) as connection:
            connection.sendall(b"".join(opening))
            begun, here = time.monotonic(), 0
            while time.monotonic() < renew:
                due = int((time.monotonic() - begun) * rate) - here
                part = [body[(sent + n) % len(body)] for n in range(min(due, 5000))]
                connection.sendall(b"".join(part))
                here, sent = here + len(part), sent + len(part)
                time.sleep(0.05)
    print(f"{sent} messages, the recording {sent / len(body):.1f} times")


def routers(path, to, count):
    """All connect first, then all send; stays until standard input ends."""
    all_of = list(messages(open(path, "rb").read()))
    data = b"".join(each for kind, each in all_of if kind != 4)
    connections = []
    started = time.monotonic()
    for number in range(count):
        source = f"127.1.{number // 250}.{number % 250 + 1}"
        connections.append(socket.create_connection(to, source_address=(source, 0)))
    print(f"{count} connected after {time.monotonic() - started:.2f} s", flush=True)

    def play(number):
        connections[number].sendall(initiation(f"router-{number}") + data)

    threads = [threading.Thread(target=play, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"all sent after {time.monotonic() - started:.2f} s", flush=True)
    sys.stdin.read()


def many_peers(to, count):
    with socket.create_connection(to) as connection:
        connection.sendall(initiation("hostile"))
        # All differ in the address and in the identifier, at the end of the header and in the
        # second OPEN; the rest is made once.
        first = ipaddress.ip_address(0x0A000000)
        one = bytearray(peer_up(first, 65000))
        identifier = struct.pack("!I", int(first) ^ 65000)
        places = [36, one.rindex(identifier)]
        assert one[36:40] == identifier
        for n in range(count):
            struct.pack_into("!I", one, 28, 0x0A000000 + n)
            for at in places:
                struct.pack_into("!I", one, at, (0x0A000000 + n) ^ 65000)
            connection.sendall(one)
        print(f"{count} Peer Ups sent", flush=True)
        sys.stdin.read()


def main(argv):
    what, rest = argv[1], argv[2:]
    options = {"--pack": 1, "--peers": 1}
    for name in options:
        if name in rest:
            at = rest.index(name)
            options[name] = int(rest[at + 1])
            del rest[at : at + 2]
    if what == "table":
        table(rest[0], rest[1], options["--pack"], options["--peers"])
    elif what == "updates":
        updates(rest[0], rest[1:])
    elif what == "send":
        send(rest[0], target(rest[1]))
    elif what == "churn":
        churn(rest[0], target(rest[1]), float(rest[2]), float(rest[3]))
    elif what == "routers":
        routers(rest[0], target(rest[1]), int(rest[2]))
    elif what == "peers":
        many_peers(target(rest[0]), int(rest[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
