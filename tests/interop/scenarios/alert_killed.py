"""Killed at random moments of a burst, over and over: nothing lost, nobody paged twice.

LEAKWATCH_KILLS is how often, 20 if not set.
"""

import os
import random
import time
from collections import Counter

from alerting import settings, sink, skipped, webhook
from lab import Failed, Still, equal
from receivers import Receiver
from servers import HOOK, Alertmanager, missing, pages
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    kills = int(os.environ.get("LEAKWATCH_KILLS", "20"))
    seed = int(os.environ.get("LEAKWATCH_SEED", time.time()))
    chance = random.Random(seed)
    hook = Receiver(lab, 19400)
    sinks = [webhook(hook, "hook", timeout="30s")]
    pager = None
    if not missing("prometheus-alertmanager"):
        pager = Receiver(lab, HOOK)
        manager = Alertmanager(lab, pager.url)
        manager.start()
        sinks.append(sink("alertmanager", name="am", urls=[manager.url], hold="10s", resend="10s"))
    configured = settings(lab.directory / "state", *sinks)
    speaker = Speaker(site)
    leaked, opened, shown = 0, 0, set()
    moments = Counter()
    for turn in range(kills):
        site.start(more=configured)
        # What was shown before is there before any router is.
        lost = shown - set(site.incidents())
        if lost:
            raise Failed(f"lost in kill {turn} of seed {seed}: {sorted(lost)}")
        speaker.connect()
        site.synced()
        until = time.monotonic() + chance.uniform(0.0, 1.0)
        while (left := until - time.monotonic()) > 0:
            what = chance.random()
            if what < 0.5 and leaked < 1500:
                speaker.leak(leaked, 50)
                leaked += 50
            elif what < 0.8:
                opened += 1
                speaker.prepend(opened)
            elif opened:
                speaker.heal(chance.randint(1, opened))
            if chance.random() < 0.3:
                shown |= set(site.incidents())
            time.sleep(min(left, chance.uniform(0.0, 0.1)))
        site.kill()
        speaker.close()
        logged = {line["id"] for line in site.said("incident opened")}
        moments["with a new incident"] += bool(logged - shown)
        shown |= logged
        shown |= {id for id, event in hook.told()}
    site.start(more=configured)
    speaker.connect()
    site.synced()
    told = site.incidents()
    lost = shown - set(told)
    if lost:
        raise Failed(f"lost at the end of seed {seed}: {sorted(lost)}")
    # All that is left comes to an end.
    for number in range(1, opened + 1):
        speaker.heal(number)
    for prefix in [one for one in speaker.routes if one not in speaker.clean]:
        speaker.withdraw(prefix)
    lab.wait("all of it over", lambda: all_over(site), 120)
    lab.wait("nothing waits", lambda: not waits(site), 120)
    lab.wait("everybody told of each end", lambda: Still(unended(hook.told())), 60)
    if pager:
        told = lambda: [(name, status) for name, status, _ in pages(pager)]
        lab.wait("everybody paged of each end", lambda: Still(unended(told())), 60)
    time.sleep(3)
    critical = {name for name, one in site.incidents().items() if is_critical(one)}
    print(
        f"  seed {seed}: {kills} kills ({moments['with a new incident']} with a new incident),"
        f" {len(critical)} incidents that page, {leaked} leaked routes"
    )
    at_the_hook(hook, critical)
    if pager:
        at_the_pager(pager, critical)
    site.stop()


def all_over(site):
    open_still = {n: one for n, one in site.incidents().items() if one["state"] != "resolved"}
    return Still(open_still)


def unended(told):
    """Incidents of which the last that was told is not their end."""
    last = dict(told)
    return sorted(name for name, event in last.items() if event != "resolved")


def waits(site):
    return site.metric("leakwatch_notification_queue_length")


def is_critical(one):
    return "critical" in (one["severity"], one.get("worst"))


def lives(told):
    """How often somebody who was told this was paged anew while it still went on."""
    pages, open_now, again = 0, False, 0
    for what in told:
        if what in ("opened", "reopened", "firing"):
            pages += 1
            again += open_now
            open_now = True
        elif what == "resolved":
            open_now = False
    return pages, again, open_now


def at_the_hook(hook, critical):
    keys = Counter(key for _, key, _ in hook.documents)
    repeated = sum(count - 1 for count in keys.values())
    steps = {}
    for name, event in hook.told():
        steps.setdefault(name, []).append(event)
    missed = critical - set(steps)
    if missed:
        raise Failed(f"never told to the webhook: {sorted(missed)}")
    reopened = 0
    for name, told in steps.items():
        equal(f"{name} opened at the webhook", told.count("opened"), 1)
        equal(f"{name} begins at the webhook", told[0], "opened")
        reopened += told.count("reopened")
        pages, again, still = lives(told)
        if again or still:
            raise Failed(f"the webhook was told of {name}: {told}")
    bodies = {}
    for _, key, body in hook.documents:
        what = (body["event"], body["time"])
        if bodies.setdefault(key, what) != what:
            raise Failed(f"{key} has meant two things: {bodies[key]} and {what}")
    print(
        f"  webhook: {len(hook.requests)} requests, {len(keys)} keys, {repeated} sent again"
        f" under their key, {len(steps)} incidents opened once each, {reopened} reopened"
    )


def at_the_pager(pager, critical):
    steps = {}
    for name, status, _ in pages(pager):
        steps.setdefault(name, []).append(status)
    missed = critical - set(steps)
    if missed:
        raise Failed(f"never paged by Alertmanager: {sorted(missed)}")
    second = {name: told for name, told in steps.items() if lives(told)[1]}
    if second:
        raise Failed(f"paged twice by Alertmanager: {second}")
    still = [name for name, told in steps.items() if told[-1] != "resolved"]
    if still:
        raise Failed(f"over, and Alertmanager does not say so: {still}")
    print(f"  Alertmanager: {len(steps)} incidents, {len(pages(pager))} notifications, none twice")
