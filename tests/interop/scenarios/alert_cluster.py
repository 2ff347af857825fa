"""Two daemons on the same feeds and two Alertmanagers: one page."""

import time

from alerting import ends, opens, settings, sink, skipped
from lab import equal
from receivers import Receiver
from servers import HOOK, PEER_TIMEOUT, Alertmanager, pages
from speaker import Speaker

# Longer than the second member waits for the first one.
LONGER = PEER_TIMEOUT + 15


def run(lab, site):
    if skipped(site, "prometheus-alertmanager", "amtool"):
        return
    pager = Receiver(lab, HOOK)
    # The second member waits for the first one before it looks whether to page. Longer intervals
    # than that, as everybody has, or it pages what the first one has said is over.
    managers = [Alertmanager(lab, pager.url, one, [3 - one], interval="15s") for one in (1, 2)]
    for manager in managers:
        manager.start()
    for manager in managers:
        lab.wait("two members", lambda: manager.members() == 2)
    urls = [manager.url for manager in managers]
    daemons = [site, site.another(1)]
    for number, daemon in enumerate(daemons):
        to = sink("alertmanager", name="am", urls=urls, hold="10s", resend="10s")
        daemon.start(more=settings(lab.directory / f"state-{number}", to))
    speaker = Speaker(*daemons)
    speaker.connect()
    for daemon in daemons:
        daemon.synced()

    def paged(name):
        return [page[1] for page in pages(pager) if page[0] == name]

    name = opens(site, speaker, 1)
    lab.wait("the same incident at both", lambda: name in daemons[1].incidents())
    lab.wait("the page", lambda: paged(name), 60)
    time.sleep(LONGER)
    equal("pages", paged(name), ["firing"])
    for manager in managers:
        equal("alerts at each", [a["labels"]["incident"] for a in manager.alerts()], [name])

    # One daemon goes; the other one still sees it.
    daemons[1].kill()
    speaker.forget(daemons[1])
    time.sleep(6)
    equal("pages without the second daemon", paged(name), ["firing"])
    ends(site, speaker, 1, name)
    lab.wait("its end", lambda: len(paged(name)) > 1, 90)
    time.sleep(LONGER)
    equal("pages to the end", paged(name), ["firing", "resolved"])

    # One Alertmanager goes; the other one pages.
    managers[0].stop(9)
    name = opens(site, speaker, 2)
    lab.wait("the page of the one that is left", lambda: paged(name), 60)
    time.sleep(LONGER)
    equal("pages of the one that is left", paged(name), ["firing"])
    equal("all pages", len(pages(pager)), 3)
    site.stop()
