"""Virtual mail servers and mail programs use a real Postfix and a real Dovecot through exits; the session is replayed."""
import json
import os
import re
import smtplib
import sys

import real_servers
import world

report = world.Report()
DOMAIN = "example.net"
HOST = "mail." + DOMAIN

SUBMIT = [("starttls", "PLAIN"), ("starttls", "LOGIN"), ("starttls", "CRAM-MD5"), ("starttls", "SCRAM-SHA-256"), ("tls", "PLAIN"), ("tls", "SCRAM-SHA-256")]
FETCH = [("pop3", "plain"), ("pop3", "starttls"), ("pop3", "tls"), ("imap", "plain"), ("imap", "starttls"), ("imap", "tls")]


def account(name, submit=None, fetch=None):
    a = {"name": name, "address": "frank@" + DOMAIN, "display": "Frank", "password": real_servers.USERS["frank"]}
    if submit:
        a["submit"] = {"server": HOST, **submit}
    if fetch:
        a["fetch"] = {"server": HOST, **fetch}
    return a


def scenario(folder):
    """mail-world, with a laptop whose accounts are with the real servers, and what its owner does."""
    with open("scenarios/mail-world.json", encoding="utf-8") as f:
        s = json.load(f)
    accounts, actions, messages = [], [], {}
    for security, mechanism in SUBMIT:
        name = f"send-{security}-{mechanism}"
        accounts.append(account(name, {"security": security, "mechanisms": mechanism}))
        messages[name] = {"to": "frank@" + DOMAIN, "subject": name, "text": ["Dear Frank,", ".", "..two dots", "", "Grüße", "x" * 900, "the end"], "attachments": ["map.png"]}
        actions.append({"name": name, "do": "send", "host": "laptop", "account": name, "message": name})
    for kind, security in FETCH:
        name = f"{kind}-{security}"
        fetch = {"kind": kind, "security": security, "plain_command": security == "tls"}
        if kind == "pop3":
            fetch["keep"] = True
        accounts.append(account(name, fetch=fetch))
        actions.append({"name": name, "do": "fetch", "host": "laptop", "account": name, "every": "1s"})
    for do, more in (("mark", {"flag": "flagged"}), ("move", {"mailbox": "Archive"}), ("remove", {})):
        actions.append({"name": do, "do": do, "host": "laptop", "account": "imap-starttls", **more})
    accounts.append(account("pop3-delete", fetch={"kind": "pop3", "security": "starttls"}))
    actions.append({"name": "pop3-delete", "do": "fetch", "host": "laptop", "account": "pop3-delete"})
    messages["the-end"] = {"to": "erin@" + DOMAIN, "subject": "the end", "text": ["That is all."]}
    actions.append({"name": "the-end", "do": "send", "host": "laptop", "account": "send-tls-PLAIN", "message": "the-end"})
    for i, a in enumerate(actions):
        a["at"] = "100ms"
        if i:
            a["after"] = actions[i - 1]["name"]
    s["hosts"]["laptop"] = {"interfaces": ["street 192.0.2.240/24"], "resolvers": ["198.51.100.253"], "client": {"accounts": accounts}}
    s["hosts"]["mail"]["mta"].update({"retry_first": "1s", "retry_max": "2s"})
    s["messages"], s["actions"], s["expect"] = messages, actions, []
    for name in ("map.png",):
        with open("scenarios/" + name, "rb") as f, open(os.path.join(folder, name), "wb") as t:
            t.write(f.read())
    return real_servers.write(os.path.join(folder, "world.json"), json.dumps(s))


def whole(subject):
    """A header to which no server has to add a field."""
    return (b"Date: Sun, 1 Mar 2026 10:00:00 +0000\r\nMessage-ID: <%s@example.com>\r\nFrom: Alice <alice@example.com>\r\nTo: Erin <erin@example.net>\r\n"
            b"Subject: %s\r\n\r\n" % (subject, subject))


def letters_by_mta(w, s):
    """A virtual MTA relays to the real Postfix: in clear and with STARTTLS, and what it refuses."""
    big = whole(b"big") + b"".join(b"%06d %s\r\n" % (n, b"y" * 60) for n in range(20000))
    smtp = w.smtp("alice")
    for to in ("erin@" + DOMAIN, "erin@plain." + DOMAIN):
        smtp.sendmail("alice@example.com", [to], world.awkward(), mail_options=["BODY=8BITMIME"])
    smtp.sendmail("alice@example.com", ["erin@" + DOMAIN], big)
    smtp.sendmail("alice@example.com", ["nobody@" + DOMAIN], b"Subject: bounce me\r\n\r\nx\r\n")
    smtp.sendmail("alice@example.com", ["never@" + DOMAIN], b"Subject: bounce me too\r\n\r\nx\r\n")
    smtp.sendmail("alice@example.com", ["later@" + DOMAIN, "erin@" + DOMAIN], b"Subject: not now\r\n\r\nx\r\n")
    smtp.quit()
    got = s.wait_for(lambda: len(s.letters("erin")) >= 4 and s.letters("erin"), 40) or s.letters("erin")
    report.check(len(got) >= 4, "four messages arrive in the real mailbox", f"{len(got)} {s.logs()}")
    awkward = [x for x in got if b"Subject: awkward" in x]
    report.check(len(awkward) == 2 and all(x.endswith(world.awkward()) for x in awkward), "byte for byte, by TLS and in clear", awkward)
    report.check(any(x.endswith(big) for x in got), "a message of more than 1 MB too", [len(x) for x in got])
    log = s.log("postfix.log")
    report.check("TLS connection established from" in log, "the virtual MTA used STARTTLS", "")
    report.check(sorted(b" with ESMTPS id " in x for x in awkward) == [False, True], "where it was offered, and only there", awkward)
    bounces = w.wait_for("alice", 2, seconds=20)
    report.check(len(bounces) == 2 and any(b"550 5.1.1" in x for x in bounces) and any(b"554 5.7.1" in x for x in bounces),
                 "what Postfix refuses comes back as a bounce with its words", bounces)
    report.check("451 4.7.1 <later@" in log, "Postfix has put one off", log[-2000:])
    # Postfix learns better; the next try succeeds.
    main = s.log("p/main.cf").replace("{ later@%s = 451 4.7.1 Greylisted }" % DOMAIN, "{ later@%s = OK }" % DOMAIN) \
        .replace("frank@%s=frank/" % DOMAIN, "frank@%s=frank/, later@%s=later/" % (DOMAIN, DOMAIN))
    real_servers.write(s.path("p", "main.cf"), main)
    s.postfix("reload")
    report.check(s.wait_for(lambda: s.letters("later"), 20), "what was put off is tried again, and arrives", s.log("postfix.log")[-3000:])


def round_trip(w, s):
    """The real Postfix relays to the virtual MTA through its inward door."""
    before = len(w.letters("bob"))
    smtp = smtplib.SMTP("127.0.0.1", s.port["submission"], timeout=30)
    smtp.starttls()
    smtp.login("erin", real_servers.USERS["erin"])
    smtp.sendmail("erin@" + DOMAIN, ["bob@example.com"], world.awkward(7), mail_options=["BODY=8BITMIME"])
    smtp.quit()
    got = w.wait_for("bob", before + 1)
    report.check(len(got) == before + 1 and world.body(got[-1]) == world.body(world.awkward(7)) and b"(Postfix)" in got[-1], "Postfix relays to a virtual MTA, byte for byte", got[-1:] or s.logs())


def people(w, s):
    done = s.wait_for(lambda: any(b"Subject: the end" in x for x in s.letters("erin")), 60)
    report.check(done, "the virtual laptop has done all that it should", s.logs())
    log = s.log("postfix.log")
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"):
        report.check(f"sasl_method={mechanism}, sasl_username=frank" in log, f"submission with {mechanism}", log[-3000:])
    archive = s.letters("frank", ".Archive")
    report.check(len(archive) == 1, "IMAP has moved one message", len(archive))
    report.check(not s.letters("frank"), "POP3 has deleted the rest", s.letters("frank"))
    report.check(any(":2," in n and "F" in n.split(":2,")[1] for n in os.listdir(s.path("mail", "frank", ".Archive", "cur"))),
                 "with the flag that it had", os.listdir(s.path("mail", "frank", ".Archive", "cur")))
    log = s.log("dovecot.log")
    for kind in ("imap", "pop3"):
        report.check(log.count(f"{kind}-login: Info: Login: user=<frank>") >= 3 and f"{kind}-login: Info: Login: user=<frank>, method=SCRAM-SHA-256" in log,
                     f"{kind}: logged in", log[-3000:])


def replayed(w):
    p, last = w.replay("--level", "line")
    report.check(p.returncode == 0 and last and last.get("same"), "the recorded session replays with the same hash", f"{last} {p.stderr[-500:]}")
    records = [json.loads(x) for x in p.stdout.splitlines()]
    seen = {}
    for r in records:
        a = r.get("attrs", r)
        if r.get("kind") == "client" and a.get("event") == "message":
            seen.setdefault(a["action"], []).append(a)
    for kind, security in FETCH:
        got = seen.get(f"{kind}-{security}", [])
        report.check(len(got) == len(SUBMIT) and all(a.get("intact") == "yes" for a in got), f"{kind} {security}: all messages are what was sent",
                     [(a.get("message"), a.get("intact")) for a in got])


def large(s):
    """Virtual programs read what others have brought, more than a megabyte too."""
    with open("scenarios/mail-world.json", encoding="utf-8") as f:
        w = json.load(f)
    accounts, names = [], (("pop3", "tls"), ("imap", "starttls"))
    for kind, security in names:
        a = account(kind, fetch={"kind": kind, "security": security, **({"keep": True} if kind == "pop3" else {})})
        accounts.append({**a, "user": "erin", "password": real_servers.USERS["erin"]})
    w["hosts"]["laptop"] = {"interfaces": ["street 192.0.2.240/24"], "resolvers": ["198.51.100.253"], "client": {"accounts": accounts}}
    w["actions"] = [{"name": kind, "do": "fetch", "host": "laptop", "account": kind, "at": "1ms"} for kind, _ in names]
    w["expect"] = []
    path = real_servers.write(s.path("large.json"), json.dumps(w))
    forwards = [x for port, name in ((995, "pop3s"), (143, "imap")) for x in ("--forward", f"{HOST}:{port}=127.0.0.1:{s.port[name]}")]
    with world.World(path, "--actions", "--trust", s.ca, *forwards, record=True) as served:
        # One connection may have both, a FIN and then an RST.
        ended = s.wait_for(lambda: len(set(re.findall(r'"(?:finished|broken)":(\d+)', open(served.recording).read()))) >= 2, 60)
        report.check(ended, "both programs have come to their end", open(served.recording).read()[-1000:])
        served.stop()
        p, last = served.replay("--level", "line")
        report.check(p.returncode == 0 and last["same"], "the replay has the same hash", p.stderr)
        there = sorted(len(x) for x in s.letters("erin"))
        report.check(there[-1] > 1 << 20, "there is a large message", there)
        for kind, _ in names:
            records = [json.loads(x) for x in p.stdout.splitlines() if b'"message"' in x and b'"octets"' in x]
            got = sorted(a["octets"] for a in (r.get("attrs", r) for r in records) if a.get("event") == "message" and a.get("via") == kind)
            report.check(got == there, f"{kind} brings all messages whole", (got, there))


def distrusted(s):
    """A virtual client judges the real server's certificate: who signed it, for when, for whom."""
    with open("scenarios/mail-world.json", encoding="utf-8") as f:
        w = json.load(f)
    w["hosts"]["laptop"] = {"interfaces": ["street 192.0.2.240/24"], "resolvers": ["198.51.100.253"],
                            "client": {"accounts": [account("imaps", fetch={"kind": "imap", "security": "tls"})]}}
    w["actions"], w["expect"] = [{"name": "look", "do": "fetch", "host": "laptop", "at": "1ms"}], []
    path = real_servers.write(s.path("distrust.json"), json.dumps(w))
    trust = ("--trust", s.ca)
    for verdict, name, options in (("unknown-ca", HOST, ()), ("expired", HOST, (*trust, "--set", "/start=2040-01-01T00:00:00Z")),
                                   ("not-yet-valid", HOST, (*trust, "--set", "/start=2020-01-01T00:00:00Z")), ("wrong-name", "other." + DOMAIN, trust)):
        to = ("--forward", f"{name}:993=127.0.0.1:{s.port['imaps']}", "--set", f"/hosts/laptop/client/accounts/0/fetch/server={name}")
        with world.World(path, "--actions", *to, *options, record=True) as served:
            s.wait_for(lambda: any(k in open(served.recording).read() for k in ('"finished":1', '"broken":1')))
            served.stop()
            p, last = served.replay("--level", "line")
            report.check(p.returncode == 0 and last["same"], "the replay has the same hash", p.stderr)
            failed = [json.loads(x) for x in p.stdout.splitlines() if b"tls-failed" in x]
            report.check(len(failed) == 1 and verdict in json.dumps(failed[0]), f"a certificate is refused: {verdict}", failed or p.stdout[-2000:])
            report.check(b"LOGIN" not in p.stdout.split(b"tls-failed")[-1], "and no password is sent", "")


def main():
    real_servers.needed()
    with real_servers.Servers(DOMAIN) as s:
        door = real_servers.free_ports(1)[0]
        s.start(relay=f"inline:{{ example.com=smtp:[127.0.0.1]:{door} }}")
        forwards = [f"{DOMAIN}=127.0.0.1:{s.port['smtp']}", f"plain.{DOMAIN}=127.0.0.1:{s.port['plain']}"]
        forwards += [f"{HOST}:{port}=127.0.0.1:{s.port[name]}" for port, name in
                     ((587, "submission"), (465, "submissions"), (110, "pop3"), (995, "pop3s"), (143, "imap"), (993, "imaps"))]
        options = [x for f in forwards for x in ("--forward", f)]
        with world.World(scenario(s.folder), "--actions", "--map", f"{door}=mail:25", "--trust", s.ca, *options, record=True) as w:
            letters_by_mta(w, s)
            round_trip(w, s)
            people(w, s)
            report.check(w.stop() == 0, "serve ends well", w.errors)
            report.check(w.errors == "", "and has nothing to complain of", w.errors)
            replayed(w)
        large(s)
        distrusted(s)
    report.end()


if __name__ == "__main__":
    sys.exit(main())
