"""What the scenarios about alerts have in common: settings, and whether they can run."""

import json

from lab import Failed
from servers import missing
from speaker import ORIGINS


def skipped(site, *programs):
    """Whether a scenario cannot run here; says so."""
    absent = missing(*programs)
    if not hasattr(site, "metric"):
        absent = ["there is no daemon"]
    if absent:
        print(f"  skipped: not here: {', '.join(absent)}")
    return bool(absent)


def settings(state, *sinks, resolve_after="2s", window="1s", more=""):
    """Of a daemon that keeps its state, and whose incidents end while one watches."""
    kept = f'[state]\ndirectory = "{state}"\n' if state else ""
    return (
        f"{kept}[alert]\n"
        f'group_window = "{window}"\nresolve_after = "{resolve_after}"\n{more}' + "".join(sinks)
    )


def sink(kind, **keys):
    """A table of the configuration; only incidents that page, unless it says otherwise."""
    keys = {"min_severity": "critical", **keys}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
    return f"[[alert.{kind}]]\n{lines}"


def webhook(receiver, name, **keys):
    return sink("webhook", name=name, url=receiver.url, **keys)


def opens(site, speaker, number):
    """A critical incident, once the daemon shows it; its name."""
    speaker.prepend(number)

    def new():
        mine = f"path-{ORIGINS + number}-via-65-"
        return next((name for name in site.incidents() if name.startswith(mine)), None)

    return site.lab.wait(f"incident {number} opens", new)


def ends(site, speaker, number, name):
    """It is over, once the daemon shows it."""
    speaker.heal(number)
    site.lab.wait(f"{name} is over", lambda: site.incidents()[name]["state"] == "resolved")


def within(what, seconds, value):
    if value > seconds:
        raise Failed(f"{what}: {value:.1f} s, not within {seconds} s")
