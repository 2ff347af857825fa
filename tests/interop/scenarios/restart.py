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
    frr = Frr(lab, "frr", 2, 398000, Frr.neighbour(feed.address, 398001), Frr.bmp("pre-policy"))
    whole = {(frr, feed.address, "adj-rib-in-pre", "ipv4"): count}
    site.expect(whole)

    lab.stop("frr", signal.SIGKILL)
    site.lost(frr)
    # What it had is kept while it is away.
    site.expect(whole)
    frr.start()
    site.back(frr)
    lab.wait("FRR has the table again", lambda: frr.accepted().get(feed.address) == count)
    site.expect(whole)

    site.stop()
    site.start()
    site.expect(whole)
