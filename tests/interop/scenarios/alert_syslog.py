"""A real rsyslogd over UDP, TCP and its socket: it understands every field."""

import time

from alerting import ends, opens, settings, sink, skipped
from lab import Failed, equal
from servers import Rsyslog
from speaker import Speaker


def run(lab, site):
    if skipped(site, "rsyslogd"):
        return
    server = Rsyslog(lab)
    server.start()
    addresses = {
        "imudp": f"udp:127.0.0.1:{server.UDP}",
        "imtcp": f"tcp:127.0.0.1:{server.TCP}",
        "imuxsock": f"unix:{server.socket}",
    }
    sinks = [sink("syslog", name=by, address=to) for by, to in addresses.items()]
    speaker = Speaker(site)
    site.start(more=settings(lab.directory / "state", *sinks))
    speaker.connect()
    site.synced()

    def told(name):
        """Transport to what was told over it."""
        return {
            by: [one["msgid"] for one in server.messages() if one["by"] == by and name in one["data"]]
            for by in addresses
        }

    name = opens(site, speaker, 1)
    ends(site, speaker, 1, name)
    whole = {by: ["opened", "resolved"] for by in addresses}
    lab.wait("opened and resolved by each", lambda: told(name) == whole, 30)
    for one in server.messages():
        right(one, name)

    # Away for a while: TCP and the socket notice, UDP cannot know.
    server.stop()
    name = opens(site, speaker, 2)
    time.sleep(3)
    server.start()
    lab.wait(
        "what was missed, where that can be noticed",
        lambda: all(told(name)[by] for by in ("imtcp", "imuxsock")),
        90,
    )
    ends(site, speaker, 2, name)
    lab.wait("the end", lambda: all(one[-1:] == ["resolved"] for one in told(name).values()), 60)
    print(f"  after a restart of rsyslogd: {told(name)}")
    for by in ("imtcp", "imuxsock"):
        equal(f"told by {by}", told(name)[by], ["opened", "resolved"])

    # Restarted between two messages: the old connection is noticed to be gone.
    server.stop()
    server.start()
    name = opens(site, speaker, 3)
    lab.wait("the first message after a restart", lambda: all(told(name).values()), 30)
    equal("told at once", told(name), {by: ["opened"] for by in addresses})
    site.stop()


def right(one, name):
    # daemon.crit when it opens, daemon.notice when it is over.
    equal("priority", one["pri"], {"opened": "26", "resolved": "29"}[one["msgid"]])
    equal("version", one["version"], "1")
    equal("application", one["app"], "leakwatch")
    if not one["process"].isdigit():
        raise Failed(f"process: {one['process']}")
    for part in (f'id="{name}"', 'severity="critical"', 'kind="path"', 'offender="1001"'):
        if part not in one["data"]:
            raise Failed(f"no {part} in {one['data']}")
    if "AS1001" not in one["text"] or "[" in one["text"][:2]:
        raise Failed(f"text: {one['text']}")
    if not one["time"].startswith("20"):
        raise Failed(f"time: {one['time']}")
