"""An incident that ends while nobody watches is over once its router is heard again."""

from alerting import opens, settings, skipped, webhook
from receivers import Receiver
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    configured = settings(lab.directory / "state", webhook(hook, "hook"))
    speaker = Speaker(site)
    site.start(more=configured)
    speaker.connect()
    site.synced()
    names = [opens(site, speaker, number) for number in (1, 2)]
    lab.wait("both are told", lambda: len(hook.told()) == 2, 10)
    # The second one's end has been heard, but not for long enough.
    speaker.heal(2)
    lab.wait("the route is back", lambda: not site.incidents()[names[1]]["routes"]["active"], 10)
    site.kill()
    speaker.close()
    speaker.routes = dict(speaker.clean)
    site.start(more=configured)
    speaker.connect()
    site.synced()
    for name in names:
        lab.wait(
            "what ended meanwhile is over",
            lambda: site.incidents()[name]["state"] == "resolved",
            30,
        )
        lab.wait("and told", lambda: hook.told(name) == ["opened", "resolved"], 10)
    site.stop()
