"""Sessions cleared at the router, hard and soft: counts return, nobody is woken."""

import time

from lab import Frr, Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    feed = Gobgp(
        lab,
        "feed",
        1,
        398001,
        Gobgp.neighbour("192.0.2.2", 398000) + Gobgp.neighbour("192.0.2.3", 398002),
    )
    feed.inject(table, count)
    site.start()
    frr = Frr(
        lab, "frr", 2, 398000, Frr.neighbour(feed.address, 398001),
        Frr.bmp("pre-policy", "post-policy"), cut_off=True,
    )
    lab.wait("FRR has the table", lambda: frr.accepted().get(feed.address) == count)
    frr.reach()
    gobgp = Gobgp(
        lab, "gobgp", 3, 398002, Gobgp.neighbour(feed.address, 398001) + Gobgp.bmp("all")
    )
    whole = {
        (frr, feed.address, "adj-rib-in-pre", "ipv4"): count,
        (frr, feed.address, "adj-rib-in-post", "ipv4"): count,
        (gobgp, feed.address, "adj-rib-in-pre", "ipv4"): count,
        (gobgp, feed.address, "adj-rib-in-post", "ipv4"): count,
        (gobgp, None, "loc-rib", "ipv4"): count,
    }
    site.expect(whole)
    for _ in range(2):
        before = site.messages("peer_down")
        frr.show("clear bgp ipv4 unicast *")
        gobgp.tell("neighbor", feed.address, "disable")
        lab.wait("both Peer Downs", lambda n=before: site.messages("peer_down") >= n + 2)
        gobgp.tell("neighbor", feed.address, "enable")
        frr.established(feed.address)
        gobgp.established(feed.address)
        lab.wait("FRR has the table again", lambda: frr.accepted()[feed.address] == count)
        lab.wait("GoBGP has the table again", lambda: gobgp.counts(feed.address)[1] == count)
        site.expect(whole)
    before = steady(lab, lambda: site.messages("route_monitoring"))
    frr.show("clear bgp ipv4 unicast * in")
    gobgp.tell("neighbor", feed.address, "softresetin")
    lab.wait("the refreshed routes", lambda: site.messages("route_monitoring") > before)
    site.expect(whole)


def steady(lab, count, seconds=2):
    """What is counted, once it has been the same for so long."""
    last, since = count(), time.monotonic()

    def still():
        nonlocal last, since
        now = count()
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since >= seconds

    lab.wait("nothing more comes", still)
    return last
