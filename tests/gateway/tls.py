"""`mailwalk serve` with TLS: the CA's certificate, the key log, a capture that opens by itself while it grows, and today's date."""
import base64
import json
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import time

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
MAIL = 'smtp.req.command matches "(?i)^mail"'
LETTER = b"From: alice@example.com\r\nSubject: sealed\r\n\r\nnobody on the way reads this\r\n"


def run(*args, **kw):
    p = subprocess.run([world.MAILWALK, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * world.SLOW, **kw)
    p.out, p.err = p.stdout.decode(), p.stderr.decode("utf-8", "replace")
    return p


def tshark(path, shown, *more):
    p = subprocess.run(["tshark", "-r", path, "-Y", shown, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * world.SLOW)
    report.check(p.returncode == 0 and b"cut short" not in p.stderr, "tshark opens it", p.stderr[-200:])
    return p.stdout.decode("utf-8", "replace")


def files(folder):
    ca, base = os.path.join(folder, "x.pem"), str(world.free_base())
    p = run("serve", "first-message", "--map", "0=mx:25", "--duration", "1s", "--ca-file", ca)
    report.check(p.returncode == 2 and "no service of first-message speaks TLS" in p.err and not os.path.exists(ca), "a world without TLS has no CA: exit 2", p.err)
    for option in ("--ca-file", "--keylog"):
        p = run("serve", "mail-world", "--port-base", base, "--duration", "1ms", option, folder + "/none/x")
        report.check(p.returncode == 3 and "/none/x" in p.err, "a file that cannot be made is exit 3", f"{p.returncode} {p.err}")
        if os.path.exists("/dev/full") and option == "--ca-file":
            p = run("serve", "mail-world", "--port-base", base, "--duration", "1ms", option, "/dev/full")
            report.check(p.returncode == 3 and "/dev/full" in p.err, "a full disk is exit 3", f"{p.returncode} {p.err}")
    texts = []
    for seed in ("1", "1", "2"):
        p = run("serve", "mail-world", "--port-base", base, "--duration", "1ms", "--ca-file", ca, "--seed", seed, "--set", "/start=2026-03-03T09:00:00Z")
        report.check(p.returncode == 0, "serve ends well", p.err)
        texts.append(open(ca).read())
    report.check(texts[0] == texts[1] and texts[0] != texts[2], "the CA follows from seed and start", texts)


def days(folder):
    """The calendar begins today; a replay begins on the recorded day; --set /start is obeyed."""
    with world.World("mail-world", record=True) as w:
        before = time.time()
        with w.smtp("alice") as s:
            end = ssl.cert_time_to_seconds(s.sock.getpeercert()["notAfter"])
            s.sendmail("alice@example.com", ["bob@example.com"], LETTER)
        report.check(abs(end - before - 60 * 86400) < 86400, "certificates are valid for two more months", end - before)
        day = time.strftime("%d %b %Y", time.gmtime(before)).lstrip("0").encode()
        letters = w.wait_for("bob", 1)
        report.check(letters and day in letters[0], "messages are dated today", letters)
        w.stop()
        header = [json.loads(x) for x in open(w.recording)][:2]
        report.check(header[1].get("set", "").startswith("/start=20"), "the recording says so", header)
        p, last = w.replay()
        report.check(p.returncode == 0 and last["same"], "a replay begins on the same day", last)
    with world.World("mail-world", "--set", "/start=2025-03-03T09:00:00Z") as w:
        try:
            w.smtp()
            report.check(False, "a world of 2025 has certificates of 2025", "")
        except ssl.SSLCertVerificationError as e:
            report.check("expired" in str(e), "a world of 2025 has certificates of 2025", e)
    for fault, why in (("expired", "expired"), ("not-yet-valid", "not yet valid"), ("self-signed", "self-signed"), ("unknown-ca", "unable to get local issuer"), ("wrong-name", "mismatch")):
        with world.World("mail-world", "--set", "/hosts/mail/certificate/fault=" + fault) as w:
            try:
                smtplib.SMTP_SSL("localhost", w.door(465), context=w.context(), timeout=20)
                report.check(False, "a certificate's fault is a real one", fault)
            except ssl.SSLCertVerificationError as e:
                report.check(why in str(e), "a certificate's fault is a real one", f"{fault}: {e}")


def live(folder):
    path, keys = os.path.join(folder, "live.pcapng"), os.path.join(folder, "keys")
    with world.World("mail-world", "--pcapng", path, "--keylog", keys, record=True) as w:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = w.context()
            context.maximum_version = version
            s = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20 * world.SLOW)
            s.starttls(context=context)
            s.login("alice", "wonderland")
            s.sendmail("alice@example.com", ["bob@example.com"], LETTER)
            time.sleep(0.2)
            got = tshark(path, "smtp", "-T", "fields", "-e", "smtp.req.command", "-e", "smtp.response.code", "-e", "tcp.stream")
            stream = got.splitlines()[-1].split("\t")[-1]
            said = [x.split("\t")[0] for x in got.splitlines() if x.split("\t")[-1] == stream]
            report.check([x[:4].upper() for x in said if x][:4] == ["EHLO", "STAR", "EHLO", "AUTH"] and "mail" in said and "data" in said,
                         "a live capture shows what is inside TLS while the session is open", f"{version} {said}")
            text = tshark(path, f"tcp.stream=={stream} && imf", "-T", "fields", "-e", "imf.subject")
            report.check("sealed" in text, "with the message", text)
            s.quit()
        stuck = smtplib.SMTP("127.0.0.1", w.port("submission"), timeout=20 * world.SLOW)
        stuck.ehlo()
        stuck.docmd("STARTTLS")  # and then says nothing: the capture goes on all the same
        w.letters("bob")
        time.sleep(2)
        report.check("EXAMINE" in tshark(path, "imap") or "SELECT" in tshark(path, "imap"), "beside a handshake that never ends too", tshark(path, "imap")[-300:])
        stuck.close()
        report.check(w.stop() == 0 and not w.errors, "serve ends cleanly, and stderr is empty", w.errors)
        lines = open(keys).read().split("\n")
        report.check(any(x.startswith("CLIENT_RANDOM ") for x in lines) and any(x.startswith("CLIENT_TRAFFIC_SECRET_0 ") for x in lines), "--keylog has both versions' lines", lines[:2])
        bare = os.path.join(folder, "bare.pcap")
        p, last = w.replay("--pcapng", os.path.join(folder, "again.pcapng"), "--keylog", keys + "2", "--pcap", bare)
        report.check(last["same"] and open(keys + "2").read() == open(keys).read(), "the replay has the same secrets", last)
        told = [json.loads(x) for x in p.stdout.splitlines()]
        said = [r for r in told if r.get("level") == "line" and r.get("dir") == "C" and str(r.get("host", "")).startswith("door-")]
        inside = [r for r in said if r.get("attrs", {}).get("sealed") == "yes" and r["proto"] == "smtp"]
        report.check(any(r["text"].startswith("ClientHello: for") or r["text"].startswith("ClientHello: names no server") for r in said), "the program's ClientHello is told", said[:9])
        report.check(any(r["text"].lower().startswith("mail from") for r in inside) and any("nobody on the way" in r["text"] for r in inside) and
                     all(r["attrs"]["heard"] == "yes" for r in inside), "what it says inside TLS is told, and that it is sealed", inside[:3])
        secret = base64.b64encode(b"\0alice\0wonderland")
        report.check(b"wonderland" not in p.stdout and secret not in p.stdout, "but for passwords", "")
        for name in (path, os.path.join(folder, "again.pcapng")):
            got = tshark(name, MAIL)
            report.check(got.lower().count("mail from") == 2, "the whole capture opens by itself", f"{name} {got}")
        report.check(tshark(bare, MAIL).strip() == "", "without the secrets nobody sees it", "")
        got = tshark(bare, MAIL, "-o", f"tls.keylog_file:{keys}")
        report.check(got.lower().count("mail from") == 2, "with the key log a plain pcap opens", got)


with world.World("mail-world") as probe:
    probe.stop()
os.makedirs(probe.folder, exist_ok=True)
files(probe.folder)
days(probe.folder)
if shutil.which("tshark"):
    live(probe.folder)
else:
    print("tshark is not installed: captures are not looked at")
report.end()
