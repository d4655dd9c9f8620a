"""Python's smtplib, imaplib and poplib against the virtual servers."""
import imaplib
import poplib
import smtplib
import time

import world

report = world.Report()


def refused(call, *args):
    try:
        call(*args)
    except smtplib.SMTPRecipientsRefused as e:
        return list(e.recipients.values())[0]
    except smtplib.SMTPResponseException as e:
        return e.smtp_code, e.smtp_error
    except (imaplib.IMAP4.error, poplib.error_proto) as e:
        return str(e)
    return None


def submission(w):
    text = world.awkward(1)
    for mechanism in ("auth_plain", "auth_login", "auth_cram_md5"):
        s = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20)
        s.ehlo("laptop.example.com")
        s.user, s.password = "alice", "wonderland"
        name = mechanism[5:].upper().replace("_", "-")
        report.check(name in s.esmtp_features["auth"].split(), "the mechanism is offered", name)
        code, said = s.auth(name, getattr(s, mechanism))
        report.check(code == 235, "the right password is accepted", f"{name} {code} {said}")
        s.sendmail("alice@example.com", ["bob@example.com", "carol@example.com"], text, mail_options=["BODY=8BITMIME"])
        s.quit()
    for who in ("bob", "carol"):
        letters = w.wait_for(who, 3)
        report.check(len(letters) == 3 and all(world.body(x) == world.body(text) for x in letters), "messages arrive byte for byte", f"{who} {len(letters)}")
        report.check(all(text[:40] in x for x in letters), "with their header", who)
    names = [x.split(b":")[0] for x in w.letters("bob")[0].split(b"\r\n\r\n")[0].split(b"\r\n") if x[:1] not in b" \t"]
    report.check(names == [b"Return-Path", b"Received", b"Date", b"Message-ID", b"From", b"To", b"Subject"], "what is missing is added below Received", names)
    s = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20)
    got = refused(s.login, "alice", "rabbit")
    report.check(got and got[0] == 535, "a wrong password is 535", got)
    got = refused(s.sendmail, "alice@example.com", ["dave@example.org"], text)
    report.check(got and got[0] in (530, 550, 554), "without a login nothing is taken on 587", got)
    s.close()


def relay(w):
    """Port 25: for example.com from anybody, for others from nobody."""
    s = smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=20)
    s.ehlo("mx.example.net")
    report.check("auth" not in s.esmtp_features, "no AUTH on port 25", s.esmtp_features)
    got = refused(s.sendmail, "x@example.net", ["nobody@example.com"], "Subject: x\r\n\r\nx\r\n")
    report.check(got and got[0] == 550 and b"5.1.1" in got[1], "an unknown user is 550 5.1.1", got)
    got = refused(s.sendmail, "x@example.net", ["dave@example.org"], "Subject: x\r\n\r\nx\r\n")
    report.check(got and got[0] in (550, 554) and b"5.7" in got[1], "relaying is refused", got)
    before = len(w.letters("bob"))
    s.sendmail("x@example.net", ["bob@example.com"], "Subject: from outside\r\n\r\nhello\r\n")
    s.quit()
    letters = w.wait_for("bob", before + 1)
    report.check(len(letters) == before + 1 and b"Subject: from outside" in letters[-1], "mail from outside arrives", len(letters))


def through_mx(w):
    text = world.awkward(2)
    s = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20)
    s.login("bob", "builder")
    s.sendmail("bob@example.com", ["dave@example.org"], text, mail_options=["BODY=8BITMIME"])
    s.quit()
    letters = w.wait_for("dave", 1, "mx")
    report.check(len(letters) == 1 and world.body(letters[0]) == world.body(text), "mail for another domain goes by MX and arrives byte for byte", letters)
    report.check(letters and letters[0].count(b"\r\nReceived: ") == 2, "two servers have written Received", letters and letters[0][:600])
    s = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20)
    s.login("bob", "builder")
    s.sendmail("bob@example.com", ["erin@example.org"], b"From: bob@example.com\r\nSubject: nobody home\r\n\r\nhello\r\n")
    s.quit()
    before = len(w.letters("bob"))
    end = time.monotonic() + 10 * world.SLOW
    while time.monotonic() < end and not any(b"nobody home" in x and b"Return-Path: <>" in x for x in w.letters("bob")):
        time.sleep(0.05)
    bounces = [x for x in w.letters("bob") if b"Return-Path: <>" in x]
    report.check(len(bounces) == 1 and b"5.1.1" in bounces[0] and b"erin@example.org" in bounces[0], "an unknown user over there comes back as a bounce", before)


def mailbox(w):
    m = imaplib.IMAP4("127.0.0.1", w.port("imap"), timeout=20)
    report.check("AUTHENTICATIONFAILED" in (refused(m.login, "carol", "x") or ""), "IMAP refuses a wrong password", "")
    m.login("carol", "carols")
    text = world.awkward(3)
    report.check(m.create("Archive")[0] == "OK", "CREATE", "")
    report.check(m.append("Archive", "\\Seen", None, text)[0] == "OK", "APPEND", "")
    m.select("Archive")
    got = m.fetch("1", "(FLAGS BODY[])")[1][0]
    report.check(got[1] == text and b"\\Seen" in got[0], "what was appended is there, octet by octet", got)
    report.check(m.search(None, "SUBJECT", "awkward")[1] == [b"1"], "SEARCH", "")
    m.store("1", "+FLAGS", "\\Deleted")
    report.check(m.expunge()[1] == [b"1"], "EXPUNGE", "")
    m.logout()
    p = w.pop3("carol")
    count, size = p.stat()
    report.check(count == 3 and size == sum(x[1] for x in [(0, int(y.split()[1])) for y in p.list()[1]]), "POP3 counts", (count, size))
    octets = b"\r\n".join(p.retr(1)[1]) + b"\r\n"
    report.check(world.body(octets) == world.body(world.awkward(1)), "POP3 brings the same octets", octets[-80:])
    p.dele(1)
    p.quit()
    p = w.pop3("carol")
    report.check(p.stat()[0] == 2, "POP3 removes at QUIT", p.stat())
    p.quit()
    q = poplib.POP3("127.0.0.1", w.port("pop3"), timeout=20)
    q.user("carol")
    report.check("-ERR" in (refused(q.pass_, "x") or ""), "POP3 refuses a wrong password", "")
    q.close()


with world.World("mail-world", "--map", "0=mx:143", record=True) as w:
    report.check([a["address"] for a in w.accounts] == ["alice@example.com", "bob@example.com", "carol@example.com", "dave@example.org"],
                 "the accounts are told", w.accounts)
    report.check({"smtp", "submission", "pop3", "imap", "dns"} <= {d["service"] for d in w.doors} and all(d["tls"] is False for d in w.doors),
                 "the doors are told", w.doors)
    submission(w)
    relay(w)
    through_mx(w)
    mailbox(w)
    report.check(w.stop() == 0 and w.done and w.done.get("done") and not w.errors, "SIGTERM ends it cleanly", f"{w.status} {w.done} {w.errors}")
    p, last = w.replay()
    report.check(p.returncode == 0 and last["same"] and last["hash"] == w.done["hash"], "the replay is the same run", f"{p.returncode} {last} {p.stderr}")
report.end()
