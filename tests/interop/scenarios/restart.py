"""A router that dies and returns, then the daemon that does."""

import signal

from lab import Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    feed = Gobgp(lab, "feed", 1, 398001, Gobgp.neighbour("192.0.2.2", 398000))
    feed.inject(table, count)
    site.start()
    neighbour = Frr.neighbour(feed.address, 398001)
    frr = Frr(lab, "frr", 2, 398000, neighbour, Frr.bmp("pre-policy"), cut_off=True)
    has_all = lambda: frr.accepted().get(feed.address) == count
    lab.wait("FRR has the table", has_all)
    frr.reach()
    whole = {(frr, feed.address, "adj-rib-in-pre", "ipv4"): count}
    site.expect(whole)

    lab.stop("frr", signal.SIGKILL)
    site.lost(frr)
    # What it had is kept while it is away.
    site.expect(whole)
    frr.cut_off()
    frr.start()
    lab.wait("FRR has the table again", has_all)
    frr.reach()
    site.back(frr)
    site.expect(whole)

    site.stop()
    site.start()
    site.expect(whole)
