"""The command line: what goes to which stream, exit statuses, hostile files, full disks, narrow and plain terminals."""
import glob
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import unicodedata

import trace

report = trace.Report()
SLOW = 8 if "san" in os.path.basename(os.environ.get("BUILD", "")) else 1


def run(*args, stdout=subprocess.PIPE, env=None, **kw):
    began = time.monotonic()
    p = subprocess.run([trace.MAILWALK, *args], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, timeout=60 * SLOW,
                       env=None if env is None else {**os.environ, **env}, **kw)
    p.seconds = time.monotonic() - began
    p.out, p.err = (p.stdout or b"").decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")
    return p


def said(p):
    return f"{p.args[1:]}: exit {p.returncode}, out {p.out[:120]!r}, err {p.err[:300]!r}"


def streams_and_usage():
    p = run()
    report.check(p.returncode == 2 and not p.out and p.err.startswith("usage: mailwalk"), "without arguments and terminal: usage on stderr, exit 2", said(p))
    for args in (["help"], ["--help"]):
        p = run(*args)
        report.check(p.returncode == 0 and p.out.startswith("usage: mailwalk") and not p.err, "help that was asked for is on stdout", said(p))
        report.check(all(len(x) <= 80 for x in p.out.splitlines()), "help fits 80 columns", said(p))
    wrong = [(["bogus"], "bogus"), (["run"], "scenario"), (["run", "no-such-lesson"], "no-such-lesson"), (["run", "first-message", "--bogus", "x"], "--bogus"),
             (["run", "first-message", "--level", "bit"], "bit"), (["run", "first-message", "--level=bit"], "bit"), (["run", "first-message", "--level"], "--level"),
             (["run", "first-message", "--format", "xml"], "xml"), (["run", "first-message", "--seed", "one"], "seed"), (["run", "first-message", "--seed", "-1"], "seed"),
             (["run", "first-message", "--seed", "99999999999999999999999"], "seed"), (["run", "first-message", "--until", "soon"], "until"),
             (["run", "first-message", "--until", "-5s"], "until"), (["run", "first-message", "--set"], "--set"), (["run", "first-message", "mx-down"], "mx-down"),
             (["run", ""], ""), (["run", "/"], "/"), (["run", "/nowhere/x.json"], "/nowhere/x.json"), (["list", "x"], "x"), (["check"], "check"),
             (["check", "/nowhere/x.json"], "/nowhere/x.json"), (["explain"], "explain"), (["--version", "x"], "x"), (["-x"], "-x")]
    for args, word in wrong:
        p = run(*args)
        report.check(p.returncode == 2 and not p.out and p.err.startswith("mailwalk: ") and word in p.err and p.err.endswith("\n"),
                     "bad usage is told on stderr with exit 2", said(p))
    for command in (["run", "first-message"], ["serve", "mail-world"], ["play", "first-message"], ["bench"]):
        for args in (["--bogus"], ["--bogus", "x"], ["--bogus=x"]):
            p = run(*command, *args)
            report.check(p.returncode == 2 and not p.out and "unknown option" in p.err and "--bogus" in p.err and "needs a value" not in p.err,
                         "an unknown option is called unknown", said(p))
    for command, option in (("run", "--level"), ("run", "--pcap"), ("serve", "--map"), ("serve", "--speed"), ("serve", "--record"), ("play", "--theme"), ("play", "--set")):
        p = run(command, "mail-world", option)
        report.check(p.returncode == 2 and not p.out and option in p.err and "needs a value" in p.err, "an option at the end lacks its value", said(p))
    p = run("--version")
    report.check(p.returncode == 0 and re.fullmatch(r"mailwalk \d+\.\d+\.\d+\n", p.out), "--version", said(p))
    p = run("run", "first-message", "--until", "500ms")
    report.check(p.returncode == 1 and p.out and not p.err, "an expectation that is not met is exit 1", said(p))
    p = run("run", "first-message", "--until=500ms", "--format=jsonl")
    report.check(p.returncode == 1 and p.out.startswith('{"seq":0,'), "--option=value", said(p))
    p = run("run", "--seed", "5", "first-message", "--format", "jsonl")
    report.check(p.returncode == 0 and json.loads(p.out.splitlines()[0])["seed"] == 5, "options may stand before the scenario; the seed is used", said(p))


def levels(names):
    """phase says less than line, line less than packet; jsonl has the fields of the design, in order."""
    for name in ["first-message", "no-such-user"]:
        sizes = [len(run("run", name, "--level", level).out) for level in ("phase", "line", "packet")]
        report.check(0 < sizes[0] < sizes[1] < sizes[2], "each level says more", f"{name} {sizes}")
        kept = {}
        for level, wanted in (("phase", {"phase", "state"}), ("line", {"phase", "line", "state"}), ("packet", {"phase", "line", "packet", "state"})):
            kept[level] = trace.parse(run("run", name, "--format", "jsonl", "--level", level).stdout)
            report.check({r["level"] for r in kept[level]} == wanted, "a level holds what is above it", f"{name} {level}")
        short = {json.dumps(r) for r in kept["line"]}
        report.check(short <= {json.dumps(r) for r in kept["packet"]}, "a record does not depend on who reads", name)
    for name in names:
        records, before = trace.parse(run("run", name, "--format", "jsonl", "--level", "packet").stdout), (-1, -1)
        seqs = {r["seq"] for r in records}
        for r in records:
            report.check({"seq", "cause", "t_ns", "level", "kind", "host"} <= set(r), "a record has its fields", f"{name} {r}")
            report.check(r["seq"] == before[0] + 1 and r["t_ns"] >= before[1], "seq counts, time does not run back", f"{name} {r['seq']}")
            report.check(r["cause"] == 0 or (r["cause"] < r["seq"] and r["cause"] in seqs), "a cause is before", f"{name} {r['seq']} {r['cause']}")
            before = r["seq"], r["t_ns"]
        phases = [r for r in records if r["kind"] == "phase"]
        report.check(3 <= len(phases) and all("title" in r for r in phases), "phases have titles", f"{name} {len(phases)}")
        report.check(all("lesson" in r or "step" not in r.get("attrs", {}) for r in phases), "what a mail program or server does has a lesson", name)


def catalogue(names):
    p = run("list")
    report.check(p.returncode == 0 and not p.err and all(len(x) <= 80 + 40 for x in p.out.splitlines()), "list", said(p))
    for block in re.split(r"(?m)^(?=\S)", p.out)[1:]:
        lines = block.splitlines()
        report.check(re.fullmatch(r"[a-z0-9-]+", lines[0]) and len(lines) >= 3 and all(x.startswith("    ") for x in lines[1:]),
                     "an entry has a name, a title and what it teaches", block)
    files = sorted(glob.glob("scenarios/*.json"))
    report.check(sorted(names) == sorted(os.path.basename(f)[:-5] for f in files), "the catalogue is the folder", f"{names}")
    p = run("check", *files)
    report.check(p.returncode == 0 and not p.err, "the files of the catalogue are right", said(p))
    a, b = run("run", "first-message", "--format", "jsonl"), run("run", "scenarios/first-message.json", "--format", "jsonl")
    report.check(a.out.splitlines()[1:] == b.out.splitlines()[1:] and a.out, "a lesson and its file are the same run", said(b))


def explanations():
    for words, section in ((["550 5.1.1"], "RFC"), (["550", "5.1.1"], "RFC"), (["RCPT"], "RFC 5321"), (["NXDOMAIN"], "RFC"), (["143"], "IMAP"),
                           (["STARTTLS"], "RFC 3207"), (["587"], "RFC"), (["25"], "SMTP"), (["MX"], "RFC"), (["rcpt"], "RFC 5321"), (["452"], "452"), (["DELE"], "RFC 1939")):
        p = run("explain", *words)
        report.check(p.returncode == 0 and section in p.out and not p.err and all(len(x) <= 80 for x in p.out.splitlines()), "explain", said(p))
    p = run("explain", "xyzzy")
    report.check(p.returncode == 2 and not p.out and "xyzzy" in p.err, "what nobody knows is exit 2", said(p))


def full_disks(folder):
    full = open("/dev/full", "wb")
    for args in (["run", "first-message"], ["run", "lossy-link", "--format", "jsonl", "--level", "packet"], ["run", "first-message", "--level", "phase"], ["list"],
                 ["explain", "RCPT"], ["--help"], ["--version"], ["check", "scenarios/first-message.json"]):
        p = run(*args, stdout=full)
        silent = args[0] == "check" and p.returncode == 0 and not run(*args).out  # says nothing when all is right
        report.check(silent or (p.returncode == 3 and p.err.startswith("mailwalk: ")), "a full disk is exit 3", said(p))
    for option in ("--pcap", "--pcapng"):
        for name in ("first-message", "lossy-link"):
            p = run("run", name, option, "/dev/full")
            report.check(p.returncode == 3 and "/dev/full" in p.err, "a full disk is exit 3", said(p))
        p = run("run", "first-message", option, folder + "/none/x")
        report.check(p.returncode == 3 and "/none/x" in p.err, "a file that cannot be made is exit 3", said(p))
        p = run("run", "first-message", option, folder)
        report.check(p.returncode == 3 and p.err, "a folder is no file: exit 3", said(p))
    for path in (folder + "/none/x", "/dev/null/x"):
        p = run("run", "first-message", "--logs", path)
        report.check(p.returncode == 3 and path in p.err, "logs that cannot be made: exit 3", said(p))
    p = run("run", "first-message", "--keylog", folder + "/none/x")
    report.check(p.returncode == 3 and p.err, "a key log that cannot be made: exit 3", said(p))
    # stdout closed: the file that is opened next must not become it.
    pcap = os.path.join(folder, "closed.pcap")
    p = subprocess.run(["sh", "-c", '"$0" run first-message --pcap "$1" >&-', trace.MAILWALK, pcap], stderr=subprocess.PIPE, timeout=60 * SLOW)
    report.check(p.returncode == 3, "closed stdout is exit 3", f"{p.returncode} {p.stderr}")
    try:
        frames = len(trace.read_pcap(pcap)) if os.path.exists(pcap) and os.path.getsize(pcap) else 0
    except Exception as error:  # what is in the file is not a pcap
        frames = repr(error)
    report.check(isinstance(frames, int), "with stdout closed the narration does not get into the pcap", frames)
    p = subprocess.run(["sh", "-c", '"$0" run first-message --format jsonl >&- 2>&-', trace.MAILWALK], timeout=60 * SLOW)
    report.check(p.returncode == 3, "closed stdout and stderr: exit 3", p.returncode)
    p = subprocess.run(["sh", "-c", '"$0" list >&-', trace.MAILWALK], stderr=subprocess.PIPE, timeout=60 * SLOW)
    report.check(p.returncode == 3, "closed stdout is exit 3", f"list: {p.returncode} {p.stderr}")
    # A reader that goes away.
    p = subprocess.Popen([trace.MAILWALK, "run", "lossy-link", "--format", "jsonl", "--level", "packet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.readline()
    p.stdout.close()
    p.stderr.close()
    report.check(p.wait(60 * SLOW) in (3, -signal.SIGPIPE), "a reader that goes away ends the run", p.returncode)


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def narration(names, folder):
    for name in names:
        for env in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}):
            for level in ("phase", "line", "packet"):
                p = run("run", name, "--level", level, env=env)
                wide = [x for x in p.out.splitlines() if width(x) > 80]
                report.check(p.out and not wide, "no line is wider than 80 columns", f"{name} {level} {env} {wide[:2]}")
                report.check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", p.out), "no control character on stdout", f"{name} {level}")
                report.check(not re.search(r"[ \t]$", p.out, re.M), "no space at the end of a line", f"{name} {level}")
    # Colours: only on a terminal that wants them.
    def on_terminal(**env):
        master, slave = pty.openpty()
        keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        p = subprocess.Popen([trace.MAILWALK, "run", "no-such-user", "--level", "phase"], stdin=slave, stdout=slave, stderr=slave, env={**keep, **env})
        os.close(slave)
        got = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
        os.close(master)
        return p.wait(60 * SLOW), got
    status, coloured = on_terminal(TERM="xterm-256color", LC_ALL="C.UTF-8")
    for env in ({"TERM": "xterm-256color", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
        status, got = on_terminal(LC_ALL="C.UTF-8", **env)
        report.check(status == 0 and b"\x1b" not in got and got, "no colour where it is not wanted", f"{env} {status} {got[:80]!r}")
    status, got = on_terminal(TERM="vt100", LC_ALL="C")
    report.check(status == 0 and got.isascii(), "a terminal of the C locale gets ASCII", status)
    report.check(coloured and b"\x1b" not in run("run", "no-such-user", "--level", "phase", env={"TERM": "xterm-256color"}).stdout,
                 "no colour in a pipe", coloured[:60])
    # What a stranger writes does not move the cursor, in no output.
    evil = b"\x1b[2J\x1b]0;gotcha\x07 \xc2\x9b31m \xe2\x80\xae RLO \r"
    with open(os.path.join(folder, "evil.eml"), "wb") as f:
        f.write(b"From: alice@example.com\r\nTo: bob@example.org\r\nSubject: " + evil.replace(b"\r", b"") + b"\r\n\r\n" + evil.replace(b"\r", b"") + b"\r\n")
    scenario = json.load(open("scenarios/first-message.json"))
    scenario["messages"]["lunch"] = {"to": "bob@example.org", "eml": "evil.eml"}
    path = os.path.join(folder, "evil.json")
    json.dump(scenario, open(path, "w"))
    logs = os.path.join(folder, "evil-logs")
    for args in (["--level", "packet"], ["--format", "jsonl", "--level", "packet"], ["--level", "packet", "--logs", logs]):
        p = run("run", path, *args)
        report.check(p.returncode in (0, 1), "a message with control characters runs", said(p))
        report.check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", p.out), "control characters of a message are escaped", f"{args}")
    report.check(os.path.isdir(logs) and not any(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", open(f, "rb").read()) for f in glob.glob(logs + "/*")), "nor in the logs")
    for args in (["run", "\x1b[2Jx"], ["explain", "\x1b[2Jx"], ["\x1b[2J"], ["run", "first-message", "--set", "/x\x1b[2J=\x1b[2J"],
                 ["run", "first-message", "--level", "\x1b[2J"], ["check", "\x1b[2J.json"], ["run", "first-message", "--pcap", "/none/\x1b[2J"]):
        p = run(*args)
        report.check(p.returncode in (2, 3) and "\x1b" not in p.err + p.out, "control characters of an argument are escaped", said(p))


def hostile(folder):
    good = open("scenarios/first-message.json", "rb").read()
    for extra in glob.glob("scenarios/*.png") + glob.glob("scenarios/*.eml"):
        shutil.copy(extra, folder)
    path = os.path.join(folder, "hostile.json")

    def refused(what, data, limit=1.0):
        with open(path, "wb") as f:
            f.write(data)
        for command in ("check", "run"):
            p = run(command, path)
            report.check(p.returncode == 2 and (command == "check" or not p.out) and re.search(r"hostile\.json(:\d+)?: ", p.err) and len(p.err) < 20000,
                         "a bad file is refused with exit 2 and its place", f"{what}: {said(p)}")
            report.check(p.seconds < limit * SLOW, "within a second", f"{what}: {p.seconds:.2f} s")
            report.check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", p.err), "and says so in plain text", what)

    with open(path, "wb") as f:
        f.write(good)
    p = run("check", path)
    report.check(p.returncode == 0, "the file as it is is right", said(p))
    refused("empty", b"")
    refused("spaces", b" " * 1000000)
    refused("100 MB of spaces", b" " * 100000000)
    refused("100 MB of a string", b'{"title":"' + b"x" * 100000000 + b'"}')
    refused("100 MB of brackets", b"[" * 100000000)
    refused("deep", b'{"hosts":' * 100000 + b"1" + b"}" * 100000)
    refused("deep arrays", b"[" * 1000000)
    refused("32 levels and one", b'{"title":' + b"[" * 33 + b"]" * 33 + b"}")
    refused("many values", b'{"title":"x","teaches":[' + b'"x",' * 2000000 + b'"x"]}')
    refused("many keys", b"{" + b",".join(b'"k%d":1' % i for i in range(300000)) + b"}")
    refused("a key twice", good.replace(b'"until": "5m",', b'"until": "5m", "until": "6m",', 1))
    refused("a host twice", good.replace(b'"root":     {', b'"tld": {', 1))
    refused("a key twice in escapes", good.replace(b'"until": "5m",', b'"until": "5m", "\\u0075ntil": "6m",', 1))
    refused("not UTF-8", good.replace(b"Lunch", b"L\xff\xfench", 1))
    refused("a NUL", good.replace(b"Lunch", b"L\0nch", 1))
    refused("a NUL in escapes", good.replace(b"Lunch", b"L\\u0000nch", 1))
    refused("half a surrogate", good.replace(b"Lunch", b"L\\ud800nch", 1))
    refused("UTF-16", good.decode().encode("utf-16"))
    refused("a comment", b"// hello\n" + good)
    refused("a comma too many", good.replace(b'"until": "5m",', b'"until": "5m",,', 1))
    refused("something behind", good + b"{}")
    refused("an array", b"[]")
    refused("a number", b"1e999999999")
    refused("a huge number", good.replace(b'"port": 587', b'"port": 1e308', 1))
    refused("a negative port", good.replace(b'"port": 587', b'"port": -1', 1))
    refused("half a port", good.replace(b'"port": 587', b'"port": 1.5', 1))
    refused("a wrong type", good.replace(b'"hosts": {', b'"hosts": [], "x": {', 1))
    refused("a file outside", good.replace(b'"map.png"', b'"../../../../etc/passwd"', 1))
    refused("an absolute file", good.replace(b'"map.png"', b'"/etc/passwd"', 1))
    refused("a file that is not there", good.replace(b'"map.png"', b'"none.png"', 1))
    refused("a device", good.replace(b'"map.png"', b'"zero"', 1)) if not os.symlink("/dev/zero", os.path.join(folder, "zero")) else None
    refused("an eternity", good.replace(b'"until": "5m"', b'"until": "999999999999d"', 1))
    for n in sorted({1, 2, 10, 100, *range(500, len(good) - 2, 617), len(good) - 3}):
        with open(path, "wb") as f:
            f.write(good[:n])
        p = run("check", path)
        report.check(p.returncode == 2 and p.err and p.seconds < SLOW, "a file that is cut off is refused", f"{n} octets: {said(p)}")
    for device in ("/dev/zero", folder, "/proc/self/mem"):
        p = run("check", device)
        report.check(p.returncode in (2, 3) and p.err and p.seconds < 2 * SLOW, "what is no file is refused", f"{device}: {said(p)}")
    # Changed octets: right, wrong or not met, but never a crash.
    chance = random.Random(1)
    for i in range(150):
        data = bytearray(good)
        for _ in range(chance.choice((1, 1, 3, 20))):
            at = chance.randrange(len(data))
            data[at:at + chance.choice((0, 1, 1, 5))] = bytes(chance.choice((chance.randrange(256), *b'{}[]",:0-\\')) for _ in range(chance.choice((0, 1, 1, 2))))
        with open(path, "wb") as f:
            f.write(data)
        p = run("run", path, "--until", "20s")
        report.check(p.returncode in (0, 1, 2), "a changed file does no harm", f"case {i}: {said(p)}")


with trace.scratch() as place:
    lessons = trace.catalogue()
    parts = {"streams_and_usage": [], "levels": [lessons], "catalogue": [lessons], "explanations": [], "full_disks": [place],
             "narration": [lessons, place], "hostile": [place]}
    for part in sys.argv[1:] or parts:
        globals()[part](*parts[part])
report.end()
