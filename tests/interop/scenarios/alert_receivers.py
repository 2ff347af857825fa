"""Receivers that hang, refuse, trickle, redirect and flood, and one good one beside them."""

import statistics
import time

from alerting import ends, opens, settings, skipped, webhook
from lab import Failed, equal
import receivers
from receivers import Receiver, signed
from speaker import Speaker

# These never answer in time; the others have time enough.
HANG = ("silent", "hangs", "hangs-in-body", "trickles")
SECRET = b"hunter2 and some more"
PORT = 19400


def run(lab, site):
    if skipped(site):
        return
    secret = lab.directory / "secret"
    secret.write_bytes(SECRET + b"\n")
    secret.chmod(0o600)
    good = Receiver(lab, PORT)
    stolen = Receiver(lab, PORT + 1)
    away = receivers.status("302 Found", f"Location: {stolen.url}")
    bad = {
        "silent": Receiver(lab, PORT + 2, reads=False),
        "hangs": Receiver(lab, PORT + 3, receivers.hangs),
        "hangs-in-body": Receiver(lab, PORT + 4, receivers.hangs_in_body),
        "busy": Receiver(
            lab,
            PORT + 5,
            receivers.first(2, receivers.status("429 Slow Down", "Retry-After: 4")),
        ),
        "broken": Receiver(
            lab, PORT + 6, receivers.first(3, receivers.status("503 Service Unavailable"))
        ),
        "picky": Receiver(lab, PORT + 7, receivers.status("400 Bad Request")),
        "closes": Receiver(lab, PORT + 8, receivers.first(2, receivers.closes)),
        "trickles": Receiver(lab, PORT + 9, receivers.trickles),
        "redirects": Receiver(lab, PORT + 10, away),
        "floods": Receiver(lab, PORT + 11, receivers.floods),
    }
    sinks = [
        webhook(one, name, timeout="2s" if name in HANG else "30s", secret_file=str(secret))
        for name, one in {"good": good, **bad}.items()
    ]
    speaker = Speaker(site)
    site.start(more=settings(lab.directory / "state", *sinks))
    speaker.connect()
    site.synced()
    before = site.resident()

    took = []
    names = []
    for number in range(1, 6):
        sent = time.time()
        name = opens(site, speaker, number)
        names.append(name)
        lab.wait("the good one hears it", lambda: "opened" in good.told(name), 30)
        took.append(good.times()[-1] - sent)
    for number, name in enumerate(names, 1):
        over = time.time()
        ends(site, speaker, number, name)
        lab.wait("the good one hears its end", lambda: "resolved" in good.told(name), 30)
        # It must stay so for two seconds, and the engine looks once a second.
        took.append(good.times()[-1] - over - 3)
    # Whoever waited for the others would wait each time; a machine stands still now and then.
    usual = statistics.median(took)
    print(f"  the good one heard of each within {max(took):.2f} s, of most within {usual:.2f} s")
    if usual > 2:
        raise Failed(f"the good one waited {usual:.1f} s")
    for name in names:
        equal("the good one", good.told(name), ["opened", "resolved"])

    def count(name, result):
        return int(site.metric("leakwatch_notifications_total", sink=name, result=result))

    whole = [(name, event) for name in names for event in ("opened", "resolved")]
    for name in ("busy", "broken", "closes", "hangs-in-body", "floods"):
        one = bad[name]
        lab.wait(f"all of it at {name}", lambda: sorted(one.told()) == sorted(whole), 120)
        in_order(name, one, names)
    equal("busy: retried", count("busy", "retried"), 2)
    first, second, third, *_ = bad["busy"].times()
    for gap in (second - first, third - second):
        # It is asked for at the least, and kept as soon as the machine runs.
        if not 3.7 <= gap < 30:
            raise Failed(f"Retry-After was 4 s, and it waited {gap:.1f} s")
    equal("broken: retried", count("broken", "retried"), 3)
    equal("closes: retried", count("closes", "retried"), 2)
    for name in ("picky",):
        equal(f"{name}: delivered", count(name, "delivered"), 0)
        # Of what was never told, no end is told.
        equal(f"{name}: given up", count(name, "given_up"), len(names))
        equal(f"{name}: asked", len(bad[name].requests), len(names))
    equal("requests that followed a redirect", stolen.connections, 0)
    for name in ("silent", "hangs", "trickles", "redirects"):
        lab.wait(f"{name} is tried again", lambda: count(name, "retried") >= 3, 60)
        equal(f"{name}: delivered", count(name, "delivered"), 0)
        waiting = site.metric("leakwatch_notification_queue_length", sink=name)
        equal(f"{name}: waiting", waiting, 2 * len(names))
        equal(f"{name}: failing", site.metric("leakwatch_notification_sink_failing", sink=name), 1)
        told = {key for _, key, _ in bad[name].documents}
        if len(told) > 1:
            raise Failed(f"{name} was sent what follows before what it did not take: {told}")
    for name, one in {"good": good, **bad}.items():
        delivered = count(name, "delivered")
        print(
            f"  {name}: {one.connections} connections, {delivered} delivered,"
            f" {count(name, 'retried')} retried, {count(name, 'given_up')} given up"
        )
        for request in one.requests:
            if not signed(request, SECRET):
                raise Failed(f"{name}: a signature that does not fit: {request.headers}")
            equal("key", request.headers["idempotency-key"], request.body["key"])
    equal("good: delivered", count("good", "delivered"), len(whole))
    grown = (site.resident() - before) / 1e6
    print(f"  memory grew by {grown:.0f} MB")
    if grown > 50:
        raise Failed(f"memory grew by {grown:.0f} MB")
    site.stop()


def in_order(what, one, names):
    """Opened before resolved, and incidents as they opened."""
    told = one.told()
    for name in names:
        equal(f"{what}: {name}", [event for id, event in told if id == name], ["opened", "resolved"])
    equal(f"{what}: order", [id for id, event in told if event == "opened"], names)
