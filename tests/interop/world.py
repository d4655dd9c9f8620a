"""A served world for tests with real programs: started on free ports, always ended, and replayed if a test asks for it."""
import atexit
import json
import os
import poplib
import imaplib
import shutil
import signal
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

MAILWALK = os.path.abspath(os.environ.get("MAILWALK", os.path.join(os.environ.get("BUILD", "build"), "mailwalk")))
SLOW = 8 if "san" in os.path.basename(os.environ.get("BUILD", "")) else 1
PASSWORDS = {"alice": "wonderland", "bob": "builder", "carol": "carols", "dave": "davids"}


class Report:
    def __init__(self):
        self.claims, self.failures = 0, 0

    def check(self, good, claim, detail=""):
        self.claims += 1
        if not good:
            self.failures += 1
            print(f"FAILED: {claim}: {detail}")
        return good

    def end(self):
        print(f"{self.claims} claims, {self.failures} failed")
        sys.exit(1 if self.failures or not self.claims else 0)


def free_base():
    """A port base for a test that starts serve by itself: no test beside it has the same, and all doors of mail-world are free. The kernel gives the
    ports from 32768 on to clients, so a door there may be taken by whoever connects to somewhere at this moment."""
    for turn in range(70):
        base = 2000 + (os.getpid() + turn) % 70 * 100
        try:
            for port in (25, 53, 110, 143, 465, 587, 993, 995):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as s:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        s.bind(("127.0.0.1", base + port))
            return base
        except OSError:
            pass
    raise SystemExit("no free ports for the doors")


class World:
    """`with World("mail-world", "--map", "0=mx:143") as w:` - w.port("imap"), w.port("imap", "mx"), w.door(993); w.ca is the CA's certificate,
    w.context() trusts it and nobody else. `tls` False: a world without TLS has no CA."""

    def __init__(self, scenario="mail-world", *options, record=False, tls=True):
        self.folder = tempfile.mkdtemp(prefix="mailwalk-interop-")
        self.ca = os.path.join(self.folder, "ca.pem")
        options = [*options, "--ca-file", self.ca] if tls else options
        self.recording = os.path.join(self.folder, "recording.jsonl")
        self.options = [*options] + (["--record", self.recording] if record else [])
        self.scenario, self.doors, self.accounts, self.done, self.status, self.errors = scenario, [], [], None, None, ""
        self.process = None
        atexit.register(self.kill)

    def __enter__(self):
        base = 11000 + os.getpid() % 200 * 100  # free_base() and the kernel's clients have others
        for turn in range(40):
            if self.start(base + turn * 7):
                return self
        raise SystemExit("no free ports for the doors")

    def start(self, base):
        self.stderr = open(os.path.join(self.folder, "stderr"), "w+")
        self.process = subprocess.Popen([MAILWALK, "serve", self.scenario, "--format", "jsonl", "--port-base", str(base), *self.options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr, text=True)
        self.doors, self.accounts, self.others = [], [], []
        for line in self.process.stdout:
            said = json.loads(line)
            if "service" in said:
                self.doors.append(said)
            elif "user" in said:
                self.accounts.append(said)
            elif said.get("ready"):
                return True
            else:
                self.others.append(said)
        if self.process.wait(30 * SLOW) != 3:
            raise SystemExit(f"serve ended with {self.process.returncode}: {open(self.stderr.name).read()}")
        return False

    def port(self, service, host=None, transport="tcp"):
        return next(d["local_port"] for d in self.doors if d["service"] == service and d["transport"] == transport and host in (None, d["host"]))

    def door(self, port, host="mail"):
        """The door to a virtual port."""
        return next(d["local_port"] for d in self.doors if d["port"] == port and d["transport"] == "tcp" and d["host"] == host)

    def context(self):
        return ssl.create_default_context(cafile=self.ca)

    def stop(self):
        if self.status is None:
            self.process.send_signal(signal.SIGTERM)
            rest = self.process.stdout.read().splitlines()
            self.status = self.process.wait(30 * SLOW)
            self.done = json.loads(rest[-1]) if rest else None
            self.errors = open(self.stderr.name).read()
        return self.status

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def replay(self, *options):
        """The recorded session once more: the process, and its last line."""
        p = subprocess.run([MAILWALK, "run", "--replay", self.recording, "--format", "jsonl", *options], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW)
        return p, json.loads(p.stdout.splitlines()[-1]) if p.stdout else None

    # ---- Python's own clients: encrypted, with a check of the certificate ----

    def smtp(self, user=None, service="submission", host=None):
        """A session after STARTTLS and EHLO; logged in if there is a user."""
        s = smtplib.SMTP("localhost" if user else "127.0.0.1", self.port(service, host), timeout=20 * SLOW)
        s.starttls(context=self.context())
        s.ehlo("laptop.example.com")
        if user:
            s.login(user, PASSWORDS[user])
        return s

    def imap(self, user, host=None, address=None):
        """`address`: the server's own, where there is a way to it."""
        m = imaplib.IMAP4(address or "127.0.0.1", 143 if address else self.port("imap", host), timeout=20 * SLOW)
        m.starttls(self.context())
        m.login(user, PASSWORDS[user])
        return m

    def letters(self, user, host=None, mailbox="INBOX"):
        """All messages of a mailbox, octet by octet."""
        m = self.imap(user, host)
        status, (count,) = m.select(mailbox, readonly=True)
        found = []
        if status == "OK":
            for n in range(1, int(count) + 1):
                found.append(m.fetch(str(n), "(BODY.PEEK[])")[1][0][1])
        m.logout()
        return found

    def wait_for(self, user, count, host=None, seconds=10):
        """The messages of an INBOX as soon as there are `count`, or what there is when the time is over."""
        end = time.monotonic() + seconds * SLOW
        while True:
            found = self.letters(user, host)
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def pop3(self, user, host=None):
        p = poplib.POP3("127.0.0.1", self.port("pop3", host), timeout=20 * SLOW)
        p.stls(self.context())
        p.user(user)
        p.pass_(PASSWORDS[user])
        return p


class Control:
    """The control socket of a world that was started with --control PATH."""

    def __init__(self, path, report):
        self.report = report
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30 * SLOW)
        self.s.connect(path)
        self.file = self.s.makefile("rb")

    def raw(self, line):
        self.s.sendall(line)
        return json.loads(self.file.readline())

    def ask(self, do, **what):
        return self.raw(json.dumps({"do": do, **what}).encode() + b"\n")

    def do(self, do, **what):
        a = self.ask(do, **what)
        self.report.check(a["ok"], f"{do} {what} is done", a)
        return a

    def close(self):
        self.file.close()
        self.s.close()


def reset(s):
    """Ends a connection with RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_until(s, end):
    """What comes up to `end`, or all there is."""
    got = b""
    while end not in got:
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    return got


def run(*args, stdin=b"", timeout=30, **kw):
    return subprocess.run(args, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout * SLOW, **kw)


def body(letter):
    """What stands behind the header."""
    return (letter.split(b"\r\n\r\n", 1) + [b""])[1]


def awkward(n=0):
    """A message with everything that transfers like to break."""
    lines = [b"From: Alice <alice@example.com>", b"To: dave@example.org", b"Subject: awkward %d" % n, b"", b".", b"..", b".dot at the start", b"", b"x" * 990,
             b"a line that ends in spaces   ", b"\tand a tab", "Grüße aus Köln".encode(), b"From here on", b"", b"", b"the end"]
    return b"\r\n".join(lines) + b"\r\n"
