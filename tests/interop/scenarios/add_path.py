"""ADD-PATH (RFC 7911): two paths to each prefix from one neighbour, seen in BMP."""

from lab import Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    names = [("left", 1, 64501), ("right", 2, 64502)]
    feeds = [
        Gobgp(lab, name, number, asn, Gobgp.neighbour("192.0.2.3", 64500))
        for name, number, asn in names
    ]
    for feed in feeds:
        feed.inject(table, count)
    # Between them and the routers under test: a router that sends on all it has.
    middle = Frr(
        lab,
        "middle",
        3,
        64500,
        "".join(Frr.neighbour(f"192.0.2.{number}", asn) for _, number, asn in names)
        + Frr.neighbour("192.0.2.4", 64504, extra="neighbor 192.0.2.4 addpath-tx-all-paths")
        + Frr.neighbour("192.0.2.5", 64505, extra="neighbor 192.0.2.5 addpath-tx-all-paths"),
    )
    site.start()
    frr = Frr(
        lab, "frr", 4, 64504, Frr.neighbour(middle.address, 64500),
        Frr.bmp("pre-policy", "post-policy"),
    )
    receive = "      receive = true\n"
    gobgp = Gobgp(
        lab,
        "gobgp",
        5,
        64505,
        Gobgp.neighbour(middle.address, 64500, add_paths=receive) + Gobgp.bmp("both"),
    )
    middle.established(*(feed.address for feed in feeds), frr.address, gobgp.address)
    paths = 2 * count
    lab.wait("FRR has every path", lambda: frr.accepted()[middle.address] == paths)
    lab.wait("GoBGP has every path", lambda: gobgp.counts(middle.address)[0] == paths)
    site.expect(
        {
            (frr, middle.address, "adj-rib-in-pre", "ipv4"): paths,
            (frr, middle.address, "adj-rib-in-post", "ipv4"): paths,
            (gobgp, middle.address, "adj-rib-in-pre", "ipv4"): paths,
            (gobgp, middle.address, "adj-rib-in-post", "ipv4"): paths,
        }
    )
