"""A router that waits for the collector to connect (`bmp listener`)."""

from lab import COLLECTOR, Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    feed = Gobgp(lab, "feed", 1, 398001, Gobgp.neighbour("192.0.2.2", 398000))
    feed.inject(table, count)
    site.start(connect=["192.0.2.2:1790"])
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        Frr.neighbour(feed.address, 398001),
        Frr.bmp("pre-policy", listen=1790),
        cut_off=True,
    )
    lab.wait("FRR has the table", lambda: frr.accepted().get(feed.address) == count)
    frr.reach()
    whole = {(frr, feed.address, "adj-rib-in-pre", "ipv4"): count}
    site.expect(whole)
    site.stop()
    site.start(connect=["192.0.2.2:1790"])
    site.expect(whole)
