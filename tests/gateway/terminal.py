"""Content full of escape sequences: whatever is printed on the way (serve's own lines, a narrated replay, errors about files) has no control octet but the line end,
and nothing of C1, no direction marks, no half characters."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
# ESC and CSI, title and clipboard, a bell, backspaces, NUL, DEL, C1 as octets and as UTF-8, right-to-left override, half a character.
EVIL = b"\x1b[2J\x1b]0;owned\x07\x1b]52;c;eA==\x1b\\\x08\x08\x08\x7f\x9b31m\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xc3\x0e\x0f\x1bc\xf0\x9f"
NUL_TOO = EVIL + b"\x00"
BAD = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f‪-‮⁦-⁩؜‎‏\ufeff]")


def clean(octets, claim):
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        report.check(False, f"{claim}: UTF-8", f"{error} {octets[max(0, error.start - 60):error.end + 20]!r}")
        return
    found = BAD.search(text)
    report.check(not found, f"{claim}: no control characters", found and repr(text[max(0, found.start() - 80):found.end() + 40]))


def talk(port, *pieces):
    s = socket.create_connection(("127.0.0.1", port), timeout=10 * world.SLOW)
    s.settimeout(0.3 * world.SLOW)
    for piece in pieces:
        try:
            s.sendall(piece)
            s.recv(65536)
        except OSError:
            pass
    s.close()


def visit(port):
    letter = (b"MAIL FROM:<x@example.net>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\nSubject: " + EVIL + b"\r\nFrom: \"" + EVIL + b"\" <x@example.net>\r\nMessage-ID: <" + EVIL + b">\r\nContent-Type: text/plain; name=\"" + EVIL + b"\"\r\n\r\n" + EVIL + b"\r\n" + EVIL * 20 + b"\r\n.\r\n")
    talk(port["smtp"], b"", b"EHLO " + EVIL + b"\r\n", NUL_TOO + b"\r\n", b"MAIL FROM:<" + EVIL + b"@x>\r\n", b"MAIL FROM:<x@example.net>\r\nRCPT TO:<" + EVIL + b"@example.com>\r\nRSET\r\n", letter, b"AUTH " + EVIL + b"\r\n", b"QUIT\r\n")
    talk(port["smtp"], EVIL * 3000 + b"\r\n")
    talk(port["submission"], b"EHLO x\r\nAUTH PLAIN " + EVIL + b"\r\n", b"AUTH LOGIN\r\n", EVIL + b"\r\n")
    talk(port["pop3"], b"USER " + EVIL + b"\r\n", b"PASS " + NUL_TOO + b"\r\n", b"APOP " + EVIL + b" x\r\n", b"USER alice\r\nPASS wonderland\r\n", b"RETR 1\r\n", b"UIDL\r\n")
    talk(port["imap"], EVIL + b" " + EVIL + b"\r\n", b"a LOGIN \"" + EVIL + b"\" x\r\n", b"b LOGIN alice wonderland\r\n", b"c CREATE \"" + EVIL + b"\"\r\n", b"d SELECT INBOX\r\n", b"e FETCH 1 (ENVELOPE BODYSTRUCTURE BODY[])\r\n",
         b"f SEARCH SUBJECT {%d+}\r\n" % len(EVIL) + EVIL + b"\r\n", b"g STORE 1 +FLAGS (" + EVIL + b")\r\n", b"h ID (\"name\" {%d+}\r\n" % len(EVIL) + EVIL + b")\r\n", b"i APPEND INBOX {%d+}\r\n" % len(EVIL) + EVIL + b"\r\n")


def serve(folder):
    recording = os.path.join(folder, "r.jsonl")
    base = world.free_base()
    err = open(os.path.join(folder, "err"), "w+b")
    p = subprocess.Popen([world.MAILWALK, "serve", "tests/interop/plain.json", "--port-base", str(base), "--record", recording], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
    out = b""
    while b"Ctrl-C" not in out:
        piece = os.read(p.stdout.fileno(), 65536)
        if not piece:
            raise SystemExit(f"serve ended: {open(err.name).read()}")
        out += piece
    visit({"smtp": base + 25, "submission": base + 587, "pop3": base + 110, "imap": base + 143})
    time.sleep(0.2)
    p.send_signal(signal.SIGTERM)
    out += p.communicate(timeout=30 * world.SLOW)[0]
    report.check(p.returncode == 0 and b"comes in" in out, "the visits are told", out[-300:])
    clean(out, "what serve prints")
    clean(open(err.name, "rb").read(), "what serve says on stderr")
    return recording


def replays(recording):
    for level in ("phase", "line", "packet"):
        for form in ("text", "jsonl"):
            p = subprocess.run([world.MAILWALK, "run", "--replay", recording, "--level", level, "--format", form], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * world.SLOW)
            report.check(p.returncode == 0 and len(p.stdout) > 100, "the replay runs", p.stderr[-300:])
            clean(p.stdout, f"a replay, {level}, {form}")
            if form == "jsonl":
                report.check(all(json.loads(x) is not None for x in p.stdout.splitlines()), "each line is JSON", level)
    logs = recording + ".logs"
    p = subprocess.run([world.MAILWALK, "run", "--replay", recording, "--level", "phase", "--logs", logs], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * world.SLOW)
    report.check(p.returncode == 0 and os.listdir(logs), "the logs are written", p.stderr)
    for name in os.listdir(logs):
        clean(open(os.path.join(logs, name), "rb").read(), f"the log {name}")


def errors(folder):
    """Names and files that somebody else has chosen, in error messages."""
    evil = EVIL.replace(b"/", b"")
    path = os.path.join(folder.encode(), evil)
    with open(path, "wb") as f:
        f.write(b'{ "title": "' + EVIL + b'", "hosts": { "' + EVIL.replace(b"\\", b"") + b'": 7 }, "' + EVIL.replace(b"\\", b"") + b'": 1 }\n')
    quoted = os.path.join(folder, "quoted.json")
    with open(quoted, "w") as f:
        json.dump({"title": "\x1b[2J\u009b\u202e", "summary": "\x1b]0;x\x07", "until": "\x1b[2J", "hosts": {"\x1b[31m": {"fqdn": "\x07\u009b"}}, "\x1b[5m": 1}, f)
    for args in ([b"run", path], [b"check", path], [b"check", quoted.encode()], [b"run", quoted.encode()], [b"run", evil], [b"explain", evil], [b"serve", evil], [b"serve", path], [b"run", b"first-message", b"--set", b"/" + evil + b"=1"], [b"run", b"first-message", b"--until", evil],
                 [b"run", b"--replay", path], [b"--" + evil], [evil], [b"serve", b"mail-world", b"--map", evil], [b"serve", b"mail-world", b"--listen", evil], [b"run", b"first-message", b"--pcap", os.path.join(folder.encode(), b"none", evil)]):
        p = subprocess.run([world.MAILWALK.encode(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW)
        report.check(p.returncode in (1, 2, 3), "nonsense is refused", f"{args} {p.returncode}")
        clean(p.stdout + p.stderr, f"{args[:2]}")


with tempfile.TemporaryDirectory(prefix="mailwalk-terminal-") as folder:
    replays(serve(folder))
    errors(folder)
report.end()
