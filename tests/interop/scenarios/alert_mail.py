"""A real postfix: one thread of mails per incident, over STARTTLS, however it refuses at first."""

import email
import email.policy
import time

from alerting import ends, opens, settings, sink, skipped
from lab import Failed, equal
from servers import Policy, Postfix, as_root_of_the_host
from speaker import Speaker, PEER_AS, block


def run(lab, site):
    if skipped(site, "postfix", "openssl"):
        return
    if not as_root_of_the_host():
        print("  skipped: postfix needs users beside root")
        return
    greylisted = set()

    def decide(number, attributes):
        who = attributes["recipient"]
        if who not in greylisted:
            greylisted.add(who)
            return "defer 4.7.1 Greylisted, come again"
        return "dunno"

    Policy(lab, decide)
    server = Postfix(lab)
    server.know("team", "some", "small")
    (server.config / "subjects").write_text("/refuse me/ REJECT 5.7.1 Not this\n")
    with open(server.config / "main.cf", "a") as more:
        more.write(f"header_checks = regexp:{server.config / 'subjects'}\n")
    server.start()
    speaker = Speaker(site)

    def to(name, *who, **keys):
        return sink(
            "mail",
            name=name,
            server="127.0.0.1",
            port=server.PORT,
            ca_file=str(server.ca),
            **{"from": "Leakwatch Zürich <leakwatch@noc.example>"},
            to=list(who),
            **keys,
        )

    sinks = (
        to("team", "NOC 東京 <team@noc.example>", min_severity="warning"),
        to("late", "late@noc.example"),
        to("some", "nobody@noc.example", "some@noc.example"),
        to("small", "small@noc.example", subject_prefix="[refuse me] "),
    )
    site.start(more=settings(lab.directory / "state", *sinks))
    speaker.connect()
    site.synced()

    name = opens(site, speaker, 1)
    lab.wait("the first mail, greylisted once", lambda: server.letters(), 60)
    equal("retried", site.metric("leakwatch_notifications_total", sink="team", result="retried"), 1)
    # It grows by a hundred routes, which is told.
    for number in range(100, 300):
        speaker.announce(block(number), (PEER_AS, 65, *[1001] * 200))
    grown = lab.wait("a mail of its growth, or none", lambda: len(server.letters()) > 1, 90)
    assert grown

    # The server is away when it ends.
    server.stop()
    for number in range(100, 300):
        speaker.heal(number)
    ends(site, speaker, 1, name)
    time.sleep(3)
    server.start()
    lab.wait("the last mail", lambda: is_over(server.letters()[-1]), 90)
    thread([parsed(letter) for letter in server.letters()])

    # The other recipient of a mail gets it although one is not known.
    lab.wait("a mail beside a refused recipient", lambda: server.letters("some"), 90)
    # Whoever is not known yet gets what waited once he is.
    equal("mails to nobody", server.letters("late"), [])
    server.know("team", "some", "small", "late")
    server.reload()
    lab.wait("mail to him who is known at last", lambda: len(server.letters("late")) >= 2, 120)
    # What is refused for what it says is given up.
    equal("mails refused", server.letters("small"), [])
    lab.wait(
        "given up",
        lambda: site.metric("leakwatch_notifications_total", sink="small", result="given_up"),
        90,
    )
    refused = "the sink refuses an alert; it is not sent again"
    lab.wait("said so", lambda: site.said(refused), 90)
    for sort in ("delivered", "retried", "given_up"):
        told = {
            which: int(site.metric("leakwatch_notifications_total", sink=which, result=sort))
            for which in ("team", "late", "some", "small")
        }
        print(f"  {sort}: {told}")
    site.stop()
    server.stop()


def parsed(letter):
    return email.message_from_bytes(letter, policy=email.policy.default)


def is_over(letter):
    return "OVER after" in parsed(letter)["subject"]


def thread(letters):
    """Every mail refers to the first, and says what it is in words that people can read."""
    first, *later = letters
    if first["References"] or first["In-Reply-To"]:
        raise Failed("the first mail refers to another")
    for letter in later:
        for header in ("References", "In-Reply-To"):
            equal(header, letter[header].strip(), first["Message-ID"].strip())
    if len({letter["Message-ID"] for letter in letters}) != len(letters):
        raise Failed("two mails have one Message-ID")
    for letter in letters:
        equal("defects", letter.defects, [])
        equal("from", letter["From"].addresses[0].display_name, "Leakwatch Zürich")
        equal("to", letter["To"].addresses[0].display_name, "NOC 東京")
        equal("who made it", letter["Auto-Submitted"], "auto-generated")
        if "with ESMTPS" not in "".join(letter.get_all("Received")):
            raise Failed("it came in the clear")
        if "AS1001" not in letter["Subject"]:
            raise Failed(f"the subject does not say who: {letter['Subject']}")
        for kind in ("plain", "html"):
            body = letter.get_body((kind,)).get_content()
            if "AS1001" not in body or "AS65" not in body:
                raise Failed(f"the {kind} text does not say who and through whom")
        print(f"  {letter['Subject']}")
