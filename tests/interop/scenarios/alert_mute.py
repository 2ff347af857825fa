"""Every sink hangs, and the feed is taken as fast as without any.

LEAKWATCH_PAIRS (3) is how often each way runs at least, in turn; LEAKWATCH_MESSAGES (500000) how
many updates are sent, LEAKWATCH_TIMES (1) how often. What sinks cost is by the incident and not by
the route: the more updates, the less of it is seen.

Whatever else a machine does makes a run longer and never shorter. So the shortest of each way are
compared, and more pairs run while they say that sinks cost something.
"""

import os
import shutil
import time
from pathlib import Path

from alerting import settings, sink, skipped, webhook
from lab import Failed
from receivers import Receiver
from speaker import PEER_AS, Speaker, block, packed, update

TICKS = os.sysconf("SC_CLK_TCK")
TABLE = 20000
WHAT = ("processor", "wall")
TIMES = int(os.environ.get("LEAKWATCH_TIMES", "1"))
# The speed with sinks must be this much of that without where machines are noisy.
LEAST = 0.9
# So many pairs, in terms of those asked for, must have said otherwise.
MORE = 3
# What is sent last: a prefix of our own, from somebody else.
LAST = "60.1.0.0/16"
OWN = f'[[own]]\nprefixes = ["{LAST}"]\norigins = [64999]\n'


def run(lab, site):
    if skipped(site):
        return
    pairs = int(os.environ.get("LEAKWATCH_PAIRS", "3"))
    count = int(os.environ.get("LEAKWATCH_MESSAGES", "500000"))
    silent = Receiver(lab, 19400, reads=False)
    address = f"127.0.0.1:{silent.port}"
    file = lab.directory / "address"
    file.write_text(silent.url)
    file.chmod(0o600)
    sinks = [webhook(silent, f"hook-{number}", min_severity="info") for number in range(4)]
    sinks += [
        sink("alertmanager", name="am", urls=[f"http://{address}"], min_severity="info"),
        sink("slack", name="slack", url_file=str(file), min_severity="info"),
        sink("pagerduty", name="pd", url=silent.url, routing_key_file=str(file),
             min_severity="info"),
        sink("mail", name="mail", server="127.0.0.1", port=silent.port, tls="none",
             to=["noc@noc.example"], min_severity="info", **{"from": "lw@noc.example"}),
    ]
    speaker = Speaker(site, table=TABLE)
    stream = octets(speaker, count)
    print(f"  {count} updates in {len(stream) / 1e6:.0f} MB, {TIMES} times")
    ways = {"without": [], "with": []}
    for turn in range(MORE * pairs):
        for way in ("without", "with") if turn % 2 else ("with", "without"):
            ways[way].append(measured(lab, site, speaker, stream, sinks * (way == "with")))
        if turn + 1 >= pairs and all(speed(ways, number) >= LEAST for number in range(len(WHAT))):
            break
    for number, what in enumerate(WHAT):
        for way in ways:
            print(f"  {what} {way} sinks:", *(f"{one[number]:.2f}" for one in ways[way]))
        print(f"  {what}: speed with 8 hung sinks is {speed(ways, number):.3f} of that without")
    for number, what in enumerate(WHAT):
        if speed(ways, number) < LEAST:
            raise Failed(f"{what}: hung sinks cost {1 - speed(ways, number):.0%}")


def speed(ways, number):
    """With sinks, of that without: the shortest run of each."""
    return min(one[number] for one in ways["without"]) / min(one[number] for one in ways["with"])


def octets(speaker, count):
    """Updates of what is in the table, and now and then a path that pages."""
    header = speaker.header()
    made = []
    nlri = [packed(block(number)) for number in range(TABLE)]
    for number in range(count):
        at = number * 7919 % TABLE
        if number % (count // 20) == count // 40:
            path = (PEER_AS, 65, *[5000 + number // (count // 20)] * 200)
        else:
            path = (PEER_AS, 3356, 700000 + number // TABLE % 5, 1000 + at // 10)
        body = header + update(nlri[at], path)
        made.append(b"\3" + (6 + len(body)).to_bytes(4, "big") + b"\0" + body)
    return b"".join(made)


def measured(lab, site, speaker, stream, sinks):
    """Processor and wall seconds until all of it has been judged."""
    state = lab.directory / "state"
    shutil.rmtree(state, ignore_errors=True)
    site.start(more=settings(state, *sinks) + OWN)
    speaker.connect()
    site.synced()
    time.sleep(1)
    before = site.messages("route_monitoring")
    wanted = before + TIMES * messages(stream) + 1
    pid = lab.processes[site.name].pid
    changed = changes(site)
    used, began = processor(pid), time.monotonic()
    for _ in range(TIMES):
        speaker.send(stream)
    # An incident is counted at once; all else is shown once a second.
    speaker.announce(LAST, (PEER_AS, 3356, 666))
    lab.wait("the last of it is judged", lambda: stolen(site), 600)
    wall = time.monotonic() - began
    lab.wait("all of it is read", lambda: site.messages("route_monitoring") >= wanted, 600)
    lab.wait("all of it is judged", lambda: idle(site), 600)
    lab.wait("every route changed", lambda: changes(site) >= changed + wanted - before, 600)
    spent = processor(pid) - used, wall
    lab.wait("what pages is shown", lambda: pages(site), 30)
    speaker.withdraw(LAST)
    speaker.close()
    site.kill()
    return spent


def messages(stream):
    """How many messages a stream has."""
    at = found = 0
    while at < len(stream):
        at += int.from_bytes(stream[at + 1 : at + 5], "big")
        found += 1
    return found


def stolen(site):
    """Incidents of our own prefix, as the engine has counted them."""
    return site.metric("leakwatch_incidents_opened_total", detector="own_prefix")


def changes(site):
    return site.metric("leakwatch_route_changes_total")


def pages(site):
    return any(one["severity"] == "critical" for one in site.incidents().values())


def idle(site):
    return site.metric("leakwatch_engine_queue_bytes") == 0


def processor(pid):
    """User and system seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
