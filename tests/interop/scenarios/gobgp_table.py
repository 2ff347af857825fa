"""GoBGP with a real file injected into its neighbour: every kind of RIB that it monitors."""

from lab import Gobgp
import tables


def run(lab, site):
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    site.start()
    gobgp = Gobgp(
        lab, "gobgp", 3, 398002, Gobgp.neighbour("192.0.2.1", 398001) + Gobgp.bmp("all", 15)
    )
    feed = Gobgp(lab, "feed", 1, 398001, Gobgp.neighbour(gobgp.address, 398002))
    gobgp.established(feed.address)
    feed.inject(table, count)
    lab.wait(f"GoBGP has all {count} routes", lambda: gobgp.counts(feed.address)[0] == count)

    def whole():
        # What has a loop, say, is received and not accepted, nor told of.
        _, accepted, _ = gobgp.counts(feed.address)
        return {
            (gobgp, feed.address, "adj-rib-in-pre", "ipv4"): accepted,
            (gobgp, feed.address, "adj-rib-in-post", "ipv4"): accepted,
            (gobgp, None, "loc-rib", "ipv4"): gobgp.table()["Destination"],
        }

    site.expect(whole)
