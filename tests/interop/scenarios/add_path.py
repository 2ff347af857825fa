"""ADD-PATH (RFC 7911): two paths to each prefix from one neighbour, seen in BMP.

GoBGP before policy only: after it, and FRR 8.4 everywhere, leave the path identifiers out
although the OPENs that they show have them negotiated, which is refused as undecodable.
"""

from lab import Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    names = [("left", 1, 398001), ("right", 2, 398002)]
    feeds = [
        Gobgp(lab, name, number, asn, Gobgp.neighbour("192.0.2.3", 398000))
        for name, number, asn in names
    ]
    for feed in feeds:
        feed.inject(table, count)
    # Between them and the router under test: a router that sends on all it has.
    middle = Frr(
        lab,
        "middle",
        3,
        398000,
        "".join(Frr.neighbour(f"192.0.2.{number}", asn) for _, number, asn in names)
        + Frr.neighbour("192.0.2.5", 398005, extra="neighbor 192.0.2.5 addpath-tx-all-paths"),
    )
    site.start()
    gobgp = Gobgp(
        lab,
        "gobgp",
        5,
        398005,
        Gobgp.neighbour(middle.address, 398000, add_paths="      receive = true\n")
        + Gobgp.bmp("pre-policy"),
    )
    middle.established(*(feed.address for feed in feeds), gobgp.address)
    paths = 2 * count
    lab.wait("GoBGP has every path", lambda: gobgp.counts(middle.address)[0] == paths)
    site.expect({(gobgp, middle.address, "adj-rib-in-pre", "ipv4"): paths})
