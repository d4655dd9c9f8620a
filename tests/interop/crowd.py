"""Hostile and clumsy programs at the doors: the next honest one is served within two seconds of work, and memory stays bounded."""
import os
import random
import socket
import threading
import time

import world

report = world.Report()
# Memory that is freed shall count as free: the address sanitizer keeps 256 MB of it back.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
SERVED_S = 2 * world.SLOW


def rss_octets(w):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


def worked_s(w):
    """Seconds of processor time that serve has had."""
    with open(f"/proc/{w.process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def honest(w, after):
    """Somebody sends a message, and it is there: within two seconds, if serve has a processor for itself."""
    began, worked = time.monotonic(), worked_s(w)
    try:
        s = w.smtp("alice")
        s.sendmail("alice@example.com", ["bob@example.com"], b"Subject: honest\r\n\r\n" + after.encode() + b"\r\n")
        s.quit()
        p = w.pop3("bob")
        texts = [b"\r\n".join(p.retr(n + 1)[1]) for n in range(p.stat()[0])]
        p.quit()
        seconds, worked = time.monotonic() - began, worked_s(w) - worked
        report.check(any(after.encode() in t for t in texts), "an honest program is served", after)
        report.check(worked < SERVED_S and seconds < 8 * SERVED_S, "within two seconds of work", f"{after}: {worked:.2f} s, {seconds:.2f} s by the clock")
        return f"{worked:.2f} s of work, {seconds:.2f} s"
    except Exception as error:
        report.check(False, "an honest program is served", f"{after}: {error!r} after {time.monotonic() - began:.2f} s")


def connect(w, service):
    return socket.create_connection(("127.0.0.1", w.port(service)), timeout=10 * world.SLOW)


def silent_crowd(w):
    crowd = [connect(w, ("smtp", "submission", "pop3", "imap")[n % 4]) for n in range(500)]
    honest(w, "with 500 silent programs inside")
    report.check(all(c.recv(1) for c in crowd), "each of the 500 was greeted", "")
    for c in crowd[::2]:
        c.close()
    for c in crowd[1::2]:
        world.reset(c)
    honest(w, "after they have left")


def garbage(w):
    dice = random.Random(1)
    held = []
    for n in range(120):
        s = connect(w, ("smtp", "submission", "pop3", "imap", "dns")[n % 5])
        what = (dice.randbytes(dice.randrange(1, 40000)), b"A" * 100000, b"\r\n" * 20000, b"a " + b"(" * 10000 + b"\r\n", b"a1 LOGIN {4294967295}\r\n" + b"x" * 5000,
                b"EHLO x\r\n" * 2000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(500), b"a APPEND INBOX {4000000000+}\r\n" + b"y" * 50000)[n % 8]
        try:
            s.sendall(what)
        except OSError:
            pass
        (s.close, lambda: world.reset(s), lambda: held.append(s))[n % 3]()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(300):
        u.sendto(dice.randbytes(dice.randrange(0, 1600)), ("127.0.0.1", w.port("dns", transport="udp")))
    honest(w, "after garbage")
    for s in held:
        s.close()


def slow_senders(w):
    slow = [connect(w, "smtp") for _ in range(50)]
    for turn in range(3):
        for s in slow:
            s.sendall(b"E")
        time.sleep(0.02)
    honest(w, "beside slow programs")
    for s in slow:
        s.close()


def never_read(w):
    """Programs that ask for much and read nothing: what waits for them is bounded."""
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef" * 4 * 15000 + b"\r\n"
    big = b"\r\n".join(big[i:i + 900] for i in range(0, len(big), 900))
    m = w.imap("carol")
    for _ in range(8):
        m.append("INBOX", None, None, big)
    m.logout()
    before = rss_octets(w)
    crowd, tls = [], w.context()
    for _ in range(100):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(10 * world.SLOW)
        s.connect(("127.0.0.1", w.door(993)))
        s = tls.wrap_socket(s, server_hostname="localhost")
        s.sendall(b"a LOGIN carol carols\r\nb SELECT INBOX\r\nc FETCH 1:* (BODY.PEEK[])\r\n" + b"d FETCH 1:* (BODY.PEEK[])\r\n" * 20)
        crowd.append(s)
    time.sleep(0.5)
    honest(w, "beside programs that do not read")
    grown = rss_octets(w) - before
    report.check(grown < 100 << 20, "what waits is bounded", f"{grown >> 20} MiB for 100 connections that ask for 168 MB each")
    one = crowd.pop()
    got = 0
    one.settimeout(10 * world.SLOW)
    while got < 3 * len(big):
        got += len(one.recv(65536))
    report.check(got >= 3 * len(big), "who begins to read gets it", got)
    for s in crowd:
        world.reset(s)
    one.close()


def resets_inside_data(w):
    before = len(w.letters("bob"))
    for n in range(60):
        s = connect(w, "smtp")
        world.read_until(s, b"\r\n")
        s.sendall(b"EHLO x\r\n")
        world.read_until(s, b"250 ")
        s.sendall(b"MAIL FROM:<x@example.net>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n")
        world.read_until(s, b"354")
        s.sendall(b"Subject: half\r\n\r\n" + b"z" * (n * 500))
        world.reset(s) if n % 2 else s.close()
    honest(w, "after resets inside DATA")
    time.sleep(0.1)
    report.check(not any(b"Subject: half" in x for x in w.letters("bob")), "half a message is no message", before)


def half_close(w):
    """QUIT and FIN in one go: the answers still come."""
    s = connect(w, "smtp")
    s.sendall(b"EHLO x\r\nQUIT\r\n")
    s.shutdown(socket.SHUT_WR)
    got = world.read_until(s, b"never")
    report.check(b"\r\n221 " in got, "who has closed its side is still answered", got)
    s.close()


def talkers(w):
    """Programs that send short commands as fast as they can, and read nothing: nobody else waits for them."""
    with world.World("mail-world") as other:
        honest(other, "before the talkers")
        before, over = rss_octets(other), threading.Event()

        def talk():
            s = connect(other, "smtp")
            s.settimeout(0.2)
            try:
                s.sendall(b"EHLO x\r\n")
                while not over.is_set():
                    s.sendall(b"NOOP\r\n" * 2000)
            except OSError:
                pass
            over.wait()
            world.reset(s)

        crowd = [threading.Thread(target=talk, daemon=True) for _ in range(300)]
        for t in crowd:
            t.start()
        time.sleep(1)
        for turn in range(2):
            print("beside talkers:", honest(other, f"beside talkers, {turn}"))
        grown = rss_octets(other) - before
        report.check(grown < 100 << 20, "what talkers have under way is bounded", f"{grown >> 20} MiB for {len(crowd)} connections")
        began = time.monotonic()
        report.check(other.stop() == 0, "serve ends cleanly", f"{other.status} {other.errors}")
        seconds = time.monotonic() - began
        report.check(seconds < 5 * SERVED_S, "SIGTERM ends it in seconds, however much is to be done", f"{seconds:.2f} s")
        over.set()
        for t in crowd:
            t.join()


def full_house(w):
    """More than there are doors: turned away at once, in plain words on stderr."""
    with world.World("mail-world", "--max-connections", "5") as small:
        inside = [connect(small, "smtp") for _ in range(5)]
        report.check(all(c.recv(3) == b"220" for c in inside), "five come in", "")

        def greeting():
            try:
                inside.append(connect(small, "smtp"))
                return inside[-1].recv(3)
            except ConnectionResetError:
                return b""
        got = greeting()
        report.check(got == b"", "the sixth is turned away", got)
        inside[0].close()
        end = time.monotonic() + 10 * world.SLOW
        while (got := greeting()) == b"" and time.monotonic() < end:
            time.sleep(0.05)
        report.check(got == b"220", "until one has left", got)
        small.stop()
        report.check("all 5 doors are in use" in small.errors, "stderr says so", small.errors)


with world.World("mail-world", record=True) as w:
    honest(w, "at first")
    first = rss_octets(w)
    for trial in (silent_crowd, garbage, slow_senders, resets_inside_data, half_close, never_read, talkers, full_house):
        trial(w)
    grown = rss_octets(w) - first
    report.check(grown < 150 << 20, "memory stays bounded", f"{grown >> 20} MiB")
    report.check(w.stop() == 0, "serve ends cleanly", f"{w.status} {w.errors}")
    p, last = w.replay("--level", "phase")
    report.check(p.returncode == 0 and last and last["same"], "the replay of all that is the same run", f"{p.returncode} {last} {p.stderr[-300:]}")
    print(f"{w.done['connections']} connections, {w.done['records']} records, {os.path.getsize(w.recording) >> 10} KiB of recording, {grown >> 20} MiB")
report.end()
