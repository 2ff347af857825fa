"""HTTP receivers: one that keeps what it is sent, and some that no sink should have to meet."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections import namedtuple

Request = namedtuple("Request", "at path headers body")


class Receiver:
    """Listens on a port of loopback. `answer(connection, number, request)` answers the
    `number`th request, the first being 0; every request is kept."""

    def __init__(self, lab, port, answer=None, reads=True, address="127.0.0.1"):
        lab.servers.append(self)
        self.port, self.reads = port, reads
        self.address = address
        self.answer = answer or accept
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = None
        self.stopping = threading.Event()
        self.start()

    def start(self):
        self.stopping = threading.Event()
        self.listener = socket.create_server((self.address, self.port), backlog=128)
        background(self.listen, self.listener, self.stopping)

    def stop(self):
        """Nobody listens any more; what was received stays."""
        self.stopping.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def listen(self, listener, stopping):
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            background(self.serve, connection, stopping)

    def serve(self, connection, stopping):
        connection.settimeout(60)
        with connection:
            try:
                if not self.reads:
                    stopping.wait(600)
                    return
                request = read(connection)
                if request is None:
                    return
                with self.lock:
                    number = len(self.requests)
                    self.requests.append(request)
                self.answer(connection, number, request)
            except OSError:
                pass

    @property
    def url(self):
        return f"http://{self.address}:{self.port}/hook"

    @property
    def documents(self):
        """Each document with the time it came at and its key."""
        return [(one.at, one.headers.get("idempotency-key"), one.body) for one in self.requests]

    def told(self, name=None):
        """What was said of incidents, in order, repeats left out: (id, event)."""
        seen, told = set(), []
        for _, key, body in list(self.documents):
            if body.get("subject") == "incident" and key not in seen:
                seen.add(key)
                told.append((body["id"], body["event"]))
        return told if name is None else [event for id, event in told if id == name]

    def troubles(self):
        """What was said of the daemon's own troubles, in order: (id, event)."""
        return [
            (body["id"], body["event"])
            for _, _, body in list(self.documents)
            if body.get("subject") == "trouble"
        ]

    def times(self):
        return [one.at for one in list(self.requests)]


def background(function, *arguments):
    threading.Thread(target=function, args=arguments, daemon=True).start()


def read(connection):
    """One request; none if the other side gives up before its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        raise OSError("chunks are not read here")
    while len(body) < int(headers.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    try:
        document = json.loads(body)
    except ValueError:
        document = {"unreadable": body[:200].decode("latin-1")}
    if isinstance(document, dict):
        document["_raw"] = body
    return Request(time.time(), first.split(" ")[1], headers, document)


def reply(connection, status, headers=(), body=b"", length=None):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += ["Connection: close", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def accept(connection, _number, _request):
    reply(connection, "200 OK")


def signed(request, secret):
    """Whether the signature is of this secret, as docs/webhook.md says."""
    stamp = request.headers.get("x-leakwatch-timestamp", "")
    wanted = "v1=" + hmac.new(
        secret, stamp.encode() + b"." + request.body["_raw"], hashlib.sha256
    ).hexdigest()
    return hmac.compare_digest(wanted, request.headers.get("x-leakwatch-signature", ""))


# --- those that misbehave ---


def hangs(connection, _number, _request):
    """Never answers."""
    connection.settimeout(600)
    connection.recv(1)


def hangs_in_body(connection, _number, _request):
    """Says yes, and then never what else."""
    reply(connection, "200 OK", length=1000)
    hangs(connection, 0, None)


def first(times, answer):
    """Answers so the first `times` times, then well."""

    def either(connection, number, request):
        (answer if number < times else accept)(connection, number, request)

    return either


def status(line, *headers):
    return lambda connection, *_: reply(connection, line, headers, b"no")


def closes(connection, _number, _request):
    """Goes in the middle of the status line."""
    connection.sendall(b"HTTP/1.1 20")


def trickles(connection, _number, _request):
    """An octet of its answer a second."""
    for octet in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 600:
        connection.sendall(bytes([octet]))
        time.sleep(1)


def floods(connection, _number, _request):
    """Answers with 100 MB."""
    size = 100_000_000
    reply(connection, "200 OK", length=size)
    for _ in range(size // 1_000_000):
        connection.sendall(b"x" * 1_000_000)
