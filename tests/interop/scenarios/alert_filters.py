"""FRR takes the filter that an alert suggests for it, and refuses the leak and nothing else."""

from alerting import settings, skipped, webhook
from lab import Failed, Frr, Gobgp, Still, equal
from receivers import Receiver
from speaker import block
import tables

FEED, OURS = 398001, 398000
TABLE, LEAKED, LONG = 2000, 300, 3


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    feed = Gobgp(lab, "feed", 1, FEED, Gobgp.neighbour("192.0.2.2", OURS))
    clean = {block(number): (3356, 1000 + number) for number in range(TABLE)}
    # Not too long, though of many digits: no filter for long paths may take it for one.
    clean[block(0)] = (*range(397000, 397040), 1000)
    feed.inject(lab.directory / "table", tables.made_up(lab.directory / "table", clean))
    frr = Frr(
        lab,
        "frr",
        2,
        OURS,
        Frr.neighbour(feed.address, FEED, policy="IN-USE"),
        Frr.bmp("pre-policy"),
        before="route-map IN-USE permit 100\nexit\nbgp route-map delay-timer 1\n",
    )
    frr.established(feed.address)
    lab.wait("FRR has the table", lambda: frr.accepted().get(feed.address) == TABLE)
    peer = f'[[peer]]\nmatch = {{ address = "{feed.address}" }}\nplatform = "frr"\n'
    site.start(more=settings(lab.directory / "state", webhook(hook, "hook"), more="") + peer)
    whole = {(frr, feed.address, "adj-rib-in-pre", "ipv4"): TABLE}
    site.expect(whole)
    site.synced()

    leak = {block(n, 21): (701, 15169, 1000 + n // 2) for n in range(LEAKED)}
    # Prefixes of their own, so that GoBGP's count says whether it has taken all of them.
    long = {block(TABLE + n): (65, *[1000 + TABLE + n] * 150) for n in range(LONG)}
    tables.made_up(lab.directory / "leak", {**leak, **long})
    before = TABLE + LEAKED + LONG
    feed.inject(lab.directory / "leak", before)
    lab.wait("FRR has the leak", lambda: left(frr, feed, before))
    for kind, refused in (("leak", LEAKED), ("path", LONG)):
        suggested = lab.wait(f"a filter for the {kind}", lambda: suggestion(hook, kind), 30)
        text = suggested["text"]
        print(*(f"  | {line}" for line in text.splitlines()), sep="\n")
        equal("in the words of", suggested["platform"], "FRR")
        apply(frr, text)
        frr.show(f"clear bgp ipv4 unicast {feed.address} soft in")
        before -= refused
        lab.wait(f"the {kind} is refused", lambda: left(frr, feed, before), 60)
    equal("routes that FRR still hears", frr.received(feed.address), TABLE + LEAKED + LONG)
    site.kill()


def left(frr, feed, wanted):
    """Whether FRR accepts so many of the feed's routes."""
    accepted = frr.accepted().get(feed.address)
    return Still(None if accepted == wanted else f"{accepted} accepted, not {wanted}")


def suggestion(hook, kind):
    """What was last suggested for a kind of incident."""
    for _, _, body in reversed(hook.documents):
        if body.get("incident", {}).get("kind") == kind and body["suggestions"]:
            return body["suggestions"][0]
    return None


def apply(frr, text):
    """As somebody enters it: all of it at once. FRR says nothing where it takes a line."""
    # A number of its own before the first of the policy in use, as the comment asks for.
    apply.number += 10
    lines = [line.replace("deny 1", f"deny {apply.number}") for line in text.splitlines()]
    said = frr.show("configure terminal", *(line for line in lines if not line.startswith("!")))
    if "%" in said or "nknown" in said:
        raise Failed(f"FRR does not take it: {said}")


apply.number = 0
