"""A torn or corrupt journal is set aside with a word, and the daemon goes on."""

import json
import random

from alerting import opens, settings, skipped, webhook
from lab import Failed
from receivers import Receiver
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    hook = Receiver(lab, 19400)
    state = lab.directory / "state"
    configured = settings(state, webhook(hook, "hook", min_severity="warning"))
    site.start(more=configured)
    speaker = Speaker(site)
    database = state / "state.sqlite"
    chance = random.Random(7)
    for number, (what, damage) in enumerate(DAMAGES.items(), 1):
        speaker.connect()
        site.synced()
        name = opens(site, speaker, number)
        lab.wait("it is told", lambda: hook.told(name), 60)
        site.kill()
        speaker.close()
        said = len(site.log.read_text().splitlines())
        damage(database, chance)
        site.start(more=configured)
        new = lambda: site.log.read_text().splitlines()[said:]
        # What it says of the journal it says before that, and in order.
        lab.wait("it says where it listens", lambda: any("listening for HTTP" in line for line in new()))
        lines = new()
        warned = [line for line in lines if "WARN" in line or "ERROR" in line]
        if not warned and name not in site.incidents() and what not in UNSEEN:
            raise Failed(f"{what}: {name} is gone, and nothing is said of it")
        print(f"  {what}: {len(site.incidents())} incidents kept; {said_of(warned)}")
        aside = [path.name for path in state.iterdir() if "corrupt" in path.name]
        if what in SET_ASIDE and not aside:
            raise Failed(f"{what}: it is not kept for anybody to look into")
        for path in aside:
            (state / path).unlink()
    # What is in the way of a journal is taken out of it, and what happens now is kept again.
    database.rmdir()
    lab.wait("durable again", lambda: site.metric("leakwatch_journal_durable"), 60)
    speaker.connect()
    site.synced()
    name = opens(site, speaker, 90)
    site.kill()
    site.start(more=configured)
    if name not in site.incidents():
        raise Failed("after a damaged journal nothing is kept any more")
    site.stop()


def said_of(lines):
    told = [json.loads(line).get("problem", line)[:200] for line in lines[:3]]
    return "; ".join(told) or "nothing said"


def halved(path, _):
    octets = path.read_bytes()
    path.write_bytes(octets[: len(octets) // 2])


def scattered(path, chance):
    octets = bytearray(path.read_bytes())
    for _ in range(2000):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    path.write_bytes(octets)


def headless(path, chance):
    octets = bytearray(path.read_bytes())
    octets[:4096] = chance.randbytes(4096)
    path.write_bytes(octets)


def log_torn(path, chance):
    log = path.with_name(path.name + "-wal")
    octets = bytearray(log.read_bytes())
    for at in range(len(octets) // 2, len(octets)):
        octets[at] = chance.randrange(256)
    log.write_bytes(octets)


# Of these something is left to look into, and what could be saved of it was.
SET_ASIDE = ("octets changed all over", "noise in place of its head", "no database at all")
# A log ends where it is torn (the store's own page says so), and nobody can know how far it went.
UNSEEN = ("its log torn",)
DAMAGES = {
    "half of it gone": halved,
    "octets changed all over": scattered,
    "noise in place of its head": headless,
    "empty": lambda path, _: path.write_bytes(b""),
    "no database at all": lambda path, chance: path.write_bytes(chance.randbytes(100_000)),
    "its log torn": log_torn,
    "a directory in its place": lambda path, _: (path.unlink(), path.mkdir()),
}
