"""Alertmanager, postfix and rsyslog as Debian has them, on ports of their own."""

import json
import shutil
import socket
import socketserver
import time
import urllib.request

from lab import run, wait
from receivers import background

# The pages Alertmanager sends go here.
HOOK = 19300
# A member of a cluster waits so many seconds for the one before it.
PEER_TIMEOUT = 10


def missing(*programs):
    return [program for program in programs if not shutil.which(program)]


class Alertmanager:
    """Alertmanager with a webhook behind it. Several, by number, are a cluster."""

    def __init__(self, lab, hook, number=1, peers=(), interval="1s"):
        self.lab, self.name = lab, f"alertmanager-{number}"
        self.port, self.cluster = 19093 + 10 * number, 19094 + 10 * number
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = lab.directory / f"{self.name}.data"
        self.config = lab.directory / f"{self.name}.yml"
        self.peers = [f"127.0.0.1:{19094 + 10 * peer}" for peer in peers]
        self.alone = not peers
        self.config.write_text(
            "route:\n"
            "  receiver: pager\n"
            "  group_by: [alertname, incident]\n"
            "  group_wait: 1s\n"
            f"  group_interval: {interval}\n"
            "  repeat_interval: 4h\n"
            "receivers:\n"
            "- name: pager\n"
            "  webhook_configs:\n"
            f"  - url: {hook}\n"
            "    send_resolved: true\n"
        )

    def start(self, forget=False):
        if forget:
            shutil.rmtree(self.data, ignore_errors=True)
        listen = "" if self.alone else f"127.0.0.1:{self.cluster}"
        self.lab.spawn(
            self.name,
            "prometheus-alertmanager",
            f"--config.file={self.config}",
            f"--storage.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--cluster.listen-address={listen}",
            "--cluster.settle-timeout=5s",
            # Which of two pages first: the second one waits for so long, and then need not.
            f"--cluster.peer-timeout={PEER_TIMEOUT}s",
            "--cluster.gossip-interval=100ms",
            "--log.level=info",
            *(f"--cluster.peer={peer}" for peer in self.peers),
        )
        wait(f"{self.name} answers", self.ready)

    def stop(self, number=15):
        self.lab.stop(self.name, number)

    def ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def members(self):
        with urllib.request.urlopen(f"{self.url}/api/v2/status", timeout=5) as answer:
            return len(json.load(answer)["cluster"].get("peers") or [])

    def alerts(self):
        """What amtool sees firing."""
        told = run("amtool", f"--alertmanager.url={self.url}", "-o", "json", "alert", "query")
        return json.loads(told)


def pages(receiver):
    """What a webhook behind Alertmanager was told: (incident, status, severities that fire), a
    notification each."""
    told = []
    for request in list(receiver.requests):
        body = request.body
        alerts = body.get("alerts", [])
        fires = sorted(one["labels"]["severity"] for one in alerts if one["status"] == "firing")
        told.append((body["groupLabels"].get("incident"), body["status"], tuple(fires)))
    return told


def certificate(lab, name="127.0.0.1"):
    """A certificate of our own making, its key, and who vouches for it."""
    ca, ca_key = lab.directory / "ca.pem", lab.directory / "ca.key"
    cert, key, asked = (lab.directory / f"server.{end}" for end in ("pem", "key", "csr"))
    extensions = lab.directory / "server.ext"
    extensions.write_text(f"subjectAltName=IP:{name}\n")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(
        *("openssl", "req", "-x509", *new, "-keyout", ca_key, "-out", ca, "-days", "2"),
        *("-subj", "/CN=lab CA"),
    )
    run("openssl", "req", *new, "-keyout", key, "-out", asked, "-subj", f"/CN={name}")
    run(
        *("openssl", "x509", "-req", "-in", asked, "-CA", ca, "-CAkey", ca_key),
        *("-CAcreateserial", "-days", "2", "-out", cert, "-extfile", extensions),
    )
    return cert, key, ca


# Service, type, private, unprivileged, chroot, wakeup, processes, command.
MASTER = """\
127.0.0.1:{port} inet n - n - 5 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
smtp unix - - n - - smtp
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Postfix that takes mail for noc.example into a Maildir, over STARTTLS only, and asks a
    policy server of ours about each recipient."""

    PORT, POLICY = 19025, 19026

    def __init__(self, lab):
        self.lab = lab
        self.config = lab.directory / "postfix"
        self.spool, self.data = lab.directory / "spool", lab.directory / "postfix-data"
        self.mail = lab.directory / "mail"
        for directory in (self.config, self.spool, self.data, self.mail):
            directory.mkdir()
        owner = run("id", "-u", "postfix").strip()
        shutil.chown(self.data, int(owner))
        shutil.chown(self.mail, int(owner))
        self.known = self.config / "known"
        self.know("team")
        cert, key, self.ca = certificate(lab)
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.spool,
            "data_directory": self.data,
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "myhostname": "mail.noc.example",
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "maillog_file": self.lab.directory / "maillog.log",
            "maillog_file_prefixes": self.lab.directory,
            "virtual_mailbox_domains": "noc.example",
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": f"texthash:{self.known}",
            "virtual_uid_maps": f"static:{owner}",
            "virtual_gid_maps": f"static:{owner}",
            "virtual_minimum_uid": "1",
            "smtpd_tls_cert_file": cert,
            "smtpd_tls_key_file": key,
            "smtpd_tls_security_level": "encrypt",
            "smtpd_recipient_restrictions": "reject_unauth_destination,"
            f" reject_unlisted_recipient, check_policy_service inet:127.0.0.1:{self.POLICY}",
            "smtpd_peername_lookup": "no",
            "smtpd_delay_reject": "yes",
            "smtpd_error_sleep_time": "0s",
        }
        (self.config / "main.cf").write_text(
            "".join(f"{name} = {value}\n" for name, value in main.items())
        )
        (self.config / "master.cf").write_text(MASTER.format(port=self.PORT))

    def know(self, *users):
        """These recipients exist."""
        self.known.write_text("".join(f"{user}@noc.example {user}/\n" for user in users))

    def start(self):
        self.lab.spawn("postfix", "postfix", "-c", self.config, "start-fg")
        wait("postfix answers", lambda: greeted(self.PORT))

    def stop(self):
        run("postfix", "-c", self.config, "stop")
        self.lab.stop("postfix")

    def reload(self):
        run("postfix", "-c", self.config, "reload")

    def letters(self, user="team"):
        """Mails in a mailbox, in order of arrival."""
        found = list((self.mail / user).glob("new/*"))
        return [path.read_bytes() for path in sorted(found, key=lambda one: one.stat().st_mtime_ns)]


def greeted(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as stream:
            return stream.recv(100).startswith(b"220")
    except OSError:
        return False


class Policy:
    """Postfix's policy protocol (SMTPD_POLICY_README): what to do about a recipient."""

    def __init__(self, lab, decide):
        lab.servers.append(self)
        self.asked = []
        policy = self

        class Answer(socketserver.StreamRequestHandler):
            def handle(self):
                attributes = {}
                for line in self.rfile:
                    line = line.decode(errors="replace").strip()
                    if line:
                        name, _, value = line.partition("=")
                        attributes[name] = value
                        continue
                    policy.asked.append((time.time(), attributes.get("recipient")))
                    action = decide(len(policy.asked) - 1, attributes)
                    self.wfile.write(f"action={action}\n\n".encode())
                    attributes = {}

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", Postfix.POLICY), Answer)
        self.server.daemon_threads = True
        background(self.server.serve_forever)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Rsyslog:
    """rsyslogd with UDP, TCP and a socket; each message as it understood it, a line of JSON."""

    UDP, TCP = 19514, 19601
    FIELDS = {
        "by": "inputname",
        "pri": "pri",
        "version": "protocol-version",
        "time": "timestamp",
        "host": "hostname",
        "app": "app-name",
        "process": "procid",
        "msgid": "msgid",
        "data": "structured-data",
        "text": "msg",
    }

    def __init__(self, lab):
        self.lab = lab
        self.socket = lab.directory / "dev-log"
        self.out = lab.directory / "messages.json"
        self.config = lab.directory / "rsyslog.conf"
        fields = '  constant(value=", ")\n'.join(
            f'  property(outname="{name}" name="{known}" format="jsonf"'
            + (' dateFormat="rfc3339"' if known == "timestamp" else "")
            + ")\n"
            for name, known in self.FIELDS.items()
        )
        self.config.write_text(
            f'global(workDirectory="{lab.directory}" maxMessageSize="16k")\n'
            'module(load="imudp")\nmodule(load="imtcp")\n'
            'module(load="imuxsock" SysSock.Use="off")\n'
            f'template(name="seen" type="list") {{\n  constant(value="{{")\n{fields}'
            '  constant(value="}\\n")\n}\n'
            'ruleset(name="all") {\n'
            f'  action(type="omfile" file="{self.out}" template="seen" asyncWriting="off"'
            ' flushOnTXEnd="on")\n}\n'
            f'input(type="imudp" address="127.0.0.1" port="{self.UDP}" ruleset="all")\n'
            f'input(type="imtcp" address="127.0.0.1" port="{self.TCP}" ruleset="all")\n'
            f'input(type="imuxsock" Socket="{self.socket}" UseSpecialParser="off"'
            ' ParseHostname="on" IgnoreTimestamp="off" RateLimit.Interval="0" ruleset="all")\n'
        )

    def start(self):
        pid = self.lab.directory / "rsyslog.pid"
        self.lab.spawn("rsyslogd", "rsyslogd", "-n", "-f", self.config, "-i", pid)
        wait("rsyslogd listens", lambda: self.socket.exists() and listens(self.TCP))

    def stop(self):
        self.lab.stop("rsyslogd")
        self.socket.unlink(missing_ok=True)

    def messages(self):
        if not self.out.exists():
            return []
        # The last line may be half written yet.
        whole, _, _ = self.out.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def as_root_of_the_host():
    """Whether other users exist here: not in a user namespace with one only."""
    with open("/proc/self/uid_map") as told:
        return int(told.read().split()[2]) > 1
