"""Both families over one session, and IPv6 over IPv6."""

from lab import Frr, Gobgp
import tables


def run(lab, site):
    both = ("ipv4", "ipv6")
    four, six = lab.directory / "four", lab.directory / "six"
    counts = {"ipv4": tables.routeviews_2014(four), "ipv6": tables.ipv6(six, site.drill_table())}
    feed = Gobgp(
        lab,
        "feed",
        1,
        398001,
        Gobgp.neighbour("192.0.2.2", 398000, both)
        + Gobgp.neighbour("2001:db8::2", 398000, ("ipv6",))
        + Gobgp.neighbour("192.0.2.3", 398002, both),
    )
    feed.inject(four, counts["ipv4"])
    feed.inject(six, counts["ipv6"], "ipv6")
    site.start()
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        Frr.neighbour(feed.address, 398001, families=both)
        + Frr.neighbour(feed.address6, 398001, families=("ipv6",)),
        Frr.bmp("pre-policy", families=both),
        cut_off=True,
    )
    gobgp = Gobgp(
        lab, "gobgp", 3, 398002, Gobgp.neighbour(feed.address, 398001, both) + Gobgp.bmp("pre-policy")
    )
    frr.established(feed.address)
    frr.established(feed.address, feed.address6, family="ipv6")
    gobgp.established(feed.address)
    wanted = {}
    for family in both:
        sent = counts[family]
        lab.wait(
            f"FRR has the {family} table",
            lambda f=family, n=sent: all(x == n for x in frr.accepted(f).values()),
        )
        lab.wait(
            f"GoBGP has the {family} table",
            lambda f=family, n=sent: gobgp.counts(feed.address, f)[0] == n,
        )
        for address, count in frr.accepted(family).items():
            wanted[frr, address, "adj-rib-in-pre", family] = count
        wanted[gobgp, feed.address, "adj-rib-in-pre", family] = gobgp.counts(feed.address, family)[0]
    frr.reach()
    site.expect(wanted)
