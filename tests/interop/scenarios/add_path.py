"""ADD-PATH (RFC 7911): two paths to each prefix from one neighbour, seen in BMP."""

from lab import Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    names = [("left", 1, 200001), ("right", 2, 200002)]
    feeds = [
        Gobgp(lab, name, number, asn, Gobgp.neighbour("192.0.2.3", 200000))
        for name, number, asn in names
    ]
    for feed in feeds:
        feed.inject(table, count)
    # Between them and the routers under test: a router that sends on all it has.
    middle = Frr(
        lab,
        "middle",
        3,
        200000,
        "".join(Frr.neighbour(f"192.0.2.{number}", asn) for _, number, asn in names)
        + Frr.neighbour("192.0.2.4", 200004, extra="neighbor 192.0.2.4 addpath-tx-all-paths")
        + Frr.neighbour("192.0.2.5", 200005, extra="neighbor 192.0.2.5 addpath-tx-all-paths"),
    )
    site.start()
    frr = Frr(
        lab, "frr", 4, 200004, Frr.neighbour(middle.address, 200000),
        Frr.bmp("pre-policy", "post-policy"),
    )
    receive = "      receive = true\n"
    gobgp = Gobgp(
        lab,
        "gobgp",
        5,
        200005,
        Gobgp.neighbour(middle.address, 200000, add_paths=receive) + Gobgp.bmp("all"),
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
