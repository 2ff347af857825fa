"""An import policy that refuses part of a table: before and after it differ, and rightly."""

from lab import Failed, Frr, Gobgp
import tables

REFUSED = (
    "[[defined-sets.prefix-sets]]\n"
    '  prefix-set-name = "refused"\n'
    "  [[defined-sets.prefix-sets.prefix-list]]\n"
    '    ip-prefix = "0.0.0.0/0"\n    masklength-range = "24..32"\n'
    '[[policy-definitions]]\n  name = "refuse"\n'
    "  [[policy-definitions.statements]]\n"
    "    [policy-definitions.statements.conditions.match-prefix-set]\n"
    '      prefix-set = "refused"\n'
    "    [policy-definitions.statements.actions]\n"
    '      route-disposition = "reject-route"\n'
)
IMPORT = (
    "  [global.apply-policy.config]\n"
    '    import-policy-list = ["refuse"]\n    default-import-policy = "accept-route"\n'
)


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
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        Frr.neighbour(feed.address, 398001, policy="short"),
        Frr.bmp("post-policy"),
        before="ip prefix-list short seq 5 permit 0.0.0.0/0 le 23\n"
        "route-map short permit 10\n match ip address prefix-list short\nexit\n",
    )
    gobgp = Gobgp(
        lab,
        "gobgp",
        3,
        398002,
        IMPORT + Gobgp.neighbour(feed.address, 398001) + REFUSED + Gobgp.bmp("all"),
    )
    frr.established(feed.address)
    gobgp.established(feed.address)
    lab.wait("FRR has the table", lambda: frr.received(feed.address) == count)
    lab.wait("GoBGP has the table", lambda: gobgp.counts(feed.address)[0] == count)
    # GoBGP 3.10 contradicts its own OPENs once in this set-up; the header is believed, and
    # the counts below must be right all the same.
    site.known = ("bmp_peer_open",)
    site.start()

    def whole():
        # GoBGP counts as accepted what has passed checks, not policy; its table has that.
        received, _, _ = gobgp.counts(feed.address)
        table = gobgp.table()["Destination"]
        return {
            # Of its view before policy FRR 8.4 leaves out what policy refuses, some or all
            # of it from run to run, so nothing can be asserted of it.
            (frr, feed.address, "adj-rib-in-post", "ipv4"): frr.accepted()[feed.address],
            (gobgp, feed.address, "adj-rib-in-pre", "ipv4"): received,
            (gobgp, feed.address, "adj-rib-in-post", "ipv4"): table,
            (gobgp, None, "loc-rib", "ipv4"): table,
        }

    site.expect(whole)
    kept = frr.accepted()[feed.address]
    if not 0 < kept < count:
        raise Failed(f"the policy keeps {kept} of {count}")
