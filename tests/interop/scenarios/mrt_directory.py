"""A router's own MRT dump in a watched directory, followed while it grows.

FRR writes it, goes on in another file, and loses the session: the routes go with it.
"""

from collections import namedtuple

from lab import Failed, Frr, Gobgp
import tables

Directory = namedtuple("Directory", "address")
SETTINGS = '[[mrt]]\nname = "{}"\ndirectory = "{}"\npoll = "1s"\nstable = "2s"\nfollow = true\n'


def run(lab, site):
    if not hasattr(site, "metric"):
        return
    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    place = lab.directory / "dumps"
    place.mkdir()
    place.chmod(0o777)
    first, second = place / "first", place / "second"
    feed = Gobgp(lab, "feed", 1, 398001, Gobgp.neighbour("192.0.2.2", 398000))
    frr = Frr(
        lab,
        "frr",
        2,
        398000,
        Frr.neighbour(feed.address, 398001),
        before=f"dump bgp all {first}\n",
    )
    frr.established(feed.address)
    site.start(more=SETTINGS.format("frr", place))
    feed.inject(table, count)
    lab.wait("FRR has the table", lambda: frr.accepted()[feed.address] == count)
    whole = {(Directory("frr"), feed.address, "adj-rib-in-pre", "ipv4"): count}
    site.expect(whole)
    frr.configure(f"no dump bgp all {first}", f"dump bgp all {second}")
    feed.tell("neighbor", frr.address, "disable")
    site.expect({})
    feed.tell("neighbor", frr.address, "enable")
    frr.established(feed.address)
    site.expect(whole)
    lab.wait(
        "the first file to be left",
        lambda: site.metric("leakwatch_mrt_files_read_total", directory="frr") >= 1,
    )
    damaged = site.metric("leakwatch_mrt_files_damaged_total", directory="frr")
    if damaged:
        raise Failed(f"{damaged} files with damage")
