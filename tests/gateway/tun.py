"""`mailwalk serve --tun` and a real kernel. Runs inside a network namespace of its own, as root."""
import base64
import hashlib
import json
import os
import random
import re
import shutil
import smtplib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
MAIL, MAIL6, NS, NS6 = "198.51.100.25", "2001:db8:c::25", "198.51.100.53", "2001:db8:c::53"
KERNEL, KERNEL6 = "198.18.0.2", "2001:db8:ffff::2"
LOSSY = '/links/street/faults=[{"fault":"loss","chance":"0.1%"},{"fault":"reorder","chance":"0.1%","extra":"300us"}]'
BIG = 100_000_000 // world.SLOW


def run(*args, timeout=30, **kw):
    p = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout * world.SLOW, **kw)
    p.out, p.err = p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")
    return p


def said(p):
    return f"{p.args}: exit {p.returncode}, out {p.out[-300:]!r}, err {p.err[-300:]!r}"


def have(program):
    if shutil.which(program):
        return True
    print(f"{program} is not installed: left out")
    return False


class TunWorld(world.World):
    """A served world with the door open. `commands`: the device is set up by what serve says, not by serve."""

    def __init__(self, *options, record=False, commands=False):
        self.tun, self.commands = None, commands
        super().__init__("mail-world", "--tun", "mwtest", *([] if commands else ["--tun-up"]), *options, record=record)

    def __enter__(self):
        super().__enter__()
        self.tun = next((said for said in self.others if "tun" in said), None)
        report.check(self.tun and self.tun["configured"] != self.commands, "the door is announced", self.tun)
        for command in self.tun["commands"] if self.commands else []:
            p = run(*command.split())
            report.check(p.returncode == 0 and not p.err, "a command that serve names works", said(p))
        return self


# ---- what is wrong -------------------------------------------------------------------------------------------


def options():
    mailwalk = [world.MAILWALK, "serve", "mail-world", "--duration", "1ms", "--port-base", "40000"]
    run("ip", "link", "add", "mwdummy", "type", "bridge")
    wrong = [(2, ["--tun"], "needs a value"), (2, ["--tun", ""], "1 to 15"), (2, ["--tun", "a" * 16], "1 to 15"), (2, ["--tun", "a/b"], "slash"),
             (2, ["--tun", "mw%d"], "percent"), (2, ["--tun-up"], "--tun NAME"), (2, ["--tun-link", "com"], "--tun NAME"),
             (2, ["--tun", "mwtest", "--tun-address", "198.18.0.2"], "198.18.0.2/30"), (2, ["--tun", "mwtest", "--tun-address", "198.18.0.2/31"], "198.18.0.2/30"),
             (2, ["--tun", "mwtest", "--tun-address", "198.18.0.3/30"], "198.18.0.2/30"), (2, ["--tun", "mwtest", "--tun-address", "fe80::1/64"], "2001:db8"),
             (2, ["--tun", "mwtest", "--tun-address", "127.0.0.2/8"], "198.18.0.2/30"), (2, ["--tun", "mwtest", "--tun-address", "198.51.100.9/24"], "com"),
             (2, ["--tun", "mwtest", "--tun-link", "nowhere"], "nowhere"), (3, ["--tun", "lo"], "no TUN device")]
    for status, args, word in wrong:
        p = run(*mailwalk, *args)
        report.check(p.returncode == status and not p.out and p.err.startswith("mailwalk: ") and word in p.err, f"what is wrong is told, exit {status}", said(p))
    if shutil.which("setpriv"):
        p = run("setpriv", "--bounding-set=-all", "--inh-caps=-all", *mailwalk, "--tun", "mwtest")
        report.check(p.returncode == 3 and "no permission" in p.err, "no permission is told, exit 3", said(p))
    p = run("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh", *mailwalk, "--tun", "mwtest")
    report.check(p.returncode == 3 and "/dev/net/tun" in p.err, "a machine without TUN devices is told, exit 3", said(p))


# ---- what a kernel can do ------------------------------------------------------------------------------------


def pings():
    if not have("ping"):
        return
    for address in (MAIL, MAIL6, "203.0.113.25"):
        p = run("ping", "-n", "-c", "3", "-i", "0.1", address)
        report.check(p.returncode == 0 and "3 received" in p.out, "ping is answered", said(p))
    report.check("ttl=62" in run("ping", "-n", "-c", "1", MAIL).out, "two routers take one off the TTL each")
    p = run("ping", "-n", "-c", "1", "-t", "1", MAIL)
    report.check("From 198.18.0.1" in p.out and "exceeded" in p.out, "TTL 1 ends at the door", said(p))
    p = run("ping", "-n", "-c", "1", "-t", "2", MAIL6)
    report.check("From 2001:db8:5::1" in p.out and "exceeded" in p.out, "TTL 2 ends at the next router", said(p))
    p = run("ping", "-n", "-c", "1", "-W", "6", "198.51.100.77")
    report.check("From 198.51.100.1" in p.out or "From 192.0.2.1" in p.out, "the last router says that nobody has an address", said(p))
    report.check(run("ping", "-n", "-c", "1", "-s", "1472", "-M", "do", MAIL).returncode == 0, "the largest packet passes")
    report.check(run("ping", "-n", "-c", "1", "-s", "1473", "-W", "1", MAIL).returncode == 1, "fragments do not: they are dropped")


def names():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2 * world.SLOW)
    s.connect((MAIL, 9))
    heard = None
    for _ in range(5):  # the link may lose a question or its answer
        try:
            s.send(b"anybody?")
            heard = s.recv(10)
        except TimeoutError:
            continue
        except ConnectionRefusedError:
            heard = "refused"
        break
    report.check(heard == "refused", "a closed UDP port is told by ICMP", heard)
    if not have("dig"):
        return
    for server in (NS, NS6):
        for how in ("+notcp", "+tcp"):
            p = run("dig", "@" + server, "example.com", "mx", "+short", how)
            report.check(p.out == "10 mail.example.com.\n", "dig is answered by the server's own address", said(p))
    p = run("dig", "@198.51.100.253", "mx.example.org", "aaaa", "+short")
    report.check(p.out == "2001:db8:d::25\n", "the resolver asks the root for us", said(p))
    report.check("NXDOMAIN" in run("dig", "@" + NS, "nowhere.example.com").out, "a name that is not there is NXDOMAIN")


def submit(w, host, text, to="bob@example.com"):
    """A letter by port 587; the certificate is good for the server's address."""
    s = smtplib.SMTP(host, 587, local_hostname="kernel.example.net", timeout=20 * world.SLOW)
    s.starttls(context=w.context())
    s.login("alice", "wonderland")
    s.sendmail("alice@example.com", to, text)
    s.quit()


def letters(w):
    before = len(w.letters("bob"))
    submit(w, MAIL, world.awkward(1))
    submit(w, MAIL6, world.awkward(2))
    got = w.wait_for("bob", before + 2)[before:]
    report.check([world.body(g) for g in got] == [world.body(world.awkward(n)) for n in (1, 2)], "letters arrive as they were, by IPv4 and IPv6", got)
    report.check(all(f"[{a}]".encode() in g or f"IPv6:{a}".encode() in g for g, a in zip(got, (KERNEL, KERNEL6))), "the server saw the kernel's own address", got)
    if have("curl"):
        secure = ["--ssl-reqd", "--cacert", w.ca]
        path = os.path.join(w.folder, "letter.eml")
        with open(path, "wb") as f:
            f.write(world.awkward(3))
        p = run("curl", "-sS", *secure, f"smtp://{MAIL}:587", "-u", "alice:wonderland", "--mail-from", "alice@example.com", "--mail-rcpt", "bob@example.com", "-T", path)
        report.check(p.returncode == 0, "curl sends to the server's own address", said(p))
        w.wait_for("bob", before + 3)
        p = run("curl", "-sS", *secure, f"imap://[{MAIL6}]/INBOX;MAILINDEX={before + 3}", "-u", "bob:builder")
        report.check(p.stdout.endswith(world.body(world.awkward(3))), "curl reads it there by IMAP", said(p))


def strange_ends():
    """Refused, reset in the middle, half-closed: the next client is served all the same."""
    try:
        socket.create_connection((MAIL, 4711), 10 * world.SLOW)
        report.check(False, "a closed port refuses at once")
    except ConnectionRefusedError:
        report.check(True, "a closed port refuses at once")
    for _ in range(5):
        s = socket.create_connection((MAIL, 25), 10 * world.SLOW)
        s.recv(1000)
        s.sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n" + b"half a message\r\n" * 500)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    s = socket.create_connection((MAIL, 25), 10 * world.SLOW)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 60)
    s.recv(1000)
    time.sleep(3.5)  # of three probes, how many have no answer?
    unanswered, end = lambda: s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[3], time.monotonic() + 10 * world.SLOW
    while unanswered() > 1 and time.monotonic() < end:
        time.sleep(0.05)
    report.check(unanswered() <= 1, "keep-alive is answered", unanswered())
    s.sendall(b"NOOP\r\nQUIT\r\n")
    s.shutdown(socket.SHUT_WR)
    rest = b""
    while piece := s.recv(1000):
        rest += piece
    report.check(b"\r\n221 " in rest and rest.startswith(b"250 "), "what a half-closed client asked is answered", rest)


def listen(family, address, got, port=2525):
    """A mail server of the kernel's side, in the smallest, and its port."""
    for _ in range(100):  # an IPv6 address is tentative for a moment
        try:
            s = socket.create_server((address, port), family=family)
            break
        except OSError:
            time.sleep(0.1)
    s.settimeout(30 * world.SLOW)
    port = s.getsockname()[1]

    def serve():
        c, peer = s.accept()
        f = c.makefile("rwb")

        def reply(text):
            f.write(text + b"\r\n")
            f.flush()
        reply(b"220 kernel.example.net ESMTP")
        while line := f.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                reply(b"354 go on")
                text = b""
                while (line := f.readline()) not in (b".\r\n", b""):
                    text += line[1:] if line.startswith(b".") else line
                got.append((peer[0], text))
                reply(b"250 2.0.0 thank you")
            elif verb == b"QUIT":
                reply(b"221 2.0.0 bye")
                break
            else:
                reply(b"250 kernel.example.net" if verb == b"EHLO" else b"250 2.0.0 fine")
        f.close()
        c.close()
        s.close()
    t = threading.Thread(target=serve, daemon=True)
    t.start()
    return t, port


def outward():
    """A virtual server connects to a real one."""
    for family, address, own in ((socket.AF_INET, KERNEL, MAIL), (socket.AF_INET6, KERNEL6, MAIL6)):
        got = []
        with TunWorld("--set", f"/hosts/mail/mta/relayhost={address}", "--set", "/hosts/mail/mta/relay_port=2525", record=True) as w:
            server, _ = listen(family, address, got)
            submit(w, MAIL, world.awkward(4), "dave@example.org")
            server.join(30 * world.SLOW)
            report.check(len(got) == 1 and got[0][0] == own and world.body(got[0][1]) == world.body(world.awkward(4)), "a virtual server brings a letter to a real one", got)
            report.check(w.stop() == 0, "serve ends well", w.errors)
            p, last = w.replay()
            replies = [r for r in map(json.loads, p.stdout.splitlines()[:-1]) if r.get("host") == "kernel" and r.get("kind") == "reply" and r.get("proto") == "smtp"]
            report.check(last["same"] and [(r["code"], r["attrs"]["heard"]) for r in replies[:2]] == [(220, "yes"), (250, "yes")],
                         "what the real server replies is told", replies[:3])


def together():
    """The door, an exit and the control socket at once: a letter comes in from the kernel and leaves to a real server."""
    got = []
    server, port = listen(socket.AF_INET, "127.0.0.1", got, 0)
    with tempfile.TemporaryDirectory() as folder, \
            TunWorld("--forward", f"example.net=127.0.0.1:{port}", "--control", folder + "/control.sock", record=True) as w:
        c = world.Control(folder + "/control.sock", report)
        c.do("refuse", match="bob@example.com", code=450, status="4.2.1")
        try:
            submit(w, MAIL, world.awkward(6))
            report.check(False, "the control socket has the server refuse what the kernel brings")
        except smtplib.SMTPRecipientsRefused as e:
            report.check(e.recipients["bob@example.com"][0] == 450, "the control socket has the server refuse what the kernel brings", e.recipients)
        c.do("clear", what="all")
        s = smtplib.SMTP(MAIL, 25, local_hostname="kernel.example.net", timeout=20 * world.SLOW)
        s.ehlo()
        (mine,) = [x for x in c.do("sessions")["sessions"] if x["role"] == "server" and x["port"] == 25]
        report.check(mine["peer"] == "kernel", "sessions: the kernel", mine)
        lines = [(x["dir"], x["text"]) for x in c.do("transcript", conn=mine["conn"])["lines"]]
        report.check(lines[:2] == [("S", lines[0][1]), ("C", "ehlo kernel.example.net")], "transcript: what it says", lines)
        c.do("lag", link="tun", by="200ms")
        start = time.monotonic()
        s.noop()
        report.check(time.monotonic() - start >= 0.4, "lag: the door's link is a link", time.monotonic() - start)
        c.do("clear", what="all")
        s.quit()
        submit(w, MAIL, world.awkward(6), "erin@example.net")
        server.join(30 * world.SLOW)
        report.check([world.body(text) for _, text in got] == [world.body(world.awkward(6))], "a letter from the kernel leaves by an exit", got)
        c.close()
        report.check(w.stop() == 0 and not w.errors, "serve ends well", w.errors)
        again, last = w.replay()
        report.check(again.returncode == 0 and last and last["same"] and last["hash"] == w.done["hash"], "all of it has its hash again", (last, again.stderr))


def gone():
    """Somebody deletes the device: nobody can come in any more, so serve ends, and says why."""
    with TunWorld(record=True) as w:
        submit(w, MAIL, world.awkward(7))
        p = run("ip", "link", "del", "mwtest")
        report.check(p.returncode == 0, "the device can be deleted", said(p))
        status = w.process.wait(30 * world.SLOW)
        w.stop()
        report.check(status == 3 and "--tun mwtest: the device has gone" in w.errors and w.done, "a device that has gone is told, exit 3", (status, w.errors, w.done))
        again, last = w.replay()
        report.check(again.returncode == 0 and last and last["same"] and last["hash"] == w.done["hash"], "the recording is whole", (last, again.stderr))


# ---- sessions ------------------------------------------------------------------------------------------------


def session(*options, commands=False, hurried=False):
    with TunWorld("--set", "/hosts/mail/mta/size_max=10MB", *options, record=True, commands=commands) as w:
        capture = os.path.join(w.folder, "x.pcapng")
        if not hurried:
            pings()
            strange_ends()
        names()
        letters(w)
        report.check(w.stop() == 0 and not w.errors, "serve ends well, without a complaint", w.errors)
        again, last = w.replay("--pcapng", capture)
        report.check(again.returncode == 0 and last and last["same"] and last["hash"] == w.done["hash"], "the replay has the session's hash", (last, w.done, again.stderr))
        if shutil.which("tshark"):
            p = run("tshark", "-r", capture, "-Y", f"ip.src=={KERNEL} && tcp", "-T", "fields", "-e", "tcp.checksum.status", "-o", "tcp.check_checksum:TRUE", timeout=60)
            sums = p.out.split()
            report.check(len(sums) > 20 and set(sums) == {"1"}, "the capture has the kernel's segments, their checksums good", (len(sums), set(sums), p.err))
            p = run("tshark", "-r", capture, "-Y", "_ws.malformed", timeout=60)
            report.check(not p.out, "nothing in it is malformed", p.out[:500])


def narrated():
    """The kernel has a name in the trace."""
    with TunWorld(record=True) as w:
        submit(w, MAIL, world.awkward(5))
        w.stop()
        p, _ = w.replay("--level", "packet")
        sent = [json.loads(line) for line in p.stdout.splitlines() if b'"kind":"sent"' in line and b'"host":"kernel"' in line]
        segments = [r for r in sent if r.get("proto") == "tcp" or r.get("proto") == "smtp"]
        report.check(len(segments) > 5 and all(r["link"] == "tun" and r["peer"] == "mail" for r in segments), "the kernel is a host of the trace", sent[:3])
        lines = [r for r in map(json.loads, p.stdout.splitlines()) if r.get("host") == "kernel" and r.get("kind") in ("command", "content")]
        texts = [(r["text"].upper(), r["attrs"].get("sealed", "no")) for r in lines]
        report.check(("EHLO KERNEL.EXAMPLE.NET", "no") in texts and any(t.startswith("MAIL FROM:<ALICE@") and s == "yes" for t, s in texts) and
                     (".", "yes") in texts and any(r["proto"] == "tls" and r["text"].startswith("ClientHello") for r in lines), "what a real client says is told, inside TLS too", texts[:20])
        report.check(all(r["attrs"]["heard"] == "yes" and r["peer"] == "mail" and r["dir"] == "C" for r in lines), "as heard by the server", lines[:3])
        # A kernel still says goodbye to the world before, whose addresses were the same: only what has its SYN here counts.
        flow = lambda r: r["text"].split(" [")[0]
        opened = {flow(r) for r in segments if "[SYN]" in r["text"]}
        report.check(len(opened) == 1, "it opens one connection", opened)
        numbers = [r.get("conn") for r in segments if flow(r) in opened]
        for _ in range(2):  # what the kernel sends when the other end has forgotten the connection: a last ACK, an RST
            if numbers and numbers[-1] is None:
                numbers.pop()
        report.check(len(set(numbers)) == 1 and None not in numbers, "its segments belong to a connection", numbers)


# ---- much --------------------------------------------------------------------------------------------------------


def netem():
    """Loss and reordering by the kernel itself, where it can."""
    p = run("tc", "qdisc", "add", "dev", "mwtest", "root", "netem", "delay", "1ms", "loss", "0.1%", "reorder", "99.9%") if shutil.which("tc") else None
    if p and p.returncode == 0:
        print("loss and reordering: tc netem and the simulated link")
    else:
        print("loss and reordering: the simulated link's; no tc netem here:", p.err.strip() if p else "tc is not installed")


def bring_in(text):
    s = smtplib.SMTP(MAIL, 25, local_hostname="kernel.example.net", timeout=120 * world.SLOW)
    s.ehlo()
    s.mail("eve@example.net")
    s.rcpt("bob@example.com")
    s.putcmd(f"BDAT {len(text)} LAST")
    s.sock.sendall(text)
    code, words = s.getreply()
    s.quit()
    return code, words


def take_out(w):
    """The message by IMAP, read after a pause: both windows fill."""
    m = w.imap("bob", address=MAIL)
    m.select("INBOX", readonly=True)
    m.send(b"x1 FETCH 1 BODY.PEEK[]\r\n")
    time.sleep(1.5)
    line = m.readline()
    count = int(re.search(rb"\{(\d+)\}", line).group(1))
    pieces = []
    while count > 0:
        pieces.append(m.read(min(count, 1 << 20)))
        count -= len(pieces[-1])
        if not pieces[-1]:
            break
    m.shutdown()
    return b"".join(pieces)


def much():
    body = base64.encodebytes(random.Random(3).randbytes(BIG * 19 // 26 // 3 * 3)).replace(b"\n", b"\r\n")
    body += b"x" * (BIG - len(body) - 2) + b"\r\n"
    want = hashlib.sha256(body).hexdigest()
    with TunWorld("--set", "/hosts/mail/mta/size_max=1000MB", "--set", LOSSY) as w:
        netem()
        start = time.monotonic()
        code, words = bring_in(b"Subject: much\r\n\r\n" + body)
        middle = time.monotonic()
        report.check(code == 250, f"{len(body)} octets go in", (code, words))
        got = world.body(take_out(w))
        end = time.monotonic()
        report.check(hashlib.sha256(got).hexdigest() == want, f"{len(body)} octets come out as they went in", (len(got), len(body)))
        print(f"{len(body)} octets: in {middle - start:.1f} s, out {end - middle:.1f} s")
        report.check(w.stop() == 0, "serve ends well", w.errors)


def main():
    run("ip", "link", "set", "lo", "up")
    if sys.argv[1] == "much":
        much()
    else:
        options()
        session(commands=True)
        session("--set", LOSSY, hurried=True)
        narrated()
        outward()
        together()
        gone()
    report.end()


main()
