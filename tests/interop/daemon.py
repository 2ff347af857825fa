"""The daemon under test."""

import json
import signal
import urllib.error
import urllib.request

from lab import BMP_PORT, COLLECTOR, Failed, HTTP_PORT, run, wait


class Leakwatch:
    """`leakwatch run`, listening on the bridge; `number` tells several of them apart."""

    def __init__(self, lab, drill, program, number=0):
        self.lab, self.drill, self.program = lab, drill, program
        self.name = f"leakwatch-{number}" if number else "leakwatch"
        self.bmp = (COLLECTOR, BMP_PORT + number)
        self.http = HTTP_PORT + number
        self.log = lab.directory / f"{self.name}.log"
        self.running = False

    def another(self, number):
        """One more daemon in the same laboratory, not started yet."""
        return Leakwatch(self.lab, self.drill, self.program, number)

    def drill_table(self):
        return self.drill()

    def start(self, connect=(), more=""):
        path = self.lab.directory / f"{self.name}.toml"
        path.write_text(
            f'[bmp]\nlisten = "{self.bmp[0]}:{self.bmp[1]}"\nallow = ["192.0.2.0/24"]\n'
            f"connect = {json.dumps(list(connect))}\n"
            f'[http]\nlisten = "127.0.0.1:{self.http}"\n{more}'
        )
        self.lab.spawn(self.name, self.program, "run", "--config", path)
        self.running = True

        def healthy():
            self.lab.alive()
            try:
                return self.get("/healthz", raw=True)
            except OSError:
                return None

        wait("the daemon answers", healthy)

    def stop(self):
        if self.running:
            self.running = False
            if status := self.lab.stop(self.name, signal.SIGTERM, 40):
                raise Failed(f"the daemon ends with status {status}")

    def kill(self):
        """`kill -9`."""
        self.running = False
        self.lab.stop(self.name, signal.SIGKILL)

    def get(self, path, raw=False):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=60) as answer:
            text = answer.read().decode()
        return text if raw else json.loads(text)

    def incidents(self, query=""):
        """What the interface shows of incidents, by name."""
        told = items(self.get(f"/api/v1/incidents?limit=1000{query}"))
        return {incident["id"]: incident for incident in told}

    def said(self, message):
        """Lines of the log with this message."""
        lines = []
        for line in self.log.read_text(errors="replace").splitlines():
            if message in line:
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    pass  # Torn by a kill.
        return [line for line in lines if line.get("message") == message]

    def resident(self):
        """Octets of memory."""
        pid = self.lab.processes[self.name].pid
        with open(f"/proc/{pid}/statm") as told:
            return int(told.read().split()[1]) * 4096

    def views(self):
        return items(self.get("/api/v1/peers?limit=1000"))

    def routes(self):
        """Routes of each view: {(router, peer, rib, family): count}."""
        told = {}
        for view in self.views():
            if view["drill"] or not view["routes"]:
                continue
            peer = None if view["rib"] == "loc-rib" else view["peer"]
            address = view["router"].split()[0].split("/")[0]
            told[address, peer, view["rib"], view["afi"]] = view["routes"]
        return told

    def expect(self, wanted, seconds=60):
        """The routes of each view are these, or what `wanted()` says at each look."""

        def same():
            self.lab.alive()
            now = by_address(wanted() if callable(wanted) else wanted)
            seen = self.routes()
            return seen == now or Different(now, seen)

        wait("the routes of each view", same, seconds)

    def synced(self):
        """Every view is past its first table."""

        def live():
            views = self.views()
            return views and all(view["phase"] == "live" for view in views)

        wait("every view live", live)

    def metric(self, name, **labels):
        """The sum of a metric's series with these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in self.get("/metrics", raw=True).splitlines():
            series, _, value = line.rpartition(" ")
            if series.split("{")[0] == name and all(label in series for label in wanted):
                total += float(value)
        return total

    def messages(self, kind):
        return self.metric("leakwatch_bmp_messages_received_total", type=kind)

    def router(self, address):
        told = items(self.get("/api/v1/routers"))
        return next((r for r in told if r["address"] == address), None)

    def lost(self, router):
        wait("the session to end", lambda: not self.connected(router))

    def back(self, router):
        wait("a new session", lambda: self.connected(router))

    def connected(self, router):
        state = self.router(router.address)
        return state is not None and state["state"] == "up"

    def verdict(self):
        """What must hold whatever the scenario: nobody woken, nothing undecodable."""
        if not self.running:
            return
        woken = items(self.get("/api/v1/incidents?severity=critical&drill=false"))
        if woken:
            raise Failed(f"critical incidents: {json.dumps(woken)[:2000]}")
        for line in self.get("/metrics", raw=True).splitlines():
            if any(f'"{reason}"' in line for reason in getattr(self, "known", ())):
                continue
            if line.startswith("leakwatch_decode_errors_total") and not line.endswith(" 0"):
                raise Failed(f"undecodable: {line}")
        self.stop()


def by_address(wanted):
    return {(router.address, *rest): count for (router, *rest), count in wanted.items()}


class Different:
    """What was seen instead; false, and printed by `wait`."""

    def __init__(self, wanted, seen):
        self.missing = {k: v for k, v in wanted.items() if seen.get(k) != v}
        self.seen = {k: v for k, v in seen.items() if wanted.get(k) != v}

    def __bool__(self):
        return False

    def __repr__(self):
        return f"wanted {self.missing}, seen {self.seen}"


def items(answer):
    """The list in an answer, whatever it is called."""
    if isinstance(answer, list):
        return answer
    return next(value for value in answer.values() if isinstance(value, list))
