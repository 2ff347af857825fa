"""A laboratory of network namespaces on one bridge, with real routers in them.

Everything lives in namespaces of its own (network, mounts, processes): addresses and
ports collide with nothing, and nothing outlives the run.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

# Where leakwatch listens: the bridge itself.
COLLECTOR = "192.0.2.254"
BMP_PORT = 11019
HTTP_PORT = 11080


class Failed(Exception):
    """A scenario came out other than it had to."""


def wait(what, condition, seconds=60):
    """Polls until `condition()` is true; its value."""
    limit = time.monotonic() + seconds
    last = None
    while time.monotonic() < limit:
        last = condition()
        if last:
            return last
        time.sleep(0.1)
    # One more look: the last pause may have been a long one.
    if last := condition():
        return last
    raise Failed(f"not within {seconds} s: {what}; last seen: {last!r}")


class Still:
    """What is not as it has to be yet: false where there is any, and printed by `wait`."""

    def __init__(self, left):
        self.left = left

    def __bool__(self):
        return not self.left

    def __repr__(self):
        return repr(self.left)


def equal(what, ours, theirs):
    if ours != theirs:
        raise Failed(f"{what}: {ours!r}, not {theirs!r}")


class Lab:
    """One scenario's machines."""

    def __init__(self, name):
        self.name = name
        self.directory = Path(tempfile.mkdtemp(prefix=f"leakwatch-{name}-"))
        self.directory.chmod(0o755)
        self.processes = {}
        self.spaces = []
        self.servers = []
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "link", "set", "br0", "up")
        run("ip", "addr", "add", f"{COLLECTOR}/24", "dev", "br0")
        run("ip", "-6", "addr", "add", "2001:db8::fe/64", "dev", "br0", "nodad")

    @staticmethod
    def wait(*arguments):
        return wait(*arguments)

    def space(self, name, number):
        """A namespace whose only interface has the addresses ending in `number`."""
        run("ip", "netns", "add", name)
        self.spaces.append(name)
        run("ip", "link", "add", f"v-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"v-{name}", "master", "br0", "up")
        for command in (
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("addr", "add", f"192.0.2.{number}/24", "dev", "eth0"),
            ("-6", "addr", "add", f"2001:db8::{number:x}/64", "dev", "eth0", "nodad"),
        ):
            run("ip", "-n", name, *command)

    def spawn(self, name, *command, space=None, env=None):
        """Starts a program; its output goes to a file named after it."""
        if space:
            command = ("ip", "netns", "exec", space, *command)
        log = open(self.directory / f"{name}.log", "ab")
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
        log.close()
        self.processes[name] = process
        return process

    def stop(self, name, number=signal.SIGTERM, seconds=40):
        """Ends a program by a signal; its exit status."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"{name} does not end within {seconds} s of {number!r}") from None

    def alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise Failed(f"{name} has ended with status {process.returncode}")

    def close(self):
        for server in self.servers:
            server.stop()
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        for space in self.spaces:
            # A namespace goes some time after its name; its interface is not to be in the way.
            run("ip", "link", "del", f"v-{space}", check=False)
            run("ip", "netns", "del", space)
        run("ip", "link", "del", "br0")
        shutil.rmtree(self.directory, ignore_errors=True)

    def logs(self, lines=25):
        """The end of every program's output."""
        for path in sorted(self.directory.glob("*.log")):
            told = path.read_text(errors="replace").splitlines()
            # bgpd without zebra complains of every next hop.
            told = [line for line in told if "zclient_send_message" not in line]
            yield f"--- {path.name}", told[-lines:]


def run(*command, check=True, seconds=120):
    """Runs a command to its end; its output."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=seconds
    )
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


class Frr:
    """FRRouting's bgpd with its BMP module, without zebra."""

    def __init__(self, lab, name, number, asn, config, bmp="", before="", cut_off=False):
        self.lab, self.name = lab, name
        self.address = f"192.0.2.{number}"
        self.address6 = f"2001:db8::{number:x}"
        self.directory = lab.directory / name
        self.directory.mkdir()
        lab.space(name, number)
        (self.directory / "bgpd.conf").write_text(
            f"hostname {name}\n"
            "log stdout informational\n"
            f"{before}"
            f"router bgp {asn}\n"
            f" bgp router-id {self.address}\n"
            " no bgp ebgp-requires-policy\n"
            " no bgp default ipv4-unicast\n"
            " timers bgp 10 30\n"
            f"{config}"
            f"{bmp}"
            "exit\n"
        )
        if cut_off:
            self.cut_off()
        self.start()

    def cut_off(self):
        """From now on it does not reach the collector.

        Routes that come while FRR 8.4 sends its table over BMP it may never send: one to five of
        8,944, in one run of four. A scenario that counts them lets it connect when it has them."""
        run("ip", "-n", self.name, "route", "add", "unreachable", f"{COLLECTOR}/32")

    def reach(self):
        """It does again."""
        run("ip", "-n", self.name, "route", "del", "unreachable", f"{COLLECTOR}/32")

    @staticmethod
    def neighbour(address, asn, families=("ipv4",), policy=None, extra=None):
        """A neighbour's part of the configuration."""
        text = f" neighbor {address} remote-as {asn}\n neighbor {address} timers connect 1\n"
        for family in families:
            text += (
                f" address-family {family} unicast\n"
                f"  neighbor {address} activate\n"
                f"  neighbor {address} soft-reconfiguration inbound\n"
            )
            if policy:
                text += f"  neighbor {address} route-map {policy} in\n"
            if extra:
                text += f"  {extra}\n"
            text += " exit-address-family\n"
        return text

    @staticmethod
    def bmp(*policies, families=("ipv4",), statistics=None, listen=None):
        """What it monitors and for whom."""
        text = " bmp targets all\n"
        if statistics:
            text += f"  bmp stats interval {statistics}\n"
        for family in families:
            for policy in policies:
                text += f"  bmp monitor {family} unicast {policy}\n"
        if listen:
            text += f"  bmp listener 0.0.0.0 port {listen}\n"
        else:
            text += f"  bmp connect {COLLECTOR} port {BMP_PORT} min-retry 100 max-retry 1000\n"
        return text + " exit\n"

    def start(self):
        self.lab.spawn(
            self.name,
            "/usr/lib/frr/bgpd",
            *("-f", self.directory / "bgpd.conf"),
            *("-i", self.directory / "bgpd.pid"),
            *("--vty_socket", self.directory),
            *("-M", "bmp", "-Z", "-S", "-P", "0"),
            space=self.name,
        )
        wait(f"{self.name} answers", lambda: self.show("show version", check=False))

    def show(self, *commands, check=True):
        return run(
            "vtysh",
            *("--vty_socket", self.directory, "-d", "bgpd"),
            *(part for command in commands for part in ("-c", command)),
            check=check,
        )

    def configure(self, *commands):
        return self.show("configure terminal", *commands)

    def summary(self, family="ipv4"):
        """What it says of each neighbour."""
        told = json.loads(self.show(f"show bgp {family} unicast summary json") or "{}")
        return told.get("peers", {})

    def accepted(self, family="ipv4"):
        """Routes accepted from each neighbour, as it reports them."""
        return {address: peer["pfxRcd"] for address, peer in self.summary(family).items()}

    def received(self, address, family="ipv4"):
        """Routes received from a neighbour, before policy, as it reports them."""
        told = json.loads(
            self.show(f"show bgp {family} unicast neighbors {address} received-routes json")
        )
        return told["totalPrefixCounter"]

    def established(self, *neighbours, family="ipv4"):
        def up():
            peers = self.summary(family)
            return all(peers.get(n, {}).get("state") == "Established" for n in neighbours)

        wait(f"{self.name} has sessions with {', '.join(neighbours)}", up)


class Gobgp:
    """GoBGP, as router under test or as the one that feeds it."""

    def __init__(self, lab, name, number, asn, config=""):
        self.lab, self.name = lab, name
        self.address = f"192.0.2.{number}"
        self.address6 = f"2001:db8::{number:x}"
        self.config = lab.directory / f"{name}.toml"
        lab.space(name, number)
        self.config.write_text(
            f'[global.config]\n  as = {asn}\n  router-id = "{self.address}"\n{config}'
        )
        self.start()

    @staticmethod
    def neighbour(address, asn, families=("ipv4",), add_paths=None, graceful=False, extra=""):
        """A neighbour's part of the configuration."""
        text = (
            "[[neighbors]]\n"
            f'  [neighbors.config]\n    neighbor-address = "{address}"\n    peer-as = {asn}\n'
            "  [neighbors.timers.config]\n    connect-retry = 1\n    hold-time = 30\n"
            "    keepalive-interval = 10\n    idle-hold-time-after-reset = 1\n"
        )
        for family in families:
            text += (
                f'  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n'
                f'      afi-safi-name = "{family}-unicast"\n'
            )
            if graceful:
                text += (
                    "    [neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true\n"
                )
            if add_paths:
                text += f"    [neighbors.afi-safis.add-paths.config]\n{add_paths}"
        return text + extra

    @staticmethod
    def bmp(policy, statistics=0):
        return (
            "[[bmp-servers]]\n  [bmp-servers.config]\n"
            f'    address = "{COLLECTOR}"\n    port = {BMP_PORT}\n'
            f'    route-monitoring-policy = "{policy}"\n    statistics-timeout = {statistics}\n'
        )

    def start(self, *options):
        self.lab.spawn(
            self.name,
            *("gobgpd", "-f", self.config, "--api-hosts", "127.0.0.1:50051"),
            *("--pprof-disable", "-l", "info", *options),
            space=self.name,
        )
        wait(f"{self.name} answers", lambda: self.tell("global", check=False))

    def tell(self, *command, check=True, seconds=120):
        return run(
            "ip", "netns", "exec", self.name, "gobgp", *command, check=check, seconds=seconds
        )

    def neighbours(self):
        return {
            peer["state"]["neighbor_address"]: peer
            for peer in json.loads(self.tell("neighbor", "-j") or "[]")
        }

    def counts(self, address, family="ipv4"):
        """(received, accepted, advertised) of a neighbour, as it reports them."""
        afi = {"ipv4": 1, "ipv6": 2}[family]
        told = json.loads(self.tell("neighbor", address, "-j"))
        for each in told["afi_safis"]:
            state = each["state"]
            if state["family"]["afi"] == afi:
                return tuple(state.get(k, 0) for k in ("received", "accepted", "advertised"))
        return (0, 0, 0)

    def table(self, family="ipv4"):
        """Destinations of the global table."""
        text = self.tell("global", "rib", "summary", "-a", family)
        return {
            key.strip(): int(value)
            for part in text.replace("\n", ",").split(",")
            if ":" in part
            for key, value in [part.rsplit(":", 1)]
            if value.strip().isdigit()
        }

    def established(self, *addresses):
        def up():
            peers = self.neighbours()
            return all(
                peers.get(a, {}).get("state", {}).get("session_state") == 6 for a in addresses
            )

        wait(f"{self.name} has sessions with {', '.join(addresses)}", up)

    def inject(self, path, count, family="ipv4"):
        """Loads a table of `count` prefixes; again where part of it is missing."""
        hop, other = {
            "ipv4": (self.address, "--no-ipv6"),
            "ipv6": (self.address6, "--no-ipv4"),
        }[family]
        for _ in range(5):
            self.tell("mrt", "inject", "global", "--nexthop", hop, other, path, seconds=300)
            # It ends before all of it has been taken.
            limit = time.monotonic() + 10
            while (have := self.table(family)["Destination"]) != count:
                if time.monotonic() > limit:
                    break
                time.sleep(0.2)
            else:
                return
        raise Failed(f"{self.name} has {have} routes, not the {count} of {path}")
