"""A real Prometheus scrapes a drill and a loss, and the alerts that must fire do."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from lab import BMP_PORT, COLLECTOR, Failed, Frr, Gobgp, HTTP_PORT, Still, run as command
import tables

SHIPPED = Path(__file__).resolve().parents[3] / "config"
PORT = 19090
NEEDED = ["prometheus", "promtool"]


def run(lab, site):
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing or not hasattr(site, "metric"):
        print(f"  skipped: {', '.join(missing) or 'there is no daemon to scrape'}")
        return
    rules = lab.directory / "rules"
    shutil.copytree(SHIPPED / "prometheus", rules)
    command("promtool", "check", "config", rules / "prometheus.yml")
    command("promtool", "test", "rules", rules / "leakwatch.rules.test.yml")
    hasten(rules)

    table = lab.directory / "table"
    count = tables.routeviews_2014(table)
    feed = Gobgp(lab, "feed", 1, 398001, Gobgp.neighbour("192.0.2.2", 398000))
    feed.inject(table, count)
    frr = Frr(lab, "frr", 2, 398000, Frr.neighbour(feed.address, 398001), Frr.bmp("pre-policy"))
    lab.wait("FRR has the table", lambda: frr.accepted().get(feed.address) == count)
    site.start()
    lint()
    prometheus = lab.spawn(
        "prometheus",
        "prometheus",
        f"--config.file={rules / 'prometheus.yml'}",
        f"--storage.tsdb.path={lab.directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{PORT}",
        "--log.level=warn",
    )
    assert prometheus.poll() is None
    lab.wait("the target is up", lambda: query('up{job="leakwatch"} == 1'))

    routes = f'leakwatch_routes{{peer="{feed.address}", rib="adj-rib-in-pre"}}'
    lab.wait("Prometheus has the routes", lambda: query(f"{routes} == {count}"))
    lab.wait("and the latency", lambda: query("leakwatch_detection_latency_seconds_count > 0"))
    lab.wait(
        "and that the session is up",
        lambda: query(f'leakwatch_bmp_session_up{{router="{frr.address}"}} == 1'),
    )
    lint()

    target = f"{COLLECTOR}:{BMP_PORT}"
    played = ("drill", "google-2017", "--table", "20000", "--speed", "2", "--bmp", target)
    played += ("--remote",)
    lab.spawn("drill", site.program, *played)
    lab.wait("the drill's alert fires", lambda: firing("LeakwatchDrillIncident"), 180)
    if firing("LeakwatchIncidentCritical"):
        raise Failed("a drill pages as if it were real")
    lint()
    drill = lab.processes.pop("drill")
    if drill.wait(180) != 0:
        raise Failed("the drill could not be played")
    lab.wait("the drill's alert is over", lambda: not firing("LeakwatchDrillIncident"), 60)

    lab.stop("frr", 9)
    lab.wait("the lost session's alert fires", lambda: firing("LeakwatchSessionDown"))
    lab.wait("and that of blindness", lambda: firing("LeakwatchBlind"))
    loaded()
    answered()
    # Others may fire for a moment around it.
    looks = []

    def only_blindness():
        looks.append({alert["labels"]["alertname"] for alert in alerts() if is_page(alert)})
        time.sleep(1)
        return looks[-3:] == 3 * [{"LeakwatchBlind"}] or Still(looks[-3:])

    lab.wait("blindness alone pages", only_blindness, 60)


def hasten(rules):
    """The shipped files, with seconds in the place of minutes."""
    config = rules / "prometheus.yml"
    text = config.read_text()
    text = text.replace(": 15s", ": 1s").replace("127.0.0.1:11080", f"127.0.0.1:{HTTP_PORT}")
    config.write_text(text)
    for path in rules.glob("*.rules.yml"):
        text = re.sub(r"^( +for:) .*$", r"\1 2s", path.read_text(), flags=re.MULTILINE)
        path.write_text(text.replace("[1d:5m]", "[10m:1s]"))


def lint():
    """`promtool check metrics` on what the daemon exposes now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/metrics", timeout=10) as answer:
        text = answer.read()
    told = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    if told.returncode or told.stderr:
        raise Failed(f"promtool check metrics: {told.stdout.decode()}{told.stderr.decode()}")


def api(path, **parameters):
    url = f"http://127.0.0.1:{PORT}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as problem:
        if problem.code == 503:  # It has only just started.
            raise
        raise Failed(f"{path} {parameters}: {problem.read().decode()}") from None


def query(text):
    try:
        return api("query", query=text)["result"]
    except (OSError, ValueError):
        return []


def alerts():
    """Those that fire. Where it does not answer nothing is known of them, so it is asked again."""
    limit = time.monotonic() + 60
    while True:
        try:
            told = api("alerts")["alerts"]
        except (OSError, ValueError):
            if time.monotonic() > limit:
                raise
            time.sleep(0.5)
        else:
            return [alert for alert in told if alert["state"] == "firing"]


def is_page(alert):
    return alert["labels"].get("severity") == "page"


def firing(name):
    return [alert for alert in alerts() if alert["labels"]["alertname"] == name]


def loaded():
    """Every rule is evaluated without an error."""
    groups = api("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    written = sum(
        len(re.findall(r"^ +- (?:alert|record):", path.read_text(), flags=re.MULTILINE))
        for path in (SHIPPED / "prometheus").glob("*.rules.yml")
    )
    if len(rules) != written:
        raise Failed(f"{len(rules)} rules are loaded, not {written}")
    wrong = [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"]
    if wrong:
        raise Failed(f"rules with errors: {wrong}")


def answered():
    """Every query of the dashboard is one that Prometheus can answer."""
    board = json.loads((SHIPPED / "grafana" / "leakwatch.json").read_text())
    with_data = 0
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"].replace("$__rate_interval", "1m")
            text = text.replace("$instance", ".*").replace("$router", ".*")
            with_data += bool(api("query", query=text)["result"])
    if with_data < 30:
        raise Failed(f"only {with_data} queries of the dashboard have an answer")
