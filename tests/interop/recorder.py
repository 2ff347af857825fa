"""Takes leakwatch's place to write down what routers send, for offline tests."""

import json
import socket
import threading


import bmp
from lab import BMP_PORT, COLLECTOR, Failed, wait


class Recorder:
    """Accepts BMP sessions, keeps their bytes and reads them with `bmp.Stream`."""

    def __init__(self, lab, drill, directory):
        self.lab, self.drill, self.directory = lab, drill, directory
        self.sessions = []
        self.listener = None
        self.stopping = threading.Event()

    def drill_table(self):
        return self.drill()

    def start(self, connect=()):
        self.stopping.clear()
        self.listener = socket.create_server((COLLECTOR, BMP_PORT))
        self.background(self.accept, self.listener)
        for target in connect:
            self.background(self.connect, target)

    def background(self, function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            self.background(self.session(connection, address[0]).read)

    def connect(self, target):
        host, port = target.rsplit(":", 1)
        while not self.stopping.wait(0.2):
            try:
                connection = socket.create_connection((host, int(port)), 1)
            except OSError:
                continue
            connection.settimeout(None)
            self.session(connection, host).read()

    def session(self, connection, address):
        self.sessions.append(Session(connection, address))
        return self.sessions[-1]

    def stop(self):
        self.stopping.set()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for session in self.sessions:
            try:
                if session.connection is None:
                    continue
                session.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        wait("every session to end", lambda: not any(s.open for s in self.sessions))
        # What is learned is lost with the daemon.
        self.sessions = [Session(None, s.address, s) for s in self.sessions]

    def routes(self):
        """Routes of each view of the latest session of each router."""
        told = {}
        for session in self.sessions:
            told = {view: n for view, n in told.items() if view[0] != session.address}
            for (address, rib, family), count in session.stream.routes().items():
                address = None if rib == "loc-rib" else address
                told[session.address, address, rib, family] = count
        return {view: count for view, count in told.items() if count}

    def expect(self, wanted, seconds=60):
        def same():
            now = by_address(wanted() if callable(wanted) else wanted)
            seen = self.routes()
            return seen == now or Different(now, seen)

        wait("the routes of each view", same, seconds)

    def synced(self):
        pass

    def messages(self, kind):
        return sum(session.stream.messages[kind] for session in self.sessions)

    def lost(self, router):
        wait("the session to end", lambda: not self.latest(router).open)

    def back(self, router):
        wait("a new session", lambda: self.latest(router).open)

    def latest(self, router):
        return [s for s in self.sessions if s.address == router.address][-1]

    def verdict(self):
        for number, session in enumerate(self.sessions):
            if session.problem:
                raise Failed(f"{session.address}: {session.problem}")
            if self.directory and session.bytes:
                self.keep(number, session)

    def keep(self, number, session):
        name = f"{self.lab.name}-{number}-{session.address}"
        (self.directory / f"{name}.bmp").write_bytes(bytes(session.bytes))
        facts = {
            "initiation": session.stream.names,
            "messages": dict(session.stream.messages),
            "announced": session.stream.announced,
            "withdrawn": session.stream.withdrawn,
            "without_peer_up": session.stream.orphans,
            "peer_down_reasons": session.stream.down,
            "ends_of_rib": len(session.stream.ends),
            "views": [
                {"peer": address, "rib": rib, "family": family, "routes": count}
                for (address, rib, family), count in session.stream.routes().items()
            ],
        }
        (self.directory / f"{name}.facts.json").write_text(json.dumps(facts, indent=1) + "\n")


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


class Session:
    """One connection of a router."""

    def __init__(self, connection, address, earlier=None):
        self.connection, self.address = connection, address
        self.bytes = earlier.bytes if earlier else bytearray()
        self.problem = earlier.problem if earlier else None
        self.stream = bmp.Stream()
        self.open = connection is not None

    def read(self):
        try:
            while data := self.connection.recv(1 << 16):
                self.bytes.extend(data)
                self.stream.feed(data)
        except ConnectionError:
            pass
        except ValueError as problem:
            self.problem = problem
        self.open = False
