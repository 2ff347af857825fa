"""The disk of the journal fills up and is freed again: loud, and nothing is lost."""

import os
import time

from alerting import ends, opens, settings, skipped, webhook
from lab import Failed, equal, run as command
from receivers import Receiver
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    state = lab.directory / "state"
    state.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state)
    try:
        filled(lab, site, hook, state)
    finally:
        if site.running:
            site.kill()
        command("umount", "-l", state)


def filled(lab, site, hook, state):
    to = webhook(hook, "hook", min_severity="warning", troubles=True)
    configured = settings(state, to)
    site.start(more=configured)
    speaker = Speaker(site)
    speaker.connect()
    site.synced()
    durable = lambda: site.metric("leakwatch_journal_durable")
    names = [opens(site, speaker, 1)]
    lab.wait("durable at first", lambda: durable() == 1)

    ballast = state / "ballast"
    fill(ballast)
    began = time.monotonic()
    names.append(opens(site, speaker, 2))
    # Some room may be left in pages that are there already.
    number = 3
    while durable() and number < 60:
        names.append(opens(site, speaker, number))
        fill(ballast)
        number += 1
    lab.wait("it says that it is not durable", lambda: durable() == 0)
    print(f"  said after {len(names) - 1} incidents and {time.monotonic() - began:.1f} s")
    lab.wait("the trouble is told", lambda: ("durability-degraded", "opened") in hook.troubles())
    for _ in range(3):
        sent = time.time()
        names.append(opens(site, speaker, number))
        number += 1
        lab.wait("paging goes on", lambda: "opened" in hook.told(names[-1]))
        print(f"  paged on a full disk after {time.time() - sent:.2f} s")
    ends(site, speaker, 2, names[1])
    lab.wait("ends go on", lambda: "resolved" in hook.told(names[1]))

    ballast.unlink()
    freed = time.monotonic()
    lab.wait("durable again", lambda: durable() == 1, 60)
    print(f"  durable again {time.monotonic() - freed:.1f} s after there was room")
    lab.wait("all that was told is settled", lambda: not site.metric(
        "leakwatch_notification_queue_length"), 60)
    site.kill()
    speaker.close()
    told = len(hook.requests)
    site.start(more=configured)
    kept = site.incidents()
    lost = [name for name in names if name not in kept]
    if lost:
        raise Failed(f"lost: {lost}")
    equal("over as before", kept[names[1]]["state"], "resolved")
    speaker.connect()
    site.synced()
    time.sleep(5)
    again = [body["id"] for _, _, body in hook.documents[told:] if body["event"] == "opened"]
    equal("told anew", again, [])
    site.stop()


def fill(path):
    """All the room there is, to the last block."""
    with open(path, "ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                os.fsync(ballast.fileno())
