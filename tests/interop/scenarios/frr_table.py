"""A whole real table through FRR, before and after policy; the daemon comes last."""

from lab import Frr, Gobgp
import tables

COLLECTOR_FIRST = False


def run(lab, site):
    table = lab.directory / "table"
    count = tables.ris_2002(table)
    feed = Gobgp(lab, "feed", 1, 1853, Gobgp.neighbour("192.0.2.2", 398000))
    feed.inject(table, count)
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        Frr.neighbour(feed.address, 1853),
        Frr.bmp("pre-policy", "post-policy", statistics=1000),
    )
    frr.established(feed.address)
    lab.wait(f"FRR has all {count} routes", lambda: frr.accepted()[feed.address] == count, 120)
    site.start()
    site.expect(
        {
            (frr, feed.address, "adj-rib-in-pre", "ipv4"): frr.received(feed.address),
            (frr, feed.address, "adj-rib-in-post", "ipv4"): frr.accepted()[feed.address],
        },
        seconds=180,
    )
    site.synced()
