"""A neighbour restarts gracefully (RFC 4724): its routes are back with it, nobody is woken."""

import signal

from lab import Frr, Gobgp
import tables

GRACEFUL = "  [neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = 60\n"


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    site.start()
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        " bgp graceful-restart\n" + Frr.neighbour("192.0.2.1", 398001),
        Frr.bmp("pre-policy", "post-policy"),
    )
    feed = Gobgp(
        lab,
        "feed",
        1,
        398001,
        Gobgp.neighbour(frr.address, 398000, graceful=True, extra=GRACEFUL),
    )
    feed.inject(table, count)
    whole = {
        (frr, feed.address, "adj-rib-in-pre", "ipv4"): count,
        (frr, feed.address, "adj-rib-in-post", "ipv4"): count,
    }
    site.expect(whole)
    before = site.messages("peer_down")
    lab.stop("feed", signal.SIGKILL)
    # FRR 8.4 keeps its routes and tells of a Peer Down all the same, which takes them with it
    # (RFC 7854 §4.9).
    lab.wait("the Peer Down", lambda: site.messages("peer_down") > before)
    site.expect({})
    feed.start("-r")
    feed.inject(table, count)
    frr.established(feed.address)
    lab.wait("FRR has the table again", lambda: frr.accepted().get(feed.address) == count)
    site.expect(whole)
