"""`mailwalk serve` from outside: options, doors, files, how it ends; and recordings that somebody has meddled with."""
import json
import os
import random
import re
import resource
import signal
import smtplib
import socket
import struct
import subprocess
import sys
import time

sys.path[:0] = ["tests/interop", "tests/run"]
import trace  # noqa: E402
import world  # noqa: E402

report = world.Report()
MAILWALK = world.MAILWALK


def run(*args, **kw):
    p = subprocess.run([MAILWALK, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW, **kw)
    p.out, p.err = p.stdout.decode(), p.stderr.decode("utf-8", "replace")
    return p


def said(p):
    return f"{p.args[1:]}: exit {p.returncode}, out {p.out[:200]!r}, err {p.err[:300]!r}"


def options(folder):
    wrong = [([], "scenario"), (["mail-world", "mail-world"], "one scenario"), (["no-such"], "no-such"), (["mail-world", "--bogus", "1"], "--bogus"),
             (["mail-world", "--port-base"], "value"), (["mail-world", "--port-base", "x"], "--port-base x"), (["mail-world", "--port-base", "65535"], "65535"),
             (["mail-world", "--port-base", "65000"], "too large"), (["mail-world", "--speed", "0"], "--speed 0"), (["mail-world", "--speed", "fast"], "fast"),
             (["mail-world", "--speed", "1.2.3"], "1.2.3"), (["mail-world", "--max-connections", "0"], "0"), (["mail-world", "--max-connections", "1001"], "1001"),
             (["mail-world", "--listen", "localhost"], "localhost"), (["mail-world", "--listen", "0.0.0.0"], "--allow-remote"), (["mail-world", "--listen", "::"], "--allow-remote"),
             (["mail-world", "--map", "25"], "PORT=HOST:PORT"), (["mail-world", "--map", "2525=mail"], "PORT=HOST:PORT"), (["mail-world", "--map", "2525=nobody:25"], "nobody"),
             (["mail-world", "--map", "70000=mail:25"], "PORT=HOST:PORT"), (["mail-world", "--map", "2525=mail:25", "--map", "2525=mx:25"], "2525"),
             (["mail-world", "--duration", "soon"], "soon"), (["mail-world", "--format", "xml"], "xml"), (["mail-world", "--set", "/doors/link=x"], "/doors/link"),
             (["mail-world", "--seed", "one"], "one"), (["mail-world", "--pcapng", "x", "--keylog", "x"], "file of --pcapng"), (["first-message"], "--map"), (["mail-world", "--max-connections=300", "--set", '/hosts/internet/interfaces/0=street 192.0.2.1/24'], "addresses")]
    for args, word in wrong:
        p = run("serve", *args)
        report.check(p.returncode == 2 and not p.out and p.err.startswith("mailwalk: ") and word in p.err, "bad usage is told on stderr with exit 2", said(p))
    for option in ("--record", "--pcapng"):
        p = run("serve", "mail-world", "--duration", "1s", option, folder + "/none/x")
        report.check(p.returncode == 3 and "/none/x" in p.err, "a file that cannot be made is exit 3", said(p))
    if os.path.exists("/dev/full"):
        p = run("serve", "mail-world", "--port-base", str(world.free_base()), "--duration", "1ms", "--record", "/dev/full")
        report.check(p.returncode == 3 and "/dev/full" in p.err, "a full disk is exit 3", said(p))


def life():
    with world.World() as w:
        base = w.port("smtp") - 25
        report.check(all(d["local_port"] == base + d["port"] and d["address"] == "127.0.0.1" for d in w.doors), "doors are at PORT + port base, on loopback", w.doors)
        report.check(sum(d["service"] == "dns" for d in w.doors) == 2, "DNS has a TCP and a UDP door", w.doors)
        p = run("serve", "mail-world", "--port-base", str(base))
        report.check(p.returncode == 3 and not p.out and "in use" in p.err and f"127.0.0.1:{base + 25}" in p.err, "a port in use is exit 3", said(p))
        w.process.send_signal(signal.SIGINT)
        report.check(w.process.wait(10 * world.SLOW) == 0, "SIGINT ends it with exit 0", w.process.returncode)
    p = run("serve", "mail-world", "--port-base", str(base), "--duration", "300ms")
    report.check(p.returncode == 0 and f"127.0.0.1:{base + 25}" in p.out and "alice@example.com" in p.out and "closed after 0.300 s" in p.out, "text for people", said(p))
    report.check(all(len(x) <= 80 for x in p.out.splitlines()), "of 80 columns", said(p))
    p = run("serve", "mail-world", "--port-base", str(base), "--duration", "1000s", "--speed", "10000", "--format", "jsonl")
    report.check(p.returncode == 0 and json.loads(p.out.splitlines()[-1])["t_ns"] == 10 ** 12, "--speed: a thousand seconds are soon over", said(p))
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") and "00000000000000000000000000000001" in open("/proc/net/if_inet6").read():
        with world.World("mail-world", "--listen", "127.0.0.1", "--listen", "::1", record=True) as w:
            port = next(d["local_port"] for d in w.doors if d["address"] == "::1" and d["service"] == "smtp")
            s = smtplib.SMTP("::1", port, timeout=10 * world.SLOW)
            report.check(s.ehlo("x")[0] == 250, "a door at ::1", "")
            s.quit()
            w.stop()
            report.check('"to":"2001:db8:' in open(w.recording).read(), "who comes by IPv6 goes on by IPv6", "")
    with world.World("first-message", "--map", "0=mx:25", "--map", "0=mx:143", tls=False) as w:
        s = smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=10 * world.SLOW)
        report.check(s.sendmail("x@example.net", "bob@example.org", "Subject: x\r\n\r\nx") == {}, "a scenario without doors is served with --map", "")
        s.quit()
    with world.World("mail-world", "--actions", "--speed", "20", "--map", "0=mx:143") as w:
        report.check(len(w.wait_for("alice", 1)) == 1, "--actions: the people of the scenario act too", "")


def pcapng_blocks(octets):
    """Whole blocks; raises when the file ends inside one."""
    kinds, at = [], 0
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        assert length % 4 == 0 and struct.unpack_from("<I", octets, at + length - 4)[0] == length
        kinds.append(kind)
        at += length
    return kinds


def captures():
    with world.World() as probe:
        pass
    path = os.path.join(probe.folder, "live.pcapng")
    os.makedirs(probe.folder, exist_ok=True)
    with world.World("mail-world", "--pcapng", path) as w:
        s = smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=10 * world.SLOW)
        s.ehlo("x")
        before = pcapng_blocks(open(path, "rb").read())
        report.check(before[0] == 0x0a0d0d0a and before.count(6) >= 5, "the capture is valid while it grows", before[:9])
        s.quit()
        w.process.kill()
        w.process.wait()
        report.check(len(pcapng_blocks(open(path, "rb").read())) > len(before), "and when the program was killed", "")


def full_disk(folder):
    """A file may not grow any more, in the middle of a session: that is told at once, the doors stay open, and what is there is whole."""
    path = os.path.join(folder, "full.pcapng")
    for kind in ("pcapng", "record"):
        with world.World("mail-world", *(["--pcapng", path] if kind == "pcapng" else []), record=kind == "record") as w:
            file = path if kind == "pcapng" else w.recording
            resource.prlimit(w.process.pid, resource.RLIMIT_FSIZE, (100_001, 100_001))
            for n in range(4):
                s = smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=10 * world.SLOW)
                s.sendmail("eve@example.net", "bob@example.com", "Subject: %d\r\n\r\n" % n + ("x" * 76 + "\r\n") * 600)
                s.quit()
            report.check(f"{file}: File too large; the file ends here" in open(w.stderr.name).read(), "a file that cannot grow is told at once", open(w.stderr.name).read())
            octets = open(file, "rb").read()
            report.check(90_000 < len(octets) <= 100_001, "what fitted is there", len(octets))
            w.stop()
            report.check(w.status == 3 and w.errors.count("File too large") == 1 and w.done, "and once, with exit 3 at the end", f"{w.status} {w.errors}")
            report.check(kind == "record" or open(file, "rb").read() == octets, "the end adds nothing to it", os.path.getsize(file) - len(octets))
            if kind == "pcapng":
                report.check(pcapng_blocks(octets).count(6) > 50, "whole blocks", "")
            else:
                p, last = w.replay()
                report.check(p.returncode == 0 and last["hash"], "what was recorded can be replayed", f"{p.returncode} {p.stderr} {last}")


def rewritten(folder):
    """Somebody in the middle of a served world: the program gets the router's words; the live capture and that of a replay have
    both, the frame as it was sent and the router's, under an interface of its own."""
    path, again = os.path.join(folder, "live.pcapng"), os.path.join(folder, "again.pcapng")
    rule = '/hosts/internet/rewrites=[{"name":"strip","find":"STARTTLS","with":"XXXXXXXA","port":25}]'
    late = '/hosts/mail/delays=[{"by":"300ms","after":"EHLO","port":25}]'
    with world.World("mail-world", "--pcapng", path, "--set", rule, "--set", late, record=True) as w:
        s = smtplib.SMTP("127.0.0.1", w.port("smtp"), timeout=10 * world.SLOW)
        before = time.monotonic()
        s.ehlo("x")
        report.check(time.monotonic() - before >= 0.3, "a delay of the scenario is one for real programs too", "")
        report.check(s.has_extn("xxxxxxxa") and not s.has_extn("starttls"), "the program gets the router's words", s.esmtp_features)
        now = trace.read_pcapng(path)  # while the session is open
        s.quit()
        w.stop()
        live = trace.read_pcapng(path)
        p, last = w.replay("--pcapng", again)
    report.check(now["interfaces"] == live["interfaces"] == ["mailwalk", "internet"], "the live capture has the router's interface", live["interfaces"])
    of = {on: [f for f, where in zip(now["frames"], now["on"]) if where == on] for on in now["interfaces"]}
    report.check(len(of["internet"]) == 1 and b"250 XXXXXXXA\r\n" in of["internet"][0][1] and b"STARTTLS" not in of["internet"][0][1] and
                 any("internet has written over this frame: strip: " in c for c in of["internet"][0][2]), "and under it what the program got", of["internet"])
    report.check([b"STARTTLS" in f[1] for f in of["mailwalk"]].count(True) == 1 and not any(b"XXXXXXXA" in f[1] for f in of["mailwalk"]),
                 "what the server sent is there too", len(of["mailwalk"]))
    replayed = trace.read_pcapng(again)
    report.check(p.returncode == 0 and last["same"] and [live[k] for k in ("frames", "on", "interfaces")] == [replayed[k] for k in ("frames", "on", "interfaces")],
                 "the replay's capture has the same frames on the same interfaces", last)


def session():
    """A recording with a bit of everything."""
    with world.World(record=True) as w:
        s = w.smtp("alice")
        s.sendmail("alice@example.com", ["dave@example.org"], world.awkward(), mail_options=["BODY=8BITMIME"])
        s.quit()
        w.letters("bob")
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        u.settimeout(10 * world.SLOW)
        u.sendto(b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x0f\x00\x01", ("127.0.0.1", w.port("dns", transport="udp")))
        report.check(u.recv(1500)[:2] == b"\x00\x01", "a datagram is answered", "")
        t = socket.create_connection(("127.0.0.1", w.port("pop3")))
        t.recv(10)
        t.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        t.close()
        end = time.monotonic() + 10 * world.SLOW
        while b'"reset"' not in open(w.recording, "rb").read() and time.monotonic() < end:
            time.sleep(0.01)
        w.stop()
        recording = open(w.recording, "rb").read()
        report.check(w.recording and all(k in recording for k in (b'"connect"', b'"octets"', b'"close"', b'"reset"', b'"ask"', b'"datagram"', b'"end"')), "the recording has a bit of everything", "")
        return recording, w.done


def replays(folder):
    recording, done = session()
    path = os.path.join(folder, "r.jsonl")

    def replay(octets, *options):
        with open(path, "wb") as f:
            f.write(octets)
        return run("run", "--replay", path, *options)
    lines = recording.splitlines(keepends=True)
    p = replay(recording, "--format", "jsonl")
    last = json.loads(p.out.splitlines()[-1])
    report.check(p.returncode == 0 and not p.err and last == {"done": True, "hash": done["hash"], "recorded": done["hash"], "same": True}, "the same hash", f"{last} {done} {p.err}")
    p = replay(recording)
    report.check(p.returncode == 0 and done["hash"] in p.out and "A real program comes in" in p.out, "told in words", said(p))
    report.check(b"wonderland" not in p.stdout and b"builder" not in p.stdout, "without passwords", "")
    again = replay(recording, "--format", "jsonl", "--level", "packet").stdout
    report.check(again == replay(recording, "--format", "jsonl", "--level", "packet").stdout and again, "two replays are one", "")
    p = replay(b"".join(lines[:-1]), "--format", "jsonl")
    report.check(p.returncode == 0 and "same" not in p.out.splitlines()[-1], "a recording without end runs too", said(p))
    p = replay(recording.replace(done["hash"].encode(), b"0123456789abcdef"))
    report.check(p.returncode == 1 and "0123456789abcdef" in p.out, "another hash is exit 1", said(p))
    p = run("run", "--replay", path, "mail-world")
    report.check(p.returncode == 2, "a recording brings its scenario", said(p))
    p = run("run", "--replay", folder + "/none")
    report.check(p.returncode == 2 and "/none" in p.err, "no such file", said(p))
    # ---- wrong in one place ----
    first, rest = lines[0], b"".join(lines[1:])
    wrong = [(b"", 1, "empty"), (b"{}\n" + rest, 1, "no recording"), (b"{,}\n" + rest, 1, "string"), (b'{"a":1}\n' + rest, 1, "no recording"), (b"x\n", 1, "JSON object"), (b"\x00\n", 1, "NUL"), (recording[:-1], len(lines), "cut off"),
             (recording + b"{}\n", len(lines) + 1, "behind the end"), (first.replace(b'"recording":1', b'"recording":2') + rest, 1, "format 2"),
             (first.replace(b'"doors":600', b'"doors":1001') + rest, 1, "1000"), (first.replace(b'"doors":600', b'"doors":0') + rest, 1, "1 to"),
             (first.replace(b'"link":"street"', b'"link":"road"') + rest, 1, "road"), (re.sub(rb'"text":"[0-9a-f]+"', b'"text":"00"', first) + rest, 1, "16"),
             (re.sub(rb'"text":"[0-9a-f]+"', b'"text":"0000000000000000"', first) + rest, 1, "not what it was"),
             (first.replace(b'mail-world', b'mail-wurld') + rest, None, "mail-wurld"), (first + b'{"set":"/seed=x"}\n' + rest, None, "/seed"),
             (first + b'{"set":7}\n' + rest, 2, "string"), (first + b'{"t":1,"octets":1,"data":"x"}\n' + rest, 2, "has not begun"),
             (first + b'{"t":1,"connect":1,"door":1001,"to":"192.0.2.1","port":1}\n', 2, "door"), (first + b'{"t":1,"connect":1,"door":1,"to":"mail","port":25}\n', 2, "IP address"),
             (first + b'{"t":1,"connect":1,"door":1,"to":"192.0.2.1","port":65536}\n', 2, "port"), (first + b'{"t":-1,"end":true}\n', 2, "whole number"),
             (first + b'{"t":99999999999999999999,"end":true}\n', 2, "too large"), (first + b'{"t":1,"connect":1,"door":1,"to":"198.51.100.25","port":25,"colour":1}\n', 2, "colour"),
             (first + b'{"t":1,"t":1}\n', 2, "twice"), (first + b'{"t":1,"octets":1,"close":1}\n', 2, "at once"), (first + b'{"t":1}\n', 2, "nothing"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":4,"close":1}\n', 3, "goes back"),
             (first + b'{"t":5,"connect":2,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"connect":2,"door":2,"to":"198.51.100.25","port":25}\n', 3, "not new"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"connect":2,"door":1,"to":"198.51.100.25","port":25}\n', 3, "in use"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"octets":1,"data":"x"}\n', 3, "room"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"credit":1,"n":1}\n', 3, "taken"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"reset":1}\n{"t":5,"close":1}\n', 4, "ended"),
             (first + b'{"t":5,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":5,"datagram":1,"data":"x"}\n', 3, "connection"),
             (first + b'{"t":5,"ask":1,"door":1,"to":"198.51.100.53","port":53}\n{"t":5,"close":1}\n', 3, "datagrams"),
             (first + b'{"t":5,"ask":1,"door":1,"to":"198.51.100.53","port":53}\n{"t":5,"datagram":1,"data":"' + b"x" * 2000 + b'"}\n', 3, "too large"),
             (first + b'{"t":1,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":2,"octets":1,"data":"\xff"}\n', 3, "octet"),
             (first + b'{"t":1,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":2,"octets":1,"data":"\\u0100"}\n', 3, "escape"),
             (first + b'{"t":1,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":2,"octets":1,"data":"' + b"x" * 20000 + b'"}\n', 3, "20000"),
             (first + b"x" * 600000 + b"\n", 2, "more than"), (first + b"{" * 1000 + b"\n", 2, "")]
    for octets, line, word in wrong:
        p = replay(octets)
        place = f"mailwalk: {path}:{line}: " if line else "mailwalk: "
        report.check(p.returncode == 2 and p.err.startswith(place) and word in p.err, "a wrong recording is refused with its line", f"{octets[-120:]!r}: {said(p)}")
    # A path that cannot be reached and doors that lead nowhere are a run like another.
    p = replay(first + b'{"t":5,"connect":1,"door":1,"to":"203.0.113.99","port":25}\n{"t":6,"connect":3,"door":600,"to":"192.0.2.99","port":9}\n', "--format", "jsonl")
    report.check(p.returncode == 0, "connections to nowhere run", said(p))
    # ---- wrong in any place: never a crash, never silence ----
    dice = random.Random(7)
    for turn in range(120):
        octets = bytearray(recording)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(octets))
            what = dice.randrange(4)
            if what == 0:
                octets[at] = dice.randrange(256)
            elif what == 1:
                del octets[at:at + dice.randrange(1, 30)]
            elif what == 2:
                octets[at:at] = octets[dice.randrange(len(octets)):][:dice.randrange(1, 30)]
            else:
                a, b = sorted(dice.sample(range(1, len(lines)), 2))
                octets = bytearray(b"".join(lines[:a] + [lines[b]] + lines[a:]))
        p = replay(bytes(octets), "--level", "phase")
        report.check(p.returncode in (0, 1) or (p.returncode == 2 and p.err.startswith("mailwalk: ")), "a meddled recording does no harm", f"{turn}: {said(p)}")


with world.World() as place:
    place.stop()
    options(place.folder)
    life()
    captures()
    full_disk(place.folder)
    rewritten(place.folder)
    replays(place.folder)
report.end()
