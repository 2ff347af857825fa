"""A real Alertmanager: told once, told what it missed, told again when it forgets."""

import time

from alerting import ends, opens, settings, sink, skipped, within
from lab import Failed, equal
from receivers import Receiver
from servers import HOOK, Alertmanager, pages
from speaker import Speaker


def run(lab, site):
    if skipped(site, "prometheus-alertmanager", "amtool"):
        return
    pager = Receiver(lab, HOOK)
    manager = Alertmanager(lab, pager.url)
    manager.start()
    speaker = Speaker(site)
    to = sink("alertmanager", name="am", urls=[manager.url], hold="10s", resend="10s")
    configured = settings(lab.directory / "state", to)
    site.start(more=configured)
    speaker.connect()
    site.synced()

    def paged(name):
        return [page for page in pages(pager) if page[0] == name]

    firing, over = ("firing", ("critical",)), ("resolved", ())

    # One that opens and ends.
    name = opens(site, speaker, 1)
    lab.wait("the page", lambda: paged(name), 60)
    right(pager.requests[0].body, name)
    equal("what amtool sees", [one["labels"]["incident"] for one in manager.alerts()], [name])
    ends(site, speaker, 1, name)
    lab.wait("the end of the page", lambda: len(paged(name)) > 1, 60)
    equal("notifications", [page[1:] for page in paged(name)], [firing, over])

    # One that opens and ends while Alertmanager is away.
    manager.stop()
    missed = opens(site, speaker, 2)
    ends(site, speaker, 2, missed)
    time.sleep(3)
    manager.start()
    back = time.monotonic()
    lab.wait("what was missed", lambda: len(paged(missed)) > 1, 300)
    print(f"  missed while away, told {time.monotonic() - back:.1f} s after its return")
    within("from its return to the end of what it missed", 300, time.monotonic() - back)
    equal("what was missed", [page[1:] for page in paged(missed)], [firing, over])

    # One that goes on over restarts of everything.
    name = opens(site, speaker, 3)
    lab.wait("the page", lambda: paged(name), 60)
    for restart in (site.stop, site.kill):
        restart()
        speaker.close()
        site.start(more=configured)
        if site.incidents()[name]["state"] == "resolved":
            raise Failed("an open incident is over because of a restart")
        speaker.connect()
        site.synced()
        time.sleep(5)
        equal("after a restart of leakwatch", [page[1:] for page in paged(name)], [firing])
    manager.stop()
    manager.start()
    lab.wait("it stands there again", lambda: has(manager, name), 60)
    time.sleep(4)
    equal("it remembers that it paged", [page[1:] for page in paged(name)], [firing])
    manager.stop()
    manager.start(forget=True)
    lab.wait("it forgot, and is told again", lambda: len(paged(name)) > 1, 60)
    ends(site, speaker, 3, name)
    lab.wait("the end", lambda: paged(name)[-1][1] == "resolved", 60)
    equal("to the end", [page[1:] for page in paged(name)], [firing, firing, over])
    others = {page[0] for page in pages(pager)} - {name, missed}
    equal("incidents told in all", len(others), 1)
    equal("given up", site.metric("leakwatch_notifications_total", result="given_up"), 0)
    site.stop()


def has(manager, name):
    return name in [one["labels"]["incident"] for one in manager.alerts()]


def right(body, name):
    """The first notification says what it has to, and nothing that is not so."""
    standing = [one for one in body["alerts"] if one["status"] == "firing"]
    equal("alerts that fire", len(standing), 1)
    equal("alerts told of beside it", len(body["alerts"]), 1)
    labels, annotations = standing[0]["labels"], standing[0]["annotations"]
    equal(
        "labels",
        labels,
        {
            "alertname": "LeakwatchIncident",
            "incident": name,
            "kind": "path",
            "neighbour": "AS65",
            "offender": "AS1001",
            "severity": "critical",
        },
    )
    for needed in ("summary", "description", "actions", "runbook_url"):
        if not annotations.get(needed):
            raise Failed(f"no annotation {needed}: {annotations}")
    if "AS1001" not in annotations["summary"]:
        raise Failed(f"the summary does not say who: {annotations['summary']}")
