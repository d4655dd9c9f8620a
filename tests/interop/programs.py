"""One mail program against the virtual servers: curl, swaks, msmtp, mutt, mbsync, fetchmail or dig. Argument: its name."""
import email
import os
import re
import sys

import world

report = world.Report()
HEADER = b"From: Alice <alice@example.com>\r\nSubject: by %s\r\n\r\n"
TEXT = b"first line\r\n.\r\n..two dots\r\n\r\n" + b"w" * 900 + b"\r\nthe end\r\n"


def well(p, claim, *more):
    report.check(p.returncode == 0, claim, f"exit {p.returncode} {p.stdout[-200:]!r} {p.stderr[-400:]!r} {more}")
    return p


def write(folder, name, text, mode=0o600):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


def environment(folder):
    return {"HOME": folder, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TMPDIR": folder}


def curl(w):
    smtp, pop3, imap = (f"{s}://127.0.0.1:{w.port(p)}" for s, p in (("smtp", "submission"), ("pop3", "pop3"), ("imap", "imap")))
    letter = HEADER % b"curl" + TEXT
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        well(world.run("curl", "-sS", smtp + "/laptop.example.com", "--login-options", "AUTH=" + mechanism, "-u", "alice:wonderland",
                       "--mail-from", "alice@example.com", "--mail-rcpt", "bob@example.com", "--mail-rcpt", "carol@example.com", "-T", "-", stdin=letter),
             f"curl sends with {mechanism}")
    letters = w.wait_for("bob", 3)
    report.check(len(letters) == 3 and all(world.body(x) == TEXT for x in letters), "curl's messages arrive byte for byte", len(letters))
    p = world.run("curl", "-sS", smtp, "-u", "alice:rabbit", "--mail-from", "alice@example.com", "--mail-rcpt", "bob@example.com", "-T", "-", stdin=letter)
    report.check(p.returncode == 67, "curl says that the login was denied", f"{p.returncode} {p.stderr}")
    p = world.run("curl", "-sSv", f"smtp://127.0.0.1:{w.port('smtp')}", "--mail-from", "x@example.net", "--mail-rcpt", "nobody@example.com", "-T", "-",
                  stdin=letter)
    report.check(p.returncode == 55 and b"550 5.1.1" in p.stderr, "curl is told 550 5.1.1", f"{p.returncode} {p.stderr[-300:]}")
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        p = well(world.run("curl", "-sS", pop3 + "/1", "--login-options", "AUTH=" + mechanism, "-u", "bob:builder"), f"curl reads by POP3 with {mechanism}")
        report.check(p.stdout == letters[0], "POP3 brings the same octets", p.stdout[-100:])
    p = well(world.run("curl", "-sS", pop3 + "/", "-u", "bob:builder"), "curl lists by POP3")
    report.check(len(p.stdout.splitlines()) == 3, "three messages", p.stdout)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        p = well(world.run("curl", "-sS", imap + "/INBOX;MAILINDEX=2", "--login-options", "AUTH=" + mechanism, "-u", "carol:carols"), f"curl reads by IMAP with {mechanism}")
        report.check(world.body(p.stdout) == TEXT, "IMAP brings the same octets", p.stdout[-100:])
    well(world.run("curl", "-sS", imap + "/INBOX", "-u", "carol:carols", "-T", write(w.folder, "letter", letter)), "curl appends by IMAP")
    report.check(w.letters("carol")[-1] == letter, "what was appended is there", "")
    p = world.run("curl", "-sS", imap + "/INBOX", "-u", "carol:x")
    report.check(p.returncode == 67, "IMAP refuses a wrong password", p.returncode)


def swaks(w):
    server = ["--server", "127.0.0.1", "--port", str(w.port("submission")), "--from", "alice@example.com", "--helo", "laptop.example.com"]
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        p = world.run("swaks", *server, "--to", "bob@example.com,dave@example.org", "--auth", mechanism, "-au", "alice", "-ap", "wonderland",
                      "--body", "hello from swaks\n.\nend", "--header", "Subject: by swaks " + mechanism)
        if b"auth" in p.stderr.lower() + p.stdout.lower() and b"not available" in p.stdout + p.stderr:
            print(f"swaks lacks a Perl module for {mechanism}")
            continue
        well(p, f"swaks sends with {mechanism}", p.stdout[-300:])
    bob, dave = w.wait_for("bob", 2), w.wait_for("dave", 2, "mx")
    report.check(len(bob) >= 2 and len(dave) == len(bob), "its messages arrive at both domains", (len(bob), len(dave)))
    report.check(all(b"hello from swaks\r\n.\r\nend\r\n" in x for x in bob + dave), "with their text", bob and bob[0][-200:])
    p = world.run("swaks", *server, "--to", "bob@example.com", "--auth", "PLAIN", "-au", "alice", "-ap", "rabbit")
    report.check(p.returncode == 28 and b" 535 5.7.8" in p.stdout, "swaks sees 535", f"{p.returncode} {p.stdout[-300:]}")
    p = world.run("swaks", "--server", "127.0.0.1", "--port", str(w.port("smtp")), "--from", "x@example.net", "--to", "nobody@example.com")
    report.check(p.returncode == 24 and b" 550 5.1.1" in p.stdout, "swaks sees 550", f"{p.returncode} {p.stdout[-300:]}")
    p = well(world.run("swaks", "--server", "127.0.0.1", "--port", str(w.port("smtp")), "--from", "<>", "--to", "carol@example.com", "--pipeline"),
             "swaks sends with PIPELINING and an empty sender")


def msmtp(w):
    rc = write(w.folder, "msmtprc", f"""defaults
auth plain
tls off
host 127.0.0.1
port {w.port('submission')}
domain laptop.example.com
account alice
from alice@example.com
user alice
password wonderland
account wrong : alice
password rabbit
""")
    letter = HEADER % b"msmtp" + TEXT
    for method in ("plain", "login", "cram-md5"):
        well(world.run("msmtp", "-C", rc, "-a", "alice", "--auth=" + method, "bob@example.com", "dave@example.org", stdin=letter.replace(b"\r\n", b"\n")),
             f"msmtp sends with {method}")
    for who, host in (("bob", "mail"), ("dave", "mx")):
        letters = w.wait_for(who, 3, host)
        report.check(len(letters) == 3 and all(world.body(x) == TEXT for x in letters), "msmtp's messages arrive byte for byte", f"{who} {len(letters)}")
    p = world.run("msmtp", "-C", rc, "-a", "wrong", "bob@example.com", stdin=letter)
    report.check(p.returncode == 77 and b"535" in p.stderr, "msmtp sees 535", f"{p.returncode} {p.stderr}")
    p = world.run("msmtp", "-C", rc, "-a", "alice", "nobody@example.com", stdin=letter)
    report.check(p.returncode == 67 - 2 and b"550" in p.stderr, "msmtp sees 550", f"{p.returncode} {p.stderr}")


def mutt(w):
    rc = write(w.folder, "muttrc", f"""set from="alice@example.com"
set realname="Alice"
set smtp_url="smtp://alice@127.0.0.1:{w.port('submission')}/"
set smtp_pass="wonderland"
set smtp_authenticators="cram-md5:plain:login"
set ssl_starttls=no
set ssl_force_tls=no
set copy=no
set use_from=yes
set hostname="laptop.example.com"
""")
    attachment = write(w.folder, "map.png", open("scenarios/map.png", "rb").read())
    well(world.run("mutt", "-n", "-F", rc, "-s", "by mutt", "-a", attachment, "--", "bob@example.com", "dave@example.org",
                   stdin="Grüße\n.\nthe end\n".encode(), env=environment(w.folder)), "mutt sends in batch mode")
    for who, host in (("bob", "mail"), ("dave", "mx")):
        letters = w.wait_for(who, 1, host)
        parts = [p for p in email.message_from_bytes(letters[0]).walk() if not p.is_multipart()] if letters else []
        text = parts[0].get_payload(decode=True).decode(parts[0].get_content_charset("utf-8")) if parts else ""
        report.check(len(parts) == 2 and text.replace("\r\n", "\n") == "Grüße\n.\nthe end\n", "mutt's text arrives", f"{who} {letters}")
        report.check(len(parts) == 2 and parts[1].get_payload(decode=True) == open(attachment, "rb").read(), "and its attachment, octet by octet", who)
    p = world.run("mutt", "-n", "-F", rc, "-e", "set smtp_pass=rabbit", "-s", "x", "bob@example.com", stdin=b"x\n", env=environment(w.folder))
    report.check(p.returncode != 0, "mutt fails with a wrong password", f"{p.returncode} {p.stderr}")


def mbsync(w):
    for n in range(3):
        m = w.imap("alice")
        m.append("INBOX", None, None, HEADER % b"%d" % n + TEXT)
        m.logout()
    inbox = os.path.join(w.folder, "mail/")
    os.makedirs(inbox)
    rc = write(w.folder, "mbsyncrc", f"""IMAPAccount alice
Host 127.0.0.1
Port {w.port('imap')}
User alice
Pass wonderland
SSLType None
AuthMechs LOGIN

IMAPStore far
Account alice

MaildirStore near
Path {inbox}
Inbox {inbox}INBOX
SubFolders Verbatim

Channel mail
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""")
    sync = lambda: well(world.run("mbsync", "-c", rc, "-a", env=environment(w.folder)), "mbsync synchronises")
    sync()
    here = lambda: sorted(os.path.join(d, f) for d, _, files in os.walk(inbox + "INBOX") for f in files if os.path.basename(d) in ("cur", "new"))
    report.check(len(here()) == 3, "three messages have come", here())
    there = sorted(w.letters("alice"))
    # mbsync marks each message that it moves with a field of its own.
    same = sorted(re.sub(rb"X-TUID: .*\n", b"", open(f, "rb").read()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for f in here())
    report.check(same == there, "byte for byte", (same and same[0][:300], there and there[0][:300]))
    if len(here()) == 3:
        gone = here()[0]
        os.remove(gone)
        os.rename(here()[0], os.path.join(inbox, "INBOX", "cur", os.path.basename(here()[0]).split(":")[0] + ":2,FS"))
    os.makedirs(inbox + "Archive/cur")
    for d in ("new", "tmp"):
        os.makedirs(inbox + "Archive/" + d)
    write(inbox + "Archive/new", "1.1.laptop", (HEADER % b"mbsync" + TEXT).replace(b"\r\n", b"\n"))
    sync()
    m = w.imap("alice")
    report.check(m.select("INBOX")[1] == [b"2"], "what was deleted here is deleted there", m.untagged_responses)
    report.check(len(m.search(None, "FLAGGED", "SEEN")[1][0].split()) == 1, "flags have gone up", m.search(None, "FLAGGED"))
    m.logout()
    archive = w.letters("alice", mailbox="Archive")
    report.check(len(archive) == 1 and world.body(archive[0]) == TEXT, "a new mailbox with a message has gone up", archive)
    m = w.imap("alice")
    m.append("INBOX", None, None, HEADER % b"more" + TEXT)
    m.logout()
    sync()
    report.check(len(here()) == 3, "new mail has come down", here())


def fetchmail(w):
    for n in range(3):
        m = w.imap("bob")
        m.append("INBOX", None, None, b"Date: Mon, 3 Mar 2025 09:00:00 +0000\r\nMessage-ID: <%d@example.com>\r\nTo: bob@example.com\r\n" % n + HEADER % b"fetchmail" + TEXT)
        m.logout()
    for protocol, service, count in (("POP3", "pop3", 3), ("IMAP", "imap", 3)):
        got = os.path.join(w.folder, protocol)
        keep = "keep" if protocol == "POP3" else "nokeep"
        script = write(w.folder, "deliver-" + protocol, f"#!/bin/sh\ncat > {got}.$$\n", 0o700)
        rc = write(w.folder, "fetchmailrc-" + protocol, f"""set no bouncemail
poll 127.0.0.1 protocol {protocol} port {w.port(service)} user "bob" password "builder" {keep} fetchall sslproto "" mda "{script}"
""")
        p = world.run("fetchmail", "-f", rc, "--nosslcertck", "-N", "--pidfile", os.path.join(w.folder, "pid"), "-i", os.path.join(w.folder, "ids"),
                      env={**environment(w.folder), "USER": "bob", "FETCHMAILHOME": w.folder})
        well(p, f"fetchmail reads by {protocol}")
        files = [os.path.join(w.folder, f) for f in os.listdir(w.folder) if f.startswith(protocol + ".")]
        report.check(len(files) == count, "all messages have come", (protocol, files, p.stdout))
        texts = [open(f, "rb").read().replace(b"\r\n", b"\n").split(b"\n\n", 1)[1] for f in files]
        report.check(all(t.rstrip(b"\n") == TEXT.replace(b"\r\n", b"\n").rstrip(b"\n") for t in texts), "with their text", texts[:1])
    report.check(w.letters("bob") == [], "IMAP without keep leaves none", len(w.letters("bob")))
    rc = write(w.folder, "wrong", f'poll 127.0.0.1 protocol POP3 port {w.port("pop3")} user "bob" password "x" sslproto ""\n')
    p = world.run("fetchmail", "-f", rc, "-N", "--pidfile", os.path.join(w.folder, "pid"), env={**environment(w.folder), "FETCHMAILHOME": w.folder})
    report.check(p.returncode == 3, "fetchmail sees that the login fails", f"{p.returncode} {p.stdout} {p.stderr}")


def dig(w):
    def ask(*words):
        return world.run("dig", "@127.0.0.1", "-p", str(w.port("dns")), "+tries=2", "+time=5", *words).stdout.decode()
    for way in ("+notcp", "+tcp", "+noedns"):
        for name, kind, want in (("example.com", "MX", "10 mail.example.com."), ("mail.example.com", "A", "198.51.100.25"), ("mail.example.com", "AAAA", "2001:db8:c::25"),
                                 ("example.com", "TXT", '"v=spf1 mx -all"'), ("_dmarc.example.com", "TXT", '"v=DMARC1; p=reject; rua=mailto:postmaster@example.com"')):
            got = ask(way, "+short", name, kind)
            report.check(got.strip() == want, f"dig {way} {name} {kind}", got)
    got = ask("nobody.example.com", "A")
    report.check("status: NXDOMAIN" in got and " aa" in got and "SOA" in got, "NXDOMAIN, with authority", got)
    got = ask("example.net", "A")
    report.check("status: REFUSED" in got, "what it does not serve is refused", got)
    got = ask("+noall", "+comments", "mail.example.com", "MX")
    report.check("status: NOERROR" in got and "ANSWER: 0" in got, "a name without MX: no data", got)


PROGRAMS = {f.__name__: f for f in (curl, swaks, msmtp, mutt, mbsync, fetchmail, dig)}
with world.World("mail-world", "--map", "0=mx:143", record=True) as served:
    PROGRAMS[sys.argv[1]](served)
    report.check(served.stop() == 0 and not served.errors, "serve ends cleanly", f"{served.status} {served.errors}")
    again, last = served.replay()
    report.check(again.returncode == 0 and last and last["same"], "the replay is the same run", f"{again.returncode} {last} {again.stderr}")
report.end()
