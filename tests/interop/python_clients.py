"""Python's smtplib, imaplib and poplib against the virtual servers."""
import imaplib
import poplib
import smtplib
import socket
import ssl
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


def talk(w, port, *lines):
    """The server's words, line by line, to what is typed without TLS."""
    s = socket.create_connection(("127.0.0.1", w.door(port)), timeout=20 * world.SLOW)
    f = s.makefile("rwb")
    f.readline()
    f.write(b"".join(x + b"\r\n" for x in lines))
    f.flush()
    s.shutdown(socket.SHUT_WR)
    got = f.read().splitlines()
    s.close()
    return got


def before_tls(w):
    """No login in clear text, in any way: RFC 4954 section 4, RFC 3207 section 4, RFC 2595 sections 3.2 and 4, RFC 3206 section 5."""
    for port in (25, 587):
        offers = talk(w, port, b"EHLO x")
        report.check(b"250 STARTTLS" in offers and not any(b"AUTH" in x for x in offers), "STARTTLS is offered, AUTH is not", offers)
    for mechanism in (b"PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", b"LOGIN", b"CRAM-MD5", b"SCRAM-SHA-256"):
        got = talk(w, 587, b"EHLO x", b"AUTH " + mechanism)[-1]
        report.check(got.startswith((b"530 5.7.0 ", b"538 5.7.11 ")), "AUTH wants TLS first", got)
    got = talk(w, 587, b"EHLO x", b"MAIL FROM:<alice@example.com>")[-1]
    report.check(got == b"530 5.7.0 Must issue a STARTTLS command first", "and so does MAIL on 587", got)
    got = talk(w, 25, b"EHLO x", b"MAIL FROM:<x@example.net>")[-1]
    report.check(got.startswith(b"250 2.1.0 "), "on 25 it does not: a server of the world may have no TLS", got)
    got = talk(w, 25, b"EHLO x", b"AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")[-1]
    report.check(got[:1] == b"5", "on 25 nobody can log in", got)
    got = talk(w, 110, b"CAPA", b"USER alice", b"PASS wonderland", b"AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", b"AUTH SCRAM-SHA-256", b"STAT")
    capa = got[:got.index(b".")]
    report.check(b"STLS" in capa and b"USER" not in capa and not any(x.startswith(b"SASL") for x in capa), "CAPA lists STLS, no USER, no SASL", capa)
    report.check(all(x.startswith(b"-ERR [AUTH] ") for x in (got[-5], got[-3], got[-2])) and all(x.startswith(b"-ERR") for x in got[-5:]), "POP3 says [AUTH]", got)
    got = talk(w, 143, b"a CAPABILITY", b"b LOGIN alice wonderland", b"c AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", b"d SELECT INBOX")
    report.check(b"LOGINDISABLED" in got[0] and b" STARTTLS" in got[0] and b"AUTH=" not in got[0], "IMAP says LOGINDISABLED", got)
    report.check(any(x.startswith(b"b NO [PRIVACYREQUIRED]") for x in got) and any(x.startswith(b"c NO [PRIVACYREQUIRED]") for x in got), "and PRIVACYREQUIRED", got)
    report.check(any(x.startswith(b"d BAD") or x.startswith(b"d NO") for x in got), "nobody is logged in", got)


def injected(w):
    """What somebody has put behind STARTTLS in clear text does not count inside (RFC 3207 section 4.2, CVE-2011-0411), and the state is a new one."""
    for port, first, starttls, behind, ask, want in (
            (587, b"EHLO x\r\n", b"STARTTLS\r\n", b"RSET\r\nEHLO evil\r\n", b"MAIL FROM:<alice@example.com>\r\n", b"503 "),
            (25, b"EHLO x\r\n", b"STARTTLS\r\n", b"EHLO evil\r\n", b"RCPT TO:<bob@example.com>\r\n", b"503 "),
            (110, b"", b"STLS\r\n", b"CAPA\r\n", b"NOOP\r\n", b"-ERR"),
            (143, b"", b"a STARTTLS\r\n", b"b NOOP\r\nc CAPABILITY\r\n", b"d NOOP\r\n", b"d OK")):
        s = socket.create_connection(("127.0.0.1", w.door(port)), timeout=20 * world.SLOW)
        f = s.makefile("rb")
        f.readline()
        s.sendall(first)
        while first and f.readline()[3:4] == b"-":
            pass
        s.sendall(starttls + behind)
        got = f.readline()
        report.check(got[:1] in b"2+" or b"OK" in got, "the server goes over to TLS", got)
        t = w.context().wrap_socket(s, server_hostname="localhost")
        t.sendall(ask)
        got = t.recv(1000)
        report.check(got.startswith(want), "only what came encrypted is answered, from the start of a session", f"{port} {got}")
        t.close()


def strict_tls(w):
    """Certificates are looked at, by name and by address; names and CAs that do not fit are told."""
    for port in (465, 993, 995):
        for name in ("mail.example.com", "localhost", "127.0.0.1", "::1"):
            with socket.create_connection(("127.0.0.1", w.door(port)), timeout=20 * world.SLOW) as s, w.context().wrap_socket(s, server_hostname=name) as t:
                report.check(t.version() == "TLSv1.3" and t.getpeercert()["subject"] == ((("commonName", "mail.example.com"),),), "the certificate fits", (port, name))
        for context, name, why in ((w.context(), "mail.example.net", "Hostname mismatch"), (ssl.create_default_context(), "localhost", "unable to get local issuer")):
            try:
                with socket.create_connection(("127.0.0.1", w.door(port)), timeout=20 * world.SLOW) as s, context.wrap_socket(s, server_hostname=name):
                    report.check(False, "a wrong name or CA is refused", (port, name))
            except ssl.SSLCertVerificationError as e:
                report.check(why in str(e), "a wrong name or CA is refused", e)
    s = smtplib.SMTP_SSL("localhost", w.door(465), context=w.context(), timeout=20)
    s.login("alice", "wonderland")
    report.check("scram-sha-256" in s.esmtp_features["auth"].lower().split(), "465: SCRAM is offered", s.esmtp_features)
    s.quit()


def submission(w):
    text = world.awkward(1)
    for mechanism in ("auth_plain", "auth_login", "auth_cram_md5"):
        s = w.smtp()
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
    s = w.smtp()
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
    s = w.smtp("bob")
    s.sendmail("bob@example.com", ["dave@example.org"], text, mail_options=["BODY=8BITMIME"])
    s.quit()
    letters = w.wait_for("dave", 1, "mx")
    report.check(len(letters) == 1 and world.body(letters[0]) == world.body(text), "mail for another domain goes by MX and arrives byte for byte", letters)
    report.check(letters and letters[0].count(b"\r\nReceived: ") == 2, "two servers have written Received", letters and letters[0][:600])
    s = w.smtp("bob")
    s.sendmail("bob@example.com", ["erin@example.org"], b"From: bob@example.com\r\nSubject: nobody home\r\n\r\nhello\r\n")
    s.quit()
    before = len(w.letters("bob"))
    end = time.monotonic() + 10 * world.SLOW
    while time.monotonic() < end and not any(b"nobody home" in x and b"Return-Path: <>" in x for x in w.letters("bob")):
        time.sleep(0.05)
    bounces = [x for x in w.letters("bob") if b"Return-Path: <>" in x]
    report.check(len(bounces) == 1 and b"5.1.1" in bounces[0] and b"erin@example.org" in bounces[0], "an unknown user over there comes back as a bounce", before)


def mailbox(w):
    m = imaplib.IMAP4_SSL("127.0.0.1", w.door(993), ssl_context=w.context(), timeout=20)
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
    q = poplib.POP3_SSL("localhost", w.door(995), context=w.context(), timeout=20)
    q.user("carol")
    report.check("-ERR" in (refused(q.pass_, "x") or ""), "POP3 refuses a wrong password", "")
    q.close()


with world.World("mail-world", "--map", "0=mx:143", record=True) as w:
    report.check([a["address"] for a in w.accounts] == ["alice@example.com", "bob@example.com", "carol@example.com", "dave@example.org"],
                 "the accounts are told", w.accounts)
    report.check({"smtp", "submission", "pop3", "imap", "dns"} <= {d["service"] for d in w.doors} and {d["port"]: d["tls"] for d in w.doors if d["host"] == "mail"} ==
                 {25: "starttls", 587: "starttls", 465: "implicit", 110: "starttls", 995: "implicit", 143: "starttls", 993: "implicit"},
                 "the doors are told", w.doors)
    before_tls(w)
    injected(w)
    strict_tls(w)
    submission(w)
    relay(w)
    through_mx(w)
    mailbox(w)
    report.check(w.stop() == 0 and w.done and w.done.get("done") and not w.errors, "SIGTERM ends it cleanly", f"{w.status} {w.done} {w.errors}")
    p, last = w.replay()
    report.check(p.returncode == 0 and last["same"] and last["hash"] == w.done["hash"], "the replay is the same run", f"{p.returncode} {last} {p.stderr}")
report.end()
