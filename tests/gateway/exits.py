"""`mailwalk serve --forward`: options, and real servers that behave, misbehave or are not there; each session is replayed."""
import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
QUICK = ("--set", "/hosts/mail/mta/retry_first=1s", "--set", "/hosts/mail/mta/retry_max=1s")


class Server(threading.Thread):
    """A real TCP server: `talk(connection, number)` runs for each connection, from 1."""

    def __init__(self, talk, address="127.0.0.1", window=None):
        super().__init__(daemon=True)
        self.talk, self.count, self.letters = talk, 0, []
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.bind((address, 0))
        self.socket.listen(50)
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.one, args=(c, self.count), daemon=True).start()

    def one(self, c, number):
        try:
            self.talk(self, c, number)
        except OSError:
            pass
        finally:
            c.close()


def smtp(server, c, number, pause=0, until=None):
    """A plain SMTP server. `until`: what to do instead of answering that command."""
    f = c.makefile("rb", buffering=1024 if pause else -1)
    c.sendall(b"220 real.example.net ESMTP\r\n")
    for line in f:
        verb = line[:4].upper()
        if until and verb == until[0]:
            until[1](c)
            return
        if verb == b"EHLO":
            c.sendall(b"250-real.example.net\r\n250-8BITMIME\r\n250 SIZE 90000000\r\n")
        elif verb == b"DATA":
            c.sendall(b"354 go on\r\n")
            letter = []
            for line in f:
                if line == b".\r\n":
                    break
                letter.append(line[1:] if line[:1] == b"." else line)
                if pause and len(letter) % 1000 == 0:
                    time.sleep(pause)
            server.letters.append(b"".join(letter))
            c.sendall(b"250 2.0.0 taken\r\n")
        elif verb == b"QUIT":
            c.sendall(b"221 2.0.0 bye\r\n")
            c.shutdown(socket.SHUT_WR)
            server.after_quit = f.read()
            return
        else:
            c.sendall(b"250 2.0.0 yes\r\n")


def wait(test, seconds=15):
    end = time.monotonic() + seconds * world.SLOW
    while not test() and time.monotonic() < end:
        time.sleep(0.02)
    return test()


def send(w, *to, text=None):
    s = w.smtp("alice")
    s.sendmail("alice@example.com", list(to), text or world.awkward(), mail_options=["BODY=8BITMIME"])
    s.quit()


def kinds(w):
    found = {}
    with open(w.recording) as f:
        for line in f:
            for key in json.loads(line):
                found[key] = found.get(key, 0) + 1
    return found


def replayed(w, claim):
    p, last = w.replay()
    report.check(p.returncode == 0 and not p.stderr and last and last.get("same"), claim + ": the replay has the same hash", f"{last} {p.stderr[-300:]}")


def options(folder):
    def run(*args):
        return subprocess.run([world.MAILWALK, "serve", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30 * world.SLOW)
    no_pem = os.path.join(folder, "no.pem")
    with open(no_pem, "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    good = ("--forward", "example.net=127.0.0.1:2525")
    wrong = [(("--forward", "example.net"), "DOMAIN=ADDRESS:PORT"), (("--forward", "=127.0.0.1:25"), "domain"), (("--forward", "net=127.0.0.1:25"), "domain"),
             (("--forward", "a..net=127.0.0.1:25"), "domain"), (("--forward", "192.0.2.1=127.0.0.1:25"), "domain"), (("--forward", "a" * 64 + ".net=127.0.0.1:25"), "domain"),
             (("--forward", "example.net:0=127.0.0.1:25"), "65535"), (("--forward", "example.net:65536=127.0.0.1:25"), "65535"), (("--forward", "example.net=localhost:25"), "IP address"),
             (("--forward", "example.net=127.0.0.1"), "IP address"), (("--forward", "example.net=::1:25"), "IP address"), (("--forward", "example.net=127.0.0.1:0"), "IP address"),
             (("--forward", "example.net=192.0.2.1:25"), "--allow-remote"), (("--forward", "example.net=[2001:db8::1]:25"), "--allow-remote"),
             (("--forward", "a.example.net:25=127.0.0.1:1", "--forward", "A.example.net.:25=127.0.0.1:2"), "already"),
             (("--trust", no_pem), "--forward"), ((*good, "--trust", folder + "/none.pem"), "none.pem"), ((*good, "--trust", "Makefile"), "no PEM"), ((*good, "--trust", no_pem), "OpenSSL"),
             (good * 65, "more than 64"), ((*good, "--set", "/zones={}"), "zone")]
    for args, word in wrong:
        p = run("mail-world", *args)
        report.check(p.returncode == 2 and not p.stdout and p.stderr.startswith("mailwalk: ") and word in p.stderr, "bad usage is told with exit 2", f"{args}: {p.returncode} {p.stdout[:100]} {p.stderr[:300]}")
    p = run("mail-world", *good, "--forward", "mail.example.org:587=[::1]:5587", "--duration", "1ms", "--port-base", str(world.free_base()))
    report.check(p.returncode == 0 and "mail for example.net" in p.stdout and "mail.example.org, port 587" in p.stdout and "[::1]:5587" in p.stdout, "exits are told", p.stdout + p.stderr)
    report.check(all(len(x) <= 80 for x in p.stdout.splitlines()), "in 80 columns", p.stdout)
    p = run("first-message", *good, "--duration", "1ms", "--format", "jsonl")
    first = json.loads(p.stdout.splitlines()[0])
    report.check(p.returncode == 0 and first == {"exit": "exit-1", "name": "example.net", "mail": True, "port": 25, "address": "127.0.0.1", "real_port": 2525}, "a scenario without doors has exits", p.stdout + p.stderr)


def behaved():
    """Mail goes out, byte for byte; a reader that is slow slows down nobody else."""
    slow = Server(lambda s, c, n: smtp(s, c, n, pause=0.01), window=4096)
    six = None
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") and "00000000000000000000000000000001" in open("/proc/net/if_inet6").read():
        six = Server(smtp, "::1")
    more = ("--forward", f"six.example.net=[::1]:{six.port}") if six else ()
    big = b"Subject: big\r\n\r\n" + b"".join(b".%06d %s\r\n" % (n, b"z" * 70) for n in range(20000))
    with world.World("mail-world", "--forward", f"example.net=127.0.0.1:{slow.port}", *more, record=True) as w:
        send(w, "erin@example.net", text=big)
        if six:
            send(w, "erin@six.example.net")
            report.check(wait(lambda: six.letters) and six.letters[0].endswith(world.awkward()), "an exit to ::1", six.letters)
        send(w, "bob@example.com")
        report.check(len(w.wait_for("bob", 1)) == 1, "others are served meanwhile", "")
        report.check(wait(lambda: slow.letters) and world.body(slow.letters[0]) == world.body(big), "a large message to a slow server arrives byte for byte", len(slow.letters))
        report.check(wait(lambda: hasattr(slow, "after_quit")) and slow.after_quit == b"", "both sides close in peace", "")
        w.stop()
        found = kinds(w)
        report.check(w.status == 0 and not w.errors, "without complaint", w.errors)
        report.check(found.get("taken", 0) >= len(big) // 65536 and found["joined"] == (2 if six else 1) and found.get("finished") and not found.get("broken"), "the recording has what happened", found)
        replayed(w, "back-pressure")


def zones():
    """The simulated DNS leads there: a domain with a zone and an MX of its own, one inside of it, one under com, one cut off by NS."""
    server = Server(smtp)
    domains = ("example.org", "dept.example.org", "example-two.com", "far.example.org")
    cut = ("--set", '/zones/example.org/records/3=far NS ns.elsewhere.test.')
    forwards = [x for d in domains for x in ("--forward", f"{d}=127.0.0.1:{server.port}")]
    edited = [x for what, to in (("/zones/example.org/ttl", 60), ("/zones/./negative_ttl", 60), ("/actions/0/at", "4m"))
              for x in ("--set", "/changes/-=" + json.dumps({"at": "1ms", "set": what, "to": to}))]
    with world.World("mail-world", *cut, *edited, *forwards, "--forward", f"ns.example.com:2500=127.0.0.1:{server.port}") as w:
        for d in domains:
            send(w, "erin@" + d)
        wait(lambda: len(server.letters) >= len(domains))
        for d in domains:
            report.check(any(b"for <erin@%s>" % d.encode() in x for x in server.letters), f"mail for {d} goes to the real server", server.letters)
        send(w, "bob@example.com")
        report.check(len(w.wait_for("bob", 1)) == 1, "other mail does not", "")
        w.stop()
        report.check(w.status == 0, "zones are edited, and so is what people do who are not there", (w.status, w.errors))


def misbehaved():
    """Whatever a real server does, the message waits and arrives in the end."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        nobody = s.getsockname()[1]
        closing = Server(lambda s, c, n: smtp(s, c, n) if n > 1 else None)
        breaking = Server(lambda s, c, n: smtp(s, c, n, until=(b"DATA", world.reset) if n == 1 else None))
        rude = Server(lambda s, c, n: smtp(s, c, n) if n > 1 else c.sendall(b"\x00\xff\r\n" + b"y" * 100000))
        second = Server(smtp)
        forwards = [f"closing.example.net=127.0.0.1:{closing.port}", f"breaking.example.net=127.0.0.1:{breaking.port}", f"rude.example.net=127.0.0.1:{rude.port}",
                    f"two.example.net=127.0.0.1:{nobody}", f"two.example.net=127.0.0.1:{second.port}", f"nobody.example.net=127.0.0.1:{nobody}"]
        with world.World("mail-world", *QUICK, *[x for f in forwards for x in ("--forward", f)], record=True) as w:
            for domain in ("closing", "breaking", "rude", "two", "nobody"):
                send(w, f"erin@{domain}.example.net")
            for server, name in ((closing, "closes at once"), (breaking, "resets"), (rude, "talks nonsense"), (second, "is the second MX")):
                report.check(wait(lambda: server.letters) and server.letters[0].endswith(world.awkward()), f"a server that {name} gets the message in the end", (server.count, server.letters))
            report.check(wait(lambda: w.errors or "Connection refused" in open(w.stderr.name).read()), "that nobody listens is told", "")
            w.stop()
            found = kinds(w)
            report.check(found.get("refused", 0) >= 2 and found.get("broken"), "refused and broken connections are inputs", found)
            replayed(w, "trouble")


def silent():
    """A server that says nothing: the virtual client gives up in virtual time."""
    server = Server(lambda s, c, n: smtp(s, c, n) if n > 1 else c.recv(1))
    with world.World("mail-world", *QUICK, "--speed", "300", "--forward", f"example.net=127.0.0.1:{server.port}", record=True) as w:
        send(w, "erin@example.net")
        report.check(wait(lambda: server.letters), "after five virtual minutes without a greeting it tries again", server.count)
        w.stop()
        replayed(w, "silence")


def steered(folder):
    """Exits and the control socket: an exit host is taken down like any other, and is looked at like any other."""
    server = Server(smtp)
    path = os.path.join(folder, "steered.sock")
    with world.World("mail-world", "--forward", f"example.net=127.0.0.1:{server.port}", "--control", path, record=True) as w:
        c = world.Control(path, report)
        letter = {"from": "alice@example.com", "to": "erin@example.net", "subject": "steered", "text": "Hello"}
        c.do("down", name="exit-1")
        report.check(c.do("send", **letter)["result"] == "ok", "her own server has taken the message", "")
        c.do("advance", by="3m")
        (q,) = c.do("queue", host="mail")["queue"]
        report.check(q["recipient"] == letter["to"] and q["attempts"] == 1 and server.count == 0, "it waits, because the exit is down", (q, server.count))
        c.do("up", name="exit-1")
        c.do("advance", by="10m")
        report.check(wait(lambda: server.letters) and b"Subject: steered" in server.letters[0], "the real server has it when the exit is up", server.count)
        report.check(wait(lambda: not c.do("queue")["queue"]), "and the queue is empty", "")
        (conn,) = [t["conn"] for t in c.do("transcript")["transcripts"] if t["server"] == "exit-1"]
        lines = [(x["dir"], x["text"]) for x in c.do("transcript", conn=conn)["lines"]]
        report.check(lines and lines[0] == ("S", "220 real.example.net ESMTP") and ("C", "MAIL FROM:<alice@example.com>") in [(d, t[:29]) for d, t in lines], "the transcript has both sides", lines)
        c.close()
        w.stop()
        report.check(w.status == 0, "serve ends with 0", w.errors)
        replayed(w, "exits and the control socket")


def meddled(folder):
    """Recordings with exits that somebody has changed."""
    server = Server(smtp)
    with world.World("mail-world", "--forward", f"example.net=127.0.0.1:{server.port}", record=True) as w:
        send(w, "erin@example.net")
        wait(lambda: server.letters)
        w.stop()
        with open(w.recording) as f:
            lines = f.readlines()
    where = next(i for i, x in enumerate(lines) if "joined" in x)
    path = os.path.join(folder, "meddled.jsonl")

    def changed(line, word, at=where, instead=True):
        with open(path, "w") as f:
            f.writelines(lines[:at] + [line + "\n"] + lines[at + (1 if instead else 0):])
        p = subprocess.run([world.MAILWALK, "run", "--replay", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=30 * world.SLOW)
        report.check(p.returncode == 2 and f"{path}:{at + 1}: " in p.stderr and word in p.stderr, "a changed recording is refused with its line", f"{line[:80]}: {p.returncode} {p.stderr}")
    t = json.loads(lines[where])["t"]
    changed(f'{{"t":{t},"joined":7}}', "no such connection")
    changed(f'{{"t":{t},"answer":1,"data":"220 x"}}', "not taken it")
    changed(f'{{"t":{t},"finished":1}}', "not taken it")
    changed(f'{{"t":{t},"taken":1,"n":1}}', "so many")
    changed(f'{{"t":{t},"taken":1}}', '"n"')
    changed(f'{{"t":{t},"joined":0}}', "joined")
    second = where + 1
    changed(f'{{"t":{t},"joined":1}}', "not taken it", second, False)
    changed(f'{{"t":{t},"refused":1}}', "not taken it", second, False)
    forward = next(i for i, x in enumerate(lines) if "forward" in x)
    changed('{"forward":"nonsense"}', "DOMAIN=ADDRESS:PORT", forward)
    changed('{"forward":7}', "string", forward)
    changed('{"trust":"x"}', "PEM", forward, False)


with world.World() as place:
    place.stop()
    options(place.folder)
    steered(place.folder)
    meddled(place.folder)
behaved()
zones()
misbehaved()
silent()
report.end()
