"""What strangers at the door cannot do but users could: endless lines and literals behind the login, uploads that stop in their middle, messages made to be
expensive. Meanwhile somebody sends messages and is cut off as soon as 250 has come: each of them must be there in the end."""
import random
import socket
import threading
import time

import world
from imap_wire import Imap

report = world.Report()
check = report.check
SERVED_S = 2 * world.SLOW
dice = random.Random(5)


def rss_octets(w):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


def connect(w, service):
    s = socket.create_connection(("127.0.0.1", w.port(service)), timeout=20 * world.SLOW)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def deliver(w, text):
    """One message by SMTP. True as soon as the server has said 250 to it; the connection is reset at that moment."""
    s = connect(w, "smtp")
    try:
        world.read_until(s, b"220 ")
        s.sendall(b"EHLO x\r\n")
        world.read_until(s, b"250 ")
        s.sendall(b"MAIL FROM:<x@example.net>\r\nRCPT TO:<carol@example.com>\r\nDATA\r\n")
        if b"354" not in world.read_until(s, b"354"):
            return False
        s.sendall(b"Subject: " + text + b"\r\n\r\n" + b"body " * dice.randrange(1, 200) + b"\r\n.\r\n")
        return b"250 2.0.0" in world.read_until(s, b"queued")
    except OSError:
        return False
    finally:
        world.reset(s)


class Postman(threading.Thread):
    def __init__(self, w):
        super().__init__(daemon=True)
        self.w, self.over, self.accepted = w, False, []

    def run(self):
        n = 0
        while not self.over:
            n += 1
            text = b"letter-%d-" % n
            if deliver(self.w, text):
                self.accepted.append(text)
            time.sleep(0.01)


def served(w, after):
    """In how many seconds; None: not at all, and that has been said."""
    began = time.monotonic()
    try:
        m = Imap(w, "bob")
        good = m("APPEND INBOX ", b"Subject: honest\r\n\r\n" + after.encode() + b"\r\n").ok and m("SELECT INBOX").ok and after.encode() in m("FETCH * BODY.PEEK[TEXT]").text
        m.close()
        seconds = time.monotonic() - began
        return seconds if check(good, "the next honest program is served", after) else None
    except Exception as error:
        check(False, "the next honest program is served", f"{after}: {error!r}")
        return None


def honest(w, after):
    """Who has to wait for this machine's other programs does not wait each time."""
    took = []
    while len(took) < 4 and None not in took and min(took, default=SERVED_S) >= SERVED_S:
        took.append(served(w, after))
    check(None in took or took[-1] < SERVED_S, "within two seconds", f"{after}: {took}")


def inside(w, user="alice"):
    m = Imap(w, user)
    m("SELECT INBOX")
    return m.socket


def send(s, octets):
    """As much as the other side takes."""
    s.settimeout(0.5 * world.SLOW)
    try:
        s.sendall(octets)
        return True
    except OSError:
        return False


def endless_lines(w):
    for what in (b"A" * 3_000_000, b"a FETCH 1 (" + b"FLAGS " * 300_000, b"a SEARCH " + b"NOT " * 500_000, b"a SEARCH " + b"(" * 1_000_000, b"a FETCH " + b"1," * 500_000, b"a LIST \"\" \"" + b"*%" * 500_000, b"a STORE 1 FLAGS (" + b"k " * 500_000, b"\0" * 1_000_000, b"a UID FETCH 1:4294967295,1:4294967295 " * 10_000):
        s = inside(w)
        send(s, what)
        world.reset(s)
    honest(w, "after endless lines")


def literals(w):
    for size in (b"4294967295", b"4294967296", b"18446744073709551615", b"99999999999999999999999", b"-1", b"", b"68000000"):
        for plus in (b"", b"+"):
            for head in (b"a APPEND INBOX {", b"a LOGIN {", b"a SEARCH SUBJECT {", b"a CREATE {", b"{"):
                s = inside(w)
                send(s, head + size + plus + b"}\r\n" + b"z" * 3000)
                s.close()
    honest(w, "after literals of all sizes")


def slow_uploads(w):
    """A hundred uploads of 60 MB that bring a few octets each, and stay."""
    before = rss_octets(w)
    crowd = [inside(w) for _ in range(100)]
    for s in crowd:
        send(s, b"a APPEND INBOX {60000000+}\r\n" + b"q" * 1000)
    for s in crowd:
        send(s, b"q")
    honest(w, "beside slow uploads")
    grown = rss_octets(w) - before
    check(grown < 60 << 20, "an upload takes memory as it comes, not as it was announced", f"{grown >> 20} MiB")
    for s in crowd:
        world.reset(s)
    m = Imap(w, "alice")
    count = m("STATUS INBOX (MESSAGES)").named(b"STATUS")[0][1][1]
    check(count == b"0", "half an upload is no message", count)
    m.close()
    honest(w, "after slow uploads were cut off")


def half_messages(w):
    for n in range(60):
        s = connect(w, "smtp")
        world.read_until(s, b"220 ")
        s.sendall(b"EHLO x\r\n")
        world.read_until(s, b"250 ")
        s.sendall(b"MAIL FROM:<x@example.net>\r\nRCPT TO:<alice@example.com>\r\n" + (b"DATA\r\n" if n % 2 else b"BDAT 100000 LAST\r\n"))
        if n % 2:
            world.read_until(s, b"354")
        send(s, b"Subject: half\r\n\r\n" + b"h" * (n * 700))
        world.reset(s) if n % 3 else s.close()
    m = Imap(w, "alice")
    m("SELECT INBOX")
    check(m("SEARCH SUBJECT half").numbers() == [], "half a message is no message")
    m.close()
    honest(w, "after resets inside DATA and BDAT")


def expensive_messages(w):
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5000))
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 20000
    letters = (deep + b"\r\nx\r\n", nested + b"\r\nx\r\n", b"".join(b"X-%d: y\r\n" % n for n in range(50000)) + b"\r\nx\r\n", b"Subject: " + b"=?UTF-8?Q?=C3=A4?= " * 50000 + b"\r\n\r\nx\r\n", b"To: " + b"(" * 100000 + b"\r\n\r\nx\r\n", b"To: " + b"a@b, " * 50000 + b"c@d\r\n\r\nx\r\n",
               b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100000, b"Content-Type: text/plain; " + b"; ".join(b"p%d=v" % n for n in range(50000)) + b"\r\n\r\nx\r\n", b"References: " + b"<x@y> " * 50000 + b"\r\n\r\nx\r\n", b"Subject: x\r\n " * 30000 + b"\r\n\r\nx\r\n",
               b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 500000)
    m = Imap(w, "alice")
    m("CREATE Dear")
    for n, letter in enumerate(letters):
        r = m("APPEND Dear ", letter)
        check(r.ok, "what is only expensive is taken", f"{n}: {r}"[:200])
    m("SELECT Dear")
    for command in ("FETCH 1:* (ENVELOPE BODYSTRUCTURE)", "FETCH 1:* (BODY[1.1.1.1.1.1] BODY[HEADER.FIELDS (To Subject)] BINARY.SIZE[1])", "SEARCH OR SUBJECT nothing TEXT nothing", "SORT (SUBJECT FROM TO DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"):
        began = time.monotonic()
        tag = m.start(command)
        honest(w, f"beside {command}")
        m.finish(tag)
        check(time.monotonic() - began < 10 * world.SLOW, "an expensive question is answered", f"{command}: {time.monotonic() - began:.2f} s")
    m("DELETE Dear")
    m.close()
    honest(w, "after expensive messages")


with world.World("tests/interop/plain.json", record=True) as w:
    honest(w, "at first")
    postman = Postman(w)
    postman.start()
    first = rss_octets(w)
    for trial in (endless_lines, literals, slow_uploads, half_messages, expensive_messages):
        began = time.monotonic()
        try:
            trial(w)
        except Exception as error:
            import traceback
            traceback.print_exc()
            check(False, f"{trial.__name__} goes through", repr(error))
        print(f"{trial.__name__}: {time.monotonic() - began:.1f} s")
    postman.over = True
    postman.join()
    grown = rss_octets(w) - first
    check(grown < 200 << 20, "memory stays bounded", f"{grown >> 20} MiB")
    m = Imap(w, "carol")
    m("SELECT INBOX")
    there = m("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]").text
    lost = [x for x in postman.accepted if there.count(b"Subject: " + x) != 1]
    check(postman.accepted and not lost, "nothing accepted is lost, nor there twice", f"{len(lost)} of {len(postman.accepted)}: {lost[:3]}")
    m.close()
    check(w.stop() == 0, "serve ends cleanly", f"{w.status} {w.errors[-300:]}")
    print(f"{len(postman.accepted)} messages accepted, {grown >> 20} MiB more than at first")
report.end()
