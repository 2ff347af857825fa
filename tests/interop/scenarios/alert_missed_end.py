"""An incident that ends while nobody watches is over once its router is heard again."""

from alerting import opens, settings, skipped, webhook
from lab import equal
from receivers import Receiver
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    # Long enough for a kill before the second one is over, also where a machine stands still.
    configured = settings(lab.directory / "state", webhook(hook, "hook"), resolve_after="10s")
    speaker = Speaker(site)
    site.start(more=configured)
    speaker.connect()
    site.synced()
    names = [opens(site, speaker, number) for number in (1, 2)]
    lab.wait("both are told", lambda: len(hook.told()) == 2)
    # The second one's end has been heard, but not for long enough.
    speaker.heal(2)
    lab.wait("the route is back", lambda: not site.incidents()[names[1]]["routes"]["active"])
    site.kill()
    equal("over before the kill", site.said("incident is over"), [])
    speaker.close()
    speaker.routes = dict(speaker.clean)
    site.start(more=configured)
    speaker.connect()
    site.synced()
    for name in names:
        lab.wait(
            "what ended meanwhile is over",
            lambda: site.incidents()[name]["state"] == "resolved",
            60,
        )
        lab.wait("and told", lambda: hook.told(name) == ["opened", "resolved"])
    site.stop()
