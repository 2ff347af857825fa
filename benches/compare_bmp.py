#!/usr/bin/env python3
"""BMP over TCP into a RIB: leakwatch with every detector against pmbmpd keeping a RIB.

    benches/compare_bmp.py STREAM [--bin target/release/leakwatch] [--runs 5] [--cpu 1]

STREAM is of `bmp_stream.py table`. Each receiver runs alone, pinned to one CPU, in turn
(A B A B ...), and is sent the whole stream over loopback as fast as it takes it. What
counts is its processor time, user + system, from before the first octet until it has
fallen silent, so that other work on the machine matters little. leakwatch must show every
route in its interface; pmbmpd has taken the stream when its socket is empty and it no
longer uses the processor. Prints medians, least and greatest, and the ratio pair by pair.
pmbmpd is Debian's package pmacct.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def seconds(pids):
    """User and system seconds of processes."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def family(pid):
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def resident(pids):
    kib = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                kib += int(line.split()[1])
    return kib / 1024


def queued(port):
    """Octets that wait in the receiver's sockets."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "01":
            total += int(fields[4].split(":")[1], 16)
    return total


def connect(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def measure(command, port, stream, routes, cpu, done):
    """Processor seconds, wall seconds to the last octet taken, MiB resident."""
    process = subprocess.Popen(
        ["taskset", "-c", str(cpu), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(port) as connection:
            time.sleep(1)
            before, started = seconds(family(process.pid)), time.monotonic()
            connection.sendall(stream)
            taken = None
            last, since = -1.0, time.monotonic()
            while True:
                time.sleep(0.1)
                if taken is None and queued(port) == 0:
                    taken = time.monotonic() - started
                used = seconds(family(process.pid))
                # A daemon at rest still ticks: some milliseconds a second.
                if used - last > 0.02:
                    last, since = used, time.monotonic()
                if taken is not None and time.monotonic() - since > 2 and done(routes):
                    return used - before, taken, resident(family(process.pid))
    finally:
        process.terminate()
        process.wait()


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("stream", type=Path)
    arguments.add_argument("--bin", default="target/release/leakwatch")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--cpu", type=int, default=1)
    options = arguments.parse_args()
    if not shutil.which("pmbmpd"):
        raise SystemExit("pmbmpd is not installed (Debian: pmacct)")
    stream = options.stream.read_bytes()
    messages = at = 0
    while at < len(stream):
        messages += stream[at + 5] == 0
        at += int.from_bytes(stream[at + 1 : at + 5], "big")
    directory = Path(tempfile.mkdtemp())
    results = {"leakwatch": [], "pmbmpd": []}
    routes = None
    for _ in range(options.runs):
        bmp, http = free_port(), free_port()
        (directory / "leakwatch.toml").write_text(
            f'[bmp]\nlisten = "127.0.0.1:{bmp}"\n[http]\nlisten = "127.0.0.1:{http}"\n'
        )

        def shown(_, http=http):
            url = f"http://127.0.0.1:{http}/api/v1/status"
            nonlocal routes
            with urllib.request.urlopen(url, timeout=10) as answer:
                have = json.load(answer)["engine"]["routes"]
            if routes is None:
                routes = have
            return have == routes and have > 0

        results["leakwatch"].append(
            measure(
                [options.bin, "run", "--config", directory / "leakwatch.toml"],
                *(bmp, stream, routes, options.cpu, shown),
            )
        )
        bmp = free_port()
        (directory / "pmbmpd.conf").write_text(
            "daemonize: false\n"
            f"bmp_daemon_ip: 127.0.0.1\nbmp_daemon_port: {bmp}\n"
            f"bmp_table_dump_file: {directory}/dump\nbmp_dump_refresh_time: 86400\n"
        )
        results["pmbmpd"].append(
            measure(
                ["pmbmpd", "-f", directory / "pmbmpd.conf"],
                *(bmp, stream, routes, options.cpu, lambda _: True),
            )
        )
    shutil.rmtree(directory)
    print(f"{messages} Route Monitoring, {routes} routes")
    for name, runs in results.items():
        used = sorted(run[0] for run in runs)
        middle = statistics.median(used)
        print(
            f"{name}: {middle:.2f} ({used[0]:.2f} to {used[-1]:.2f}) s of processor time, "
            f"{messages / middle:,.0f} messages/s, wall {statistics.median(r[1] for r in runs):.2f} s, "
            f"{statistics.median(r[2] for r in runs):.0f} MiB"
        )
    ratios = sorted(b[0] / a[0] for a, b in zip(results["leakwatch"], results["pmbmpd"]))
    print(f"ratio {statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})")


if __name__ == "__main__":
    main()
