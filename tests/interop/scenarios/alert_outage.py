"""A receiver that is away while incidents open and end and the daemon is killed: each once."""

import time

from alerting import ends, opens, settings, skipped, webhook
from lab import equal
from receivers import Receiver
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    configured = settings(lab.directory / "state", webhook(hook, "hook", timeout="30s"))
    speaker = Speaker(site)
    site.start(more=configured)
    speaker.connect()
    site.synced()
    before = opens(site, speaker, 1)
    lab.wait("it is told", lambda: hook.told(before) == ["opened"], 60)

    hook.stop()
    names = []
    for number in range(2, 7):
        names.append(opens(site, speaker, number))
        if number == 4:
            # Not in the middle of an attempt, after which it could only guess what became of it.
            tries = retried(site)
            lab.wait("an attempt has failed", lambda: retried(site) > tries, 120)
            site.kill()
            speaker.close()
            site.start(more=configured)
            speaker.connect()
            site.synced()
        ends(site, speaker, number, names[-1])
    ends(site, speaker, 1, before)
    time.sleep(15)
    equal("told while it is away", hook.told(), [(before, "opened")])
    hook.start()
    back = time.time()
    wanted = 2 * (len(names) + 1)
    lab.wait("all of it", lambda: len(hook.told()) >= wanted, 300)
    print(f"  told in full {time.time() - back:.1f} s after its return")
    time.sleep(3)
    told = hook.told()
    equal("told in all", len(told), wanted)
    for name in (before, *names):
        equal(name, hook.told(name), ["opened", "resolved"])
    equal("order", [id for id, event in told[1:] if event == "opened"], names)
    keys = [key for _, key, _ in hook.documents]
    equal("requests of one key", len(keys), len(set(keys)))
    repeats = [body["key"] for _, _, body in hook.documents if body["maybe_repeat"]]
    equal("called repeats", repeats, [])
    site.stop()


def retried(site):
    return site.metric("leakwatch_notifications_total", sink="hook", result="retried")
