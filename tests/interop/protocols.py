"""SMTP, POP3 and SASL by hand over doors: each extension on offer, who may log in how, and SCRAM tied to TLS 1.2 and 1.3 with Python's own arithmetic."""
import base64
import hashlib
import hmac
import os
import re
import shutil
import socket
import ssl
import subprocess
import time

import world
from imap_wire import Imap

report = world.Report()
check = report.check


class Line:
    """A connection that speaks in lines."""

    def __init__(self, w, service, host="mail"):
        self.socket = socket.create_connection(("127.0.0.1", w.port(service, host)), timeout=20 * world.SLOW)
        self.buffer = b""

    def line(self):
        while b"\n" not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.buffer)
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """SMTP: all lines of a reply."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"\n".join(lines)

    def smtp(self, command):
        self.send(command.encode() if isinstance(command, str) else command)
        self.send(b"\r\n")
        return self.reply()

    def pop3(self, command, multi=False):
        self.send(command.encode() + b"\r\n")
        lines = [self.line()]
        while multi and lines[0].startswith(b"+OK") and lines[-1] != b".":
            lines.append(self.line())
        return b"\n".join(lines)

    def tls(self, version, name="safe.example.com", pem=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.buffer = b""


def letters(w, user):
    m = Imap(w, user)
    m("EXAMINE INBOX")
    found = m("UID FETCH 1:* (BODY.PEEK[])").fetched()
    m.close()
    return [bytes(x[b"BODY[]"]) for x in found.values()]


def smtp(w):
    s = Line(w, "submission")
    check(s.reply().startswith(b"220 "), "the greeting")
    offers = s.smtp("EHLO x.example")
    for word in (b"PIPELINING", b"SIZE 10240000", b"8BITMIME", b"ENHANCEDSTATUSCODES", b"SMTPUTF8", b"DSN", b"CHUNKING", b"BINARYMIME"):
        check(word in offers, f"{word.decode()} is offered", offers)
    check(b"XCLIENT" not in offers and b"STARTTLS" not in offers, "XCLIENT is not, nor STARTTLS without TLS", offers)
    for command, reply in (("XCLIENT NAME=x ADDR=192.0.2.1", b"500 5.5.2"), ("XFORWARD NAME=x", b"500 5.5.2"), ("STARTTLS", b"502 5.5.1"), ("VRFY alice", b"252 2.1.5"), ("EXPN list", b"502 5.5.1"), ("HELP", b"214"), ("NOOP x", b"250 2.0.0"), ("RSET", b"250 2.0.0"),
                           ("DATA", b"503 5.5.1"), ("RCPT TO:<alice@example.com>", b"503 5.5.1"), ("MAIL FROM:<x@example.net> SIZE=99999999999", b"552 5.3.4"), ("MAIL FROM:<x@example.net> BOGUS=1", b"555 5.5.4"), ("MAIL FROM:<x@example.net> RET=SOME", b"501 5.5.4"),
                           ("MAIL FROM:<x@example.net> BODY=9BIT", b"501 5.5.4"), ("MAIL FROM:x@example.net", b"501 5.5.4"), ("MAIL FROM:<üx@example.net>", b"553 5.6.7"), ("MAIL FROM:<x@example.net> REQUIRETLS", b"555 5.5.4")):
        got = s.smtp(command)
        check(got.startswith(reply[:3]), f"{command}: {reply.decode()}", got)
        s.smtp("RSET")
    # ---- BDAT, DSN, SMTPUTF8 ----
    s.send(b"BDAT 6\r\nQUIT\r\n")
    check(s.reply().startswith(b"503 5.5.1"), "BDAT before MAIL: its octets are passed over, then refused")
    body = "Subject: chunks\r\nTo: alice\r\n\r\nGrüße\r\n.\r\n..two\r\n".encode()
    check(s.smtp("MAIL FROM:<bob@example.com> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb").startswith(b"250 2.1.0"), "MAIL with BODY, SMTPUTF8, RET and ENVID")
    check(s.smtp("RCPT TO:<alice@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;alice@example.com").startswith(b"250 2.1.5"), "RCPT with NOTIFY and ORCPT")
    check(s.smtp("RCPT TO:<bob@example.com> NOTIFY=NEVER,SUCCESS").startswith(b"501 5.5.4"), "NOTIFY=NEVER stands alone")
    s.send(b"BDAT 20\r\n" + body[:20])
    check(s.reply().startswith(b"250 2.0.0"), "BDAT: a chunk")
    check(s.smtp("MAIL FROM:<x@example.com>").startswith(b"503"), "MAIL between chunks is refused")
    s.send(b"RSET\r\nNOOP\r\n")
    s.reply(), s.reply()
    s.smtp("MAIL FROM:<bob@example.com> BODY=8BITMIME RET=HDRS")
    s.smtp("RCPT TO:<alice@example.com> NOTIFY=SUCCESS")
    s.send(b"BDAT 20\r\n" + body[:20] + b"BDAT %d LAST\r\n" % (len(body) - 20) + body[20:])
    check(s.reply().startswith(b"250") and s.reply().startswith(b"250 2.0.0"), "BDAT: two chunks in one go")
    end = time.monotonic() + 10 * world.SLOW
    got = []
    while time.monotonic() < end and not got:
        got = [x for x in letters(w, "alice") if b"Subject: chunks" in x]
        time.sleep(0.05)
    check(got and world.body(got[0]) == world.body(body), "BDAT: dots are nothing special", got)
    reports = letters(w, "bob")
    check(reports and b"multipart/report" in reports[0] and b"Action: delivered" in reports[0], "DSN: a success notice", reports[:1])
    s.smtp("MAIL FROM:<bob@example.com>")
    s.smtp("RCPT TO:<alice@example.com>")
    check(s.smtp("DATA").startswith(b"354"), "DATA")
    check(s.smtp(b"Subject: x\r\n\r\nx\r\n.").startswith(b"250 2.0.0"), "is taken")
    # ---- AUTH ----
    for command, reply in (("AUTH XOAUTH2 dXNlcj0=", b"504 5.5.4 XOAUTH2 is known"), ("AUTH XOAUTH2 !!", b"504 5.5.4 XOAUTH2 is known"), ("AUTH OAUTHBEARER", b"504 5.5.4 OAUTHBEARER is known"), ("AUTH NOSUCH", b"504 5.5.4"), ("AUTH SCRAM-SHA-256-PLUS", b"504 5.5.4"), ("AUTH", b"501 5.5.4"), ("AUTH PLAIN !!", b"501 5.5.2"), ("AUTH PLAIN AGFsaWNlAHg=", b"535 5.7.8")):
        got = s.smtp(command)
        check(got.startswith(reply), f"{command}: {reply.decode()}", got)
    check(s.smtp("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=").startswith(b"235 2.7.0"), "AUTH PLAIN")
    check(s.smtp("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=").startswith(b"503 5.5.1"), "once")
    check(s.smtp("QUIT").startswith(b"221 2.0.0"), "QUIT")


def pop3(w):
    p = Line(w, "pop3")
    greeting = p.line()
    check(greeting.startswith(b"+OK") and b"<" not in greeting, "no timestamp: APOP is off", greeting)
    capa = p.pop3("CAPA", True)
    for word in (b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"USER", b"UTF8", b"SASL "):
        check(b"\n" + word in capa, f"{word.decode()} is offered", capa)
    check(b"STLS" not in capa and b"APOP" not in capa, "STLS is not, without TLS", capa)
    for command, reply in (("APOP alice 0123456789abcdef0123456789abcdef", b"-ERR"), ("STAT", b"-ERR"), ("LANG", b"-ERR"), ("USER", b"-ERR"), ("PASS x", b"-ERR"), ("STLS", b"-ERR"), ("AUTH XOAUTH2", b"-ERR XOAUTH2 is known"), ("AUTH XOAUTH2 !!", b"-ERR XOAUTH2 is known"), ("AUTH NOSUCH !!", b"-ERR"), ("AUTH PLAIN !!", b"-ERR"), ("AUTH OAUTHBEARER eA==", b"-ERR OAUTHBEARER is known"), ("AUTH NOSUCH", b"-ERR"), ("BOGUS", b"-ERR")):
        got = p.pop3(command)
        check(got.startswith(reply), f"{command}: {reply.decode()}", got)
    p.socket.close()
    p = Line(w, "pop3")
    p.line()
    p.pop3("USER alice")
    got = p.pop3("PASS wrong")
    check(got.startswith(b"-ERR [AUTH]"), "AUTH-RESP-CODE: a wrong password is [AUTH]", got)
    p.pop3("USER alice")
    check(p.pop3("PASS wonderland").startswith(b"+OK"), "USER and PASS")
    q = Line(w, "pop3")
    q.line()
    q.pop3("USER alice")
    check(q.pop3("PASS wonderland").startswith(b"-ERR [IN-USE]"), "RESP-CODES: a second session is [IN-USE]")
    q.socket.close()
    n = int(p.pop3("STAT").split()[1])
    check(n > 0 and p.pop3("LIST", True).count(b"\n") == n + 1 and p.pop3("UIDL", True).count(b"\n") == n + 1, "STAT, LIST and UIDL agree")
    check(p.pop3("RETR 99").startswith(b"-ERR") and p.pop3("RETR x").startswith(b"-ERR") and p.pop3("TOP 1").startswith(b"-ERR"), "wrong numbers are refused")
    check(p.pop3("TOP 1 0", True).endswith(b"\n\n."), "TOP 1 0 is the header")
    check(p.pop3("DELE 1").startswith(b"+OK") and p.pop3("RETR 1").startswith(b"-ERR") and p.pop3("RSET").startswith(b"+OK") and p.pop3("DELE 1").startswith(b"+OK"), "DELE, RSET")
    p.send(b"NOOP\r\nSTAT\r\nNOOP\r\n")
    check([p.line()[:3] for _ in range(3)] == [b"+OK"] * 3, "PIPELINING")
    check(p.pop3("QUIT").startswith(b"+OK"), "QUIT removes")
    check(len(letters(w, "alice")) == n - 1, "one less")


def pop3_utf8(w):
    m = Imap(w, "carol")
    letter = "From: Jürgen <j@example.net>\r\nSubject: Grüße\r\n\r\nx\r\n".encode()
    m("APPEND INBOX ", letter)
    m.close()
    for utf8 in (False, True):
        p = Line(w, "pop3")
        p.line()
        if utf8:
            check(p.pop3("UTF8").startswith(b"+OK"), "UTF8 before the login")
        p.pop3("USER carol")
        p.pop3("PASS carols")
        got = p.pop3("RETR 1", True)
        check(got.startswith(b"+OK") and "Grüße".encode() in got if utf8 else got.startswith(b"-ERR [UTF8]"), f"a header in UTF-8, {utf8}", got)
        check(p.pop3("UTF8").startswith(b"-ERR"), "UTF8 after the login is too late")
        p.pop3("QUIT")
        p.socket.close()


# ---- SCRAM, by the book (RFC 5802), with what Python knows of the TLS session ----

def proof(password, first_bare, server_first, final_bare):
    fields = dict(x.split("=", 1) for x in server_first.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    client = hmac.digest(salted, b"Client Key", "sha256")
    message = f"{first_bare},{server_first},{final_bare}".encode()
    signature = hmac.digest(hashlib.sha256(client).digest(), message, "sha256")
    server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
    return base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode(), base64.b64encode(server).decode()


def scram(exchange, mechanism, gs2, binding=b"", password="wonderland"):
    """`exchange(text)` sends a decoded message and returns the decoded challenge, or the last reply as bytes. True: both sides have proven themselves."""
    nonce = base64.b64encode(os.urandom(18)).decode()
    first_bare = f"n=alice,r={nonce}"
    server_first = exchange(gs2 + first_bare)
    if isinstance(server_first, bytes):
        return server_first
    together = re.match("r=([^,]*)", server_first).group(1)
    check(together.startswith(nonce) and len(together) > len(nonce) + 20, "the server adds its nonce", server_first)
    final_bare = f"c={base64.b64encode(gs2.encode() + binding).decode()},r={together}"
    p, v = proof(password, first_bare, server_first, final_bare)
    last = exchange(f"{final_bare},p={p}")
    if isinstance(last, bytes):
        return last
    check(last == "v=" + v, "the server proves itself too", last)
    return exchange("")


def exchange_of(c, service, begin):
    state = {"begun": False}

    def exchange(text):
        octets = base64.b64encode(text.encode()) or b""
        c.send((begin.encode() + b" " + octets if not state["begun"] else octets) + b"\r\n")
        state["begun"] = True
        line = c.line()
        if service == "submission" and line.startswith(b"334 "):
            return base64.b64decode(line[4:]).decode()
        if service != "submission" and line.startswith(b"+ "):
            return base64.b64decode(line[2:]).decode()
        return line
    return exchange


def inside(w, service, version):
    c = Line(w, service, "safe")
    if service == "submission":
        c.reply()
        before = c.smtp("EHLO x")
        c.smtp("STARTTLS")
    elif service == "pop3":
        c.line()
        before = c.pop3("CAPA", True)
        c.pop3("STLS")
    else:
        before = c.line()
        c.send(b"a STARTTLS\r\n")
        while not c.line().startswith(b"a "):
            pass
    c.tls(version)
    if service == "submission":
        after = c.smtp("EHLO x")
    elif service == "pop3":
        after = c.pop3("CAPA", True)
    else:
        c.send(b"b CAPABILITY\r\n")
        after = c.line()
        c.line()
    check(b"SCRAM-SHA-256-PLUS" not in before, f"{service}: -PLUS is not offered in clear", before)
    check(b"SCRAM-SHA-256-PLUS" in after, f"{service}: -PLUS is offered inside TLS", after)
    return c, exchange_of(c, service, {"submission": "AUTH %s", "pop3": "AUTH %s", "imap": "s AUTHENTICATE %s"}[service])


GOOD = {"submission": b"235 2.7.0", "pop3": b"+OK", "imap": b"s OK"}
BAD = {"submission": b"535 5.7.8", "pop3": b"-ERR [AUTH]", "imap": b"s NO [AUTHENTICATIONFAILED]"}


def exporter(socket):
    """RFC 9266. Python 3.11 has no call for it: then None."""
    return getattr(socket, "export_keying_material", lambda *_: None)("EXPORTER-Channel-Binding", 32, b"")


def bound(w):
    PLUS = "SCRAM-SHA-256-PLUS"
    for service in ("submission", "pop3", "imap"):
        begin = {"submission": "AUTH ", "pop3": "AUTH ", "imap": "s AUTHENTICATE "}[service]
        c, _ = inside(w, service, ssl.TLSVersion.TLSv1_2)
        unique = c.socket.get_channel_binding("tls-unique")
        check(unique and scram(exchange_of(c, service, begin + PLUS), PLUS, "p=tls-unique,,", unique).startswith(GOOD[service]), f"{service}: tls-unique in TLS 1.2, as OpenSSL in Python knows it")
        c.socket.close()
        c, _ = inside(w, service, ssl.TLSVersion.TLSv1_2)
        unique = c.socket.get_channel_binding("tls-unique")
        got = scram(exchange_of(c, service, begin + PLUS), PLUS, "p=tls-unique,,", unique[:-1] + bytes([unique[-1] ^ 1]))
        check(got.startswith(BAD[service]), f"{service}: another binding is refused", got)
        c.socket.close()
        c, _ = inside(w, service, ssl.TLSVersion.TLSv1_3)
        binding = exporter(c.socket)
        if binding:
            got = scram(exchange_of(c, service, begin + PLUS), PLUS, "p=tls-exporter,,", binding)
            check(got.startswith(GOOD[service]), f"{service}: tls-exporter in TLS 1.3", got)
        else:
            got = scram(exchange_of(c, service, begin + PLUS), PLUS, "p=tls-exporter,,", b"\0" * 32)
            check(got.startswith(BAD[service]), f"{service}: another binding is refused in TLS 1.3", got)
        c.socket.close()
        for gs2, want, claim in (("n,,", GOOD, "without binding"), ("y,,", BAD, "\"y\" where -PLUS was offered is a downgrade"), ("p=tls-exporter,,", None, "SCRAM-SHA-256 does not bind")):
            c, _ = inside(w, service, ssl.TLSVersion.TLSv1_3)
            got = scram(exchange_of(c, service, begin + "SCRAM-SHA-256"), "SCRAM-SHA-256", gs2)
            check(got.startswith(want[service]) if want else not got.startswith(GOOD[service]), f"{service}: {claim}", got)
            c.socket.close()
        c, _ = inside(w, service, ssl.TLSVersion.TLSv1_3)
        got = scram(exchange_of(c, service, begin + "SCRAM-SHA-256"), "SCRAM-SHA-256", "n,,", password="wrong")
        check(got.startswith(BAD[service]), f"{service}: a wrong password", got)
        c.socket.close()


class SClient:
    """openssl s_client as the TLS end, which prints what RFC 9266 asks for; this file speaks through it."""

    def __init__(self, w):
        self.process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{w.port('imap', 'safe')}", "-starttls", "imap", "-tls1_3", "-ign_eof", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.exported = bytes.fromhex(self.find(rb"Keying material: ([0-9A-F]{64})").decode())

    def find(self, pattern):
        while line := self.process.stdout.readline():
            if m := re.search(pattern, line):
                return m.group(1)
        raise EOFError("openssl s_client has ended")

    def send(self, octets):
        self.process.stdin.write(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.process.stdin.flush()

    def line(self):
        return self.find(rb"^((?:\+|s) ?.*?)\r?\n")

    def close(self):
        self.process.kill()
        self.process.wait()


def bound_by_openssl(w):
    """tls-exporter as another implementation computes it."""
    for spoil in (False, True):
        c = SClient(w)
        binding = bytes([c.exported[0] ^ spoil]) + c.exported[1:]
        got = scram(exchange_of(c, "imap", "s AUTHENTICATE SCRAM-SHA-256-PLUS"), "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", binding)
        check(got.startswith((BAD if spoil else GOOD)["imap"]), f"tls-exporter, computed by openssl s_client, spoilt: {spoil}", got)
        c.close()


with world.World("tests/interop/plain.json", "--map", "0=safe:587", "--map", "0=safe:110", "--map", "0=safe:143", record=True) as w:
    for part in (smtp, pop3, pop3_utf8, bound, *((bound_by_openssl,) if shutil.which("openssl") else ())):
        try:
            part(w)
        except Exception as error:
            import traceback
            traceback.print_exc()
            check(False, f"{part.__name__} goes through", repr(error))
    check(w.stop() == 0, "serve ends cleanly", w.errors)
    p, last = w.replay("--level", "phase")
    check(p.returncode == 0 and last and last["same"], "the replay is the same run", f"{p.returncode} {last} {p.stderr[-300:]}")
report.end()
