"""A second daemon on the same state directory is refused, and told who has it."""

from alerting import settings, skipped
from lab import Failed, wait
from speaker import Speaker


def run(lab, site):
    if skipped(site):
        return
    configured = settings(lab.directory / "state")
    site.start(more=configured)
    pid = str(lab.processes[site.name].pid)
    second = site.another(1)
    try:
        second.start(more=configured)
    except Failed:
        pass
    process = lab.processes.pop(second.name)
    second.running = False
    if process.poll() is None:
        process.kill()
        raise Failed("two daemons write into one state directory")
    said = second.log.read_text()
    if process.returncode == 0 or pid not in said:
        raise Failed(f"ends with {process.returncode} and does not name {pid}: {said}")
    print(f"  status {process.returncode}: {said.strip().splitlines()[-1][:200]}")
    # Killed, the first one holds nobody up.
    speaker = Speaker(second)
    site.kill()
    second.start(more=configured)
    speaker.connect()
    second.synced()
    wait("the second one works", lambda: is_ready(second))
    second.stop()


def is_ready(site):
    try:
        return site.get("/readyz", raw=True)
    except OSError:
        return None
