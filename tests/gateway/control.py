"""`mailwalk serve --control` and `mailwalk ctl`: every command by what a real client sees of it."""
import imaplib
import json
import os
import poplib
import signal
import smtplib
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
folder = tempfile.mkdtemp(prefix="mailwalk-control-")
LETTER = b"From: eve@example.net\r\nTo: bob@example.com\r\nSubject: x\r\nMessage-ID: <%s@example.net>\r\n\r\nHello\r\n"


def connected(path):
    return world.Control(path, report)


def ctl(path, *words, stdin=b"", status=0, claim="ctl"):
    p = subprocess.run([world.MAILWALK, "ctl", "--socket", path, *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW)
    report.check(p.returncode == status, f"{claim}: ctl {' '.join(words)} is exit {status}", (p.returncode, p.stdout[:200], p.stderr[:300]))
    return p


def smtp(w):
    return smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=20 * world.SLOW)


def rcpt(w, who="bob@example.com"):
    """What a stranger is answered at port 25."""
    with smtp(w) as s:
        s.ehlo("eve.example.net")
        s.mail("eve@example.net")
        return s.rcpt(who)


def deliver(w, number, who="bob@example.com"):
    with smtp(w) as s:
        return s.sendmail("eve@example.net", [who], LETTER % str(number).encode())


def lost(call):
    """True if the connection ends under it."""
    try:
        call()
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, ConnectionError, poplib.error_proto, imaplib.IMAP4.abort, EOFError):
        return True
    return False


def seconds(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def quick(call, bound):
    """Whether it takes less, at least once in some attempts: other programs may hold this machine up at any moment, a fault holds up each."""
    return any(seconds(call) < bound for _ in range(10))


# ---- faults -----------------------------------------------------------------------------------------------------


def refusals(w, c):
    report.check(rcpt(w)[0] == 250, "bob can be written to", "")
    n = c.do("refuse", match="bob@example.com", code=451, status="4.7.1", text="Greylisted, come back", first=1)["fault"]
    report.check(rcpt(w) == (451, b"4.7.1 Greylisted, come back"), "refuse: code, status and text", "")
    report.check(rcpt(w)[0] == 250, "--first 1: the second attempt passes", "")
    (f,) = c.do("faults")["faults"]
    report.check(f["fault"] == n and f["kind"] == "refuse" and f["used"] == 1 and f["first"] == 1 and "bob@example.com" in f["words"], "faults lists it", f)
    c.do("clear", what=n)
    n = c.do("refuse", match="example.com", at="DATA", code=452, status="4.3.1")["fault"]
    report.check(rcpt(w)[0] == 250, "at DATA: RCPT is not refused", "")
    c.do("clear", what=n)
    for at, call in (("CONNECT", lambda: smtp(w)), ("MAIL", lambda: rcpt(w))):
        c.do("refuse", match="*", at=at, code=421 if at == "CONNECT" else 450)
        try:
            refused = call()
            good = at == "MAIL" and refused[0] >= 400
        except smtplib.SMTPConnectError as e:
            good = e.smtp_code >= 400
        report.check(good, f"refuse at {at}", "")
        c.do("clear", what="all")
    report.check(rcpt(w)[0] == 250, "clear all", c.do("faults"))


def delays(w, c):
    c.do("delay", host="mail", by="300ms", port=25)
    with smtp(w) as s:
        report.check(seconds(s.noop) >= 0.3 and seconds(lambda: s.ehlo("x")) >= 0.3, "SMTP replies are late", "")
        report.check(quick(lambda: w.pop3("bob").quit(), 1.2 * world.SLOW), "--port: other services are not", "")
        c.do("clear", what="all")
        report.check(quick(s.noop, 0.3), "and are no longer", "")
    p, m = w.pop3("bob"), w.imap("bob")
    c.do("delay", host="mail", by="300ms", first=2)
    report.check(seconds(p.stat) >= 0.3, "POP3 replies are late, inside TLS too", "")
    report.check(seconds(m.noop) >= 0.3, "IMAP replies are late, inside TLS too", "")
    report.check(quick(m.noop, 0.3), "--first 2: the third is not", "")
    c.do("clear", what="all")
    c.do("delay", host="mail", by="300ms", after="stat")
    report.check(seconds(p.stat) >= 0.3 and quick(p.noop, 0.3) and quick(m.noop, 0.3), "delay after STAT: STAT only", "")
    c.do("clear", what="all")
    p.quit()
    m.logout()


def drops(w, c):
    c.do("drop", host="mail", after="RCPT", first=1)
    report.check(lost(lambda: rcpt(w)), "drop after RCPT: no answer to RCPT", "")
    report.check(rcpt(w)[0] == 250, "--first 1: once", "")
    c.do("clear", what="all")
    c.do("drop", host="mail", after="connect", port=25)
    report.check(lost(lambda: smtp(w)), "drop after CONNECT: no greeting", "")
    c.do("clear", what="all")

    before = len(w.letters("bob"))
    c.do("drop", host="mail", after="DATA", octets=20, reset=True)
    report.check(lost(lambda: deliver(w, "half")), "drop inside DATA", "")
    c.do("clear", what="all")
    report.check(len(w.letters("bob")) == before, "half a message is none", "")

    c.do("drop", host="mail", after="CONTENT")
    report.check(lost(lambda: deliver(w, "whole")), "drop after CONTENT: no 250", "")
    c.do("clear", what="all")
    report.check(len(w.wait_for("bob", before + 1)) == before + 1, "but the message is there: sent again it would be there twice", "")

    for after, open_, call in (("STAT", w.pop3, lambda x: x.stat()), ("SELECT", w.imap, lambda x: x.select()),
                               ("FETCH", w.imap, lambda x: x.select() and x.uid("FETCH", "1:*", "(FLAGS)"))):
        x = open_("bob")
        c.do("drop", host="mail", after=after)
        report.check(lost(lambda: call(x)), f"drop after {after}", "")
        c.do("clear", what="all")
    no = c.ask("drop", host="mail", after="RCPT", octets=3)
    report.check(not no["ok"] and "content" in no["error"], "octets are of a message", no)
    c.do("drop", host="mail", after="DATA", octets=1000000)
    report.check(deliver(w, "short") == {}, "a message shorter than --octets passes", "")
    c.do("clear", what="all")


def full(w, c):
    c.do("fill", address="carol@example.com")
    code, text = rcpt(w, "carol@example.com")
    report.check(code in (452, 552) and text.startswith((b"4.2.2", b"5.2.2")), "fill: the server refuses carol", (code, text))
    m = w.imap("carol")
    typ, said = m.append("INBOX", None, None, LETTER % b"append")
    report.check(typ == "NO" and b"OVERQUOTA" in said[0], "fill: APPEND is over quota", said)
    c.do("clear", what="all")
    report.check(rcpt(w, "carol@example.com")[0] == 250 and m.append("INBOX", None, None, LETTER % b"append")[0] == "OK", "and when it is cleared there is room", "")
    m.logout()


def dns_question(w, wait=3.0):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.settimeout(wait)
    u.sendto(b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x0f\x00\x01", ("127.0.0.1", w.port("dns", transport="udp")))
    try:
        return u.recv(2000)[3] & 15
    except socket.timeout:
        return None
    finally:
        u.close()


def names(w, c):
    for answer, code in (("servfail", 2), ("refused", 5)):
        n = c.do("dns", host="ns-com", answer=answer)["fault"]
        report.check(dns_question(w, 10 * world.SLOW) == code, f"dns {answer}", "")
        c.do("clear", what=str(n))
    c.do("dns", host="ns-com", answer="silent")
    report.check(dns_question(w, 0.5) is None, "dns silent", "")
    c.do("clear", what="all")
    report.check(dns_question(w, 10 * world.SLOW) == 0, "and then it answers again", "")


def down(w, c):
    before = len(w.letters("dave", "mx"))
    c.do("down", name="mx")
    no = c.ask("down", name="mx")
    report.check(not no["ok"] and "already" in no["error"], "what is down cannot be taken down", no)
    a = c.do("send", **{"from": "alice@example.com", "to": "dave@example.org", "subject": "while it is down", "text": "Hello"})
    report.check(a["result"] == "ok", "send: her own server has taken the message", a)
    t = c.do("time")["t_ns"]
    c.do("advance", by="3m")
    (q,) = c.do("queue", host="mail")["queue"]
    report.check(q["sender"] == "alice@example.com" and q["recipient"] == "dave@example.org" and q["state"] == "waiting" and q["attempts"] == 1 and
                 q["next_try_ns"] > t and len(q["id"]) == 10, "queue: it waits, because mx is down", q)
    report.check(c.do("time")["t_ns"] - t >= 180 * 10 ** 9, "advance: three minutes are over", "")
    c.do("up", name="mx")
    c.do("advance", by="1h")
    report.check(c.do("queue")["queue"] == [], "up: the queue is empty after the next attempt", c.do("queue"))
    report.check(len(w.letters("dave", "mx")) == before + 1, "and dave has it", "")
    report.check(not c.ask("up", name="mx")["ok"], "what is up cannot be taken up", "")
    c.do("down", name="com", **{"for": "2s"})
    report.check(seconds(lambda: rcpt(w)) >= 1, "down LINK --for 2s: TCP finds a way when the link is back", "")
    report.check(c.do("faults")["faults"] == [], "--for: it is over by itself", c.do("faults"))


def links(w, c):
    with smtp(w) as s:
        s.noop()
        c.do("lag", link="com", by="200ms")
        report.check(seconds(s.noop) >= 0.4, "lag: there and back again", "")
        c.do("clear", what="all")
        report.check(quick(s.noop, 0.4), "and no longer", "")
    c.do("loss", link="com", chance="100%")
    report.check(dns_question(w, 0.5) is None, "loss of all", "")
    c.do("clear", what="all")
    report.check(dns_question(w, 10 * world.SLOW) == 0, "loss of nothing", "")


# ---- looking ----------------------------------------------------------------------------------------------------


def looking(w, c):
    before = c.do("messages", address="bob@example.com")["messages"]
    deliver(w, "looked-at")
    letter = w.wait_for("bob", len(before) + 1)[-1]
    (m,) = [m for m in c.do("messages", address="bob@example.com")["messages"] if m["uid"] not in [b["uid"] for b in before]]
    report.check(m["size"] == len(letter) and m["message_id"] == "<looked-at@example.net>" and m["mailbox"] == "INBOX" and m["flags"] == "" and m["subject"] == "x",
                 "messages: uid, size, flags, Message-ID", m)
    a = c.do("message", address="bob", uid=m["uid"])
    report.check(a["data"].encode("latin-1") == letter and a["rest"] == 0 and a["size"] == len(letter), "message: octet by octet", a)
    p = ctl(w.control, "message", "bob@example.com", str(m["uid"]))
    report.check(p.stdout == letter, "ctl message writes the octets", p.stdout)
    report.check(not c.ask("message", address="bob", uid=4000000000)["ok"] and not c.ask("messages", address="nobody@example.com")["ok"], "no such message, no such mailbox", "")

    i = w.imap("bob")
    i.select()
    i.store(str(len(before) + 1), "+FLAGS", r"(\Seen \Flagged $Work)")
    (m,) = [x for x in c.do("messages", address="bob")["messages"] if x["uid"] == m["uid"]]
    report.check(sorted(m["flags"].split()) == ["$Work", "\\Flagged", "\\Seen"], "messages: flags", m)
    sessions = c.do("sessions")["sessions"]
    mine = [s for s in sessions if s["role"] == "server" and s["proto"] == "imap"]
    report.check(len(mine) == 1 and mine[0]["state"] == "selected" and mine[0]["user"] == "bob" and mine[0]["tls"] is True and mine[0]["tcp"] == "ESTABLISHED" and mine[0]["port"] == 143
                 and mine[0]["peer"].startswith("door-"), "sessions: the server's end", sessions)
    report.check(any(s["role"] == "client" and s["conn"] == mine[0]["conn"] for s in sessions), "sessions: the client's end", sessions)
    i.logout()

    with smtp(w) as s:
        s.ehlo("transcribed.example.net")
        found = [x for x in c.do("sessions")["sessions"] if x["proto"] == "smtp" and x["role"] == "server"]
        conn = [x for x in found if x["state"] == "READY"][-1]["conn"]
        s.rcpt("too-early@example.com")
        lines = c.do("transcript", conn=conn)["lines"]
        texts = [(x["dir"], x["text"]) for x in lines]
        report.check(texts[0][0] == "S" and texts[0][1].startswith("220 ") and ("C", "ehlo transcribed.example.net") in texts and any(d == "S" and t.startswith("503 ") for d, t in texts),
                     "transcript: the lines as they were", texts)
    (t,) = [x for x in c.do("transcript")["transcripts"] if x["conn"] == conn]
    report.check(t["server"] == "mail" and t["proto"] == "smtp" and t["lines"] >= len(lines), "transcript: which there are", t)
    report.check(not c.ask("transcript", conn=99999999)["ok"], "transcript: no such conversation", "")
    report.check(w.imap("alice").logout()[0] == "BYE" and "wonderland" not in json.dumps([c.do("transcript", conn=x["conn"]) for x in c.do("transcript")["transcripts"]]),
                 "passwords are stars in transcripts", "")


def sending(w, c):
    path = os.path.join(folder, "letter.eml")
    with open(path, "wb") as f:
        f.write(b"From: x@example.net\nTo: bob@example.com\nSubject: raw\nMessage-ID: <raw@example.net>\n\n.dot\n\xc3\xa9\n")
    before = len(w.letters("bob"))
    p = ctl(w.control, "send", "x@example.net", "bob@example.com,carol@example.com", "--raw", path, "--via", "mail")
    report.check(p.stdout == b"result=ok\n", "send --via: an envelope and a message", p.stdout)
    letter = w.wait_for("bob", before + 1)[-1]
    report.check(letter.endswith(b"\r\n.dot\r\n\xc3\xa9\r\n") and b"Return-Path: <x@example.net>" in letter, "it arrives octet by octet, with CRLF", letter)
    c.do("refuse", match="bob@example.com")
    a = c.do("send", **{"from": "x@example.net", "to": "bob@example.com", "via": "mail", "text": "x"})
    report.check(a["result"] == "rejected", "send says when it was refused", a)
    c.do("clear", what="all")
    for what in ({"from": "nobody@example.net", "to": "bob@example.com"}, {"from": "alice@example.com", "to": "bob"}, {"from": "x@example.net", "to": "bob@example.com", "via": "none"},
                 {"from": "alice@example.com", "to": "b@example.com\r\nRCPT TO:<c@example.com>"}):
        a = c.ask("send", **what)
        report.check(not a["ok"] and a["error"], "send to or from what does not exist is refused", (what, a))
    good = {"from": "alice@example.com", "to": "bob@example.com"}
    for wrong, word in (({"subject": "x\r\nBcc: carol@example.com"}, "subject must be one line"), ({"subject": "x\ny"}, "subject must be one line"), ({"subject": "x\ry"}, "subject must be one line"),
                        ({"subject": "x\u001by"}, "subject must be one line"), ({"from": "alice@example.com\r\nX: y"}, "no mail program has an account"),
                        ({"from": "x@example.net\nX: y", "via": "mail"}, "is no address"), ({"from": "", "via": "mail"}, "raw")):
        a = c.ask("send", **{**good, **wrong})
        report.check(not a["ok"] and word in a["error"], f"send says what is wrong: {word}", (wrong, a))
    p = ctl(w.control, "send", "alice@example.com", "bob@example.com", "--subject", "x\r\nBcc: carol@example.com", status=1, claim="a subject of two lines")
    report.check(b"subject must be one line" in p.stderr and not p.stdout, "ctl says so on stderr", (p.stdout, p.stderr))


# ---- the socket --------------------------------------------------------------------------------------------------


def errors(w, c):
    wrong = [(b"\n", "object"), (b"{}\n", "do"), (b'{"do":"nothing"}\n', "there are: refuse"), (b'{"do":"time","x":1}\n', "not known"), (b'{"do":"refuse"}\n', "match"),
             (b'{"do":"refuse","match":"x","code":200}\n', "400"), (b'{"do":"refuse","match":"x","at":"QUIT"}\n', "RCPT"), (b'{"do":"refuse","match":"x","code":451,"status":"5.1.1"}\n', "status"),
             (b'{"do":"refuse","match":"x","text":"two\\r\\nlines"}\n', "one line"), (b'{"do":"delay","host":"mail","by":"soon"}\n', "duration"), (b'{"do":"delay","host":"ns-com","by":"1s"}\n', "mail"),
             (b'{"do":"delay","host":"mail","by":"1s","port":53}\n', "53"), (b'{"do":"drop","host":"mail","after":"LUNCH"}\n', "CONNECT"), (b'{"do":"delay","host":"mail","by":"1s","after":"LUNCH"}\n', "CONTENT"), (b'{"do":"loss","link":"com","chance":"200%"}\n', "chance"),
             (b'{"do":"loss","link":"none","chance":"2%"}\n', "street"), (b'{"do":"dns","host":"mail","answer":"silent"}\n', "ns-com"), (b'{"do":"dns","host":"ns-com","answer":"x"}\n', "servfail"),
             (b'{"do":"clear","what":"none"}\n', "number"), (b'{"do":"advance","by":"0s"}\n', "duration"), (b'{"do":"advance","by":"10000d"}\n', "365d"),
             (b'{"do":"time","do":"time"}\n', "twice"), (b'["do"]\n', "object"), (b'{"do":"time"} x\n', "behind"), (b'{"do":"ti\xff"}\n', "UTF-8"), (b'{"do":"\\ud800"}\n', "character"),
             (b'{"do":{"a":1}}\n', "string"), (b"\x00{}\n", "NUL"), (b"{" * 5000 + b"\n", ""), (b'{"do":"' + b"x" * 70000 + b'"}\n', "65536")]
    for line, word in wrong:
        a = c.raw(line)
        report.check(a["ok"] is False and word in a["error"], f"{line[:60]!r} is refused with a word about {word!r}", a)
    report.check(c.do("faults")["faults"] == [], "and nothing of it was done", "")
    a = c.raw(b'{ "do" : "time" }\r\n')
    report.check(a["ok"], "spaces and CRLF are allowed", a)
    many = [c.ask("refuse", match=f"u{i}@example.com") for i in range(1001)]
    report.check(sum(a["ok"] for a in many) == 1000 and "1000 faults" in many[-1]["error"], "1000 faults and no more", many[-1])
    report.check(c.do("clear", what="all")["cleared"] == 1000, "clear all", "")
    c.s.sendall(b'{"do":"advance","by":"1ms"}\n' + b'{"do":"time"}\n' * 100)
    report.check(all(json.loads(c.file.readline())["ok"] for _ in range(101)), "many requests at once are answered one after the other", "")


def crowd(w, c):
    others = [connected(w.control) for _ in range(15)]
    report.check(all(x.ask("time")["ok"] for x in others), "16 clients at once", "")
    one_more = connected(w.control)
    report.check("16" in json.loads(one_more.file.readline())["error"], "one more is told so", "")
    others[0].s.sendall(b'{"do":"messages"}\n' * 2000)  # and does not read
    others[1].s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    others[1].s.sendall(b'{"do":"send","from":"alice@example.com","to":"bob@example.com"}\n')
    others[1].close()
    report.check(c.ask("time")["ok"] and rcpt(w)[0] == 250, "who does not read, or goes, harms nobody", "")
    for x in others[2:]:
        x.close()
    others[0].close()
    one_more.close()


def command_line(w):
    ctl(w.control, status=2, claim="no command")
    ctl(w.control, "nonsense", status=2, claim="no such command")
    ctl(w.control, "refuse", status=2, claim="a word is missing")
    ctl(w.control, "time", "x", status=2, claim="a word too many")
    ctl(w.control, "refuse", "x", "--bogus", "1", status=2, claim="no such option")
    ctl(w.control, "refuse", "x", "--code", status=2, claim="no value")
    ctl(w.control, "send", "a@example.com", "b@example.com", "--raw", folder + "/none", status=2, claim="no such file")
    p = ctl(w.control, "down", "nobody", status=1, claim="refused")
    report.check(b"nobody" in p.stderr and b"mx" in p.stderr and not p.stdout, "what was refused is told on stderr", p.stderr)
    ctl(folder + "/none.sock", "time", status=3, claim="no socket")
    p = ctl(w.control, "help", claim="help")
    text = p.stdout.decode()
    report.check(all(len(x) <= 80 for x in text.splitlines()), "help fits 80 columns", [x for x in text.splitlines() if len(x) > 80])
    names_ = ["refuse", "delay", "drop", "fill", "dns", "down", "up", "loss", "lag", "faults", "clear", "messages", "message", "queue", "sessions", "transcript", "send", "advance", "time"]
    report.check(all("\n  " + n in text for n in names_), "help has every command", "")
    p = ctl(w.control, "refuse", "x@example.com", "--first=2", "--text", 'say "no"')
    report.check(p.stdout.startswith(b"fault="), "text rows", p.stdout)
    ctl(w.control, "drop", "mail", "RCPT", "--reset", "--port", "25")
    p = ctl(w.control, "--format", "jsonl", "faults")
    got = json.loads(p.stdout)["faults"]
    report.check(len(got) == 2 and got[1]["words"] == "drop mail RCPT --reset --port 25", "--format jsonl", got)
    ctl(w.control, "clear", "all")


def life():
    path = os.path.join(folder, "life.sock")
    with world.World("mail-world", "--control", path) as w:
        mode = os.stat(path).st_mode
        report.check(stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, "a socket of mode 0600", oct(mode))
        report.check({"control": path} in w.others, "it is announced", w.others)
        p = subprocess.run([world.MAILWALK, "serve", "mail-world", "--control", path, "--port-base", str(world.free_base())], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW)
        report.check(p.returncode == 3 and b"another server" in p.stderr and os.path.exists(path), "a socket in use is exit 3", p.stderr)
        report.check(connected(path).ask("time")["ok"], "and is not harmed", "")
        w.process.send_signal(signal.SIGKILL)
        w.process.wait()
    report.check(os.path.exists(path), "a killed server leaves its socket", "")
    ctl(path, "time", status=3, claim="nobody listens")
    with world.World("mail-world", "--control", path) as w:
        report.check(connected(path).ask("time")["ok"], "a dead server's socket is replaced", "")
        w.stop()
        report.check(w.status == 0 and not os.path.exists(path), "the socket is removed at the end", w.status)
    # Who is started by us inherits what a closed terminal means here: perhaps nothing, if nohup runs this test.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with world.World("mail-world", "--control", path) as w:
        w.process.send_signal(signal.SIGHUP)
        status = w.process.wait(10 * world.SLOW)
        report.check(status == 0 and not os.path.exists(path), "and when the terminal is closed", status)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with world.World("mail-world", "--control", path) as w:
        w.process.send_signal(signal.SIGHUP)
        report.check(connected(path).ask("time")["ok"] and w.stop() == 0, "but not under nohup", (w.status, w.errors))
    signal.signal(signal.SIGHUP, before)
    for bad, status in ((path + "x" * 100, 2), (folder + "/none/x", 3), (folder, 3)):
        p = subprocess.run([world.MAILWALK, "serve", "mail-world", "--control", bad, "--port-base", str(world.free_base()), "--duration", "1s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW)
        report.check(p.returncode == status and b"--control" in p.stderr, "a path that cannot be is told", (p.returncode, p.stderr))


def replays(w):
    w.stop()
    report.check(w.status == 0, "serve ends with 0", w.errors)
    p, last = w.replay("--level", "phase")
    report.check(p.returncode == 0 and last and last["same"], "the session with all its faults can be run again: the same hash", (p.returncode, p.stderr[:300], last))
    records = [json.loads(x) for x in p.stdout.splitlines()[:-1]]
    said = [r for r in records if r["kind"] == "input" and r.get("attrs", {}).get("event") == "control"]
    report.check({r["attrs"]["command"] for r in said} >= {"refuse", "delay", "drop", "fill", "dns", "down", "up", "loss", "lag", "clear", "send", "advance"}, "each is an input in the trace",
                 {r["attrs"]["command"] for r in said})
    by_seq = {r["seq"]: r for r in records}
    acted = [r for r in records if r["kind"] == "config" and r["attrs"]["pointer"].startswith("/control/")]
    words = {r["attrs"]["value"].split()[0] for r in acted}
    report.check(words >= {"refuse", "delay", "drop", "fill", "dns"}, "config records name the command", words)
    report.check(all(r["cause"] == 0 for r in said) and any(by_seq.get(r["cause"], {}).get("kind") == "input" for r in records if r["kind"] == "fault"), "faults have the input as their cause", "")
    text = open(w.recording).read()
    report.check('"control":1,"request":' in text, "requests are in the recording", "")
    lines = text.splitlines(keepends=True)
    at = next(i for i, x in enumerate(lines) if '"control":' in x and "down" in x)
    for change, status in ((lambda x: x.replace("down", "drown"), 2), (lambda x: x.replace("mx", "my"), 2), (lambda x: x.replace("down", "faults"), 2), (lambda x: "", 1)):
        with open(w.recording, "w") as f:
            f.writelines(lines[:at] + [change(lines[at])] + lines[at + 1:])
        p, last = w.replay()
        report.check(p.returncode in (status, 2), "a recording that somebody has meddled with is found out", (p.returncode, p.stderr[:200]))


life()
path = os.path.join(folder, "control.sock")
with world.World("mail-world", "--control", path, "--map", "0=mx:143", record=True) as w:
    w.control = path
    c = connected(path)
    for part in (refusals, delays, drops, full, names, down, links, looking, sending, errors, crowd):
        part(w, c)
    command_line(w)
    c.close()
    replays(w)
report.end()
