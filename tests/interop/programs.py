"""One mail program against the virtual servers, with TLS and the certificate checked: curl, openssl, swaks, msmtp, mutt, mbsync, fetchmail or dig.
Argument: its name."""
import base64
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
    """Each scheme, each mechanism, always with the certificate checked: by IP address and by name."""
    call = ["curl", "-sS", "--cacert", w.ca]
    ways = {"smtp": (587, ["--ssl-reqd"]), "smtps": (465, []), "pop3": (110, ["--ssl-reqd"]), "pop3s": (995, []), "imap": (143, ["--ssl-reqd"]), "imaps": (993, [])}
    url = lambda scheme: f"{scheme}://{'localhost' if scheme.endswith('s') else '127.0.0.1'}:{w.door(ways[scheme][0])}"
    to_bob = ["--mail-from", "alice@example.com", "--mail-rcpt", "bob@example.com", "-T", "-"]
    letter = HEADER % b"curl" + TEXT
    sent = 0
    for scheme in ("smtp", "smtps"):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            well(world.run(*call, *ways[scheme][1], url(scheme) + "/laptop.example.com", "--login-options", "AUTH=" + mechanism, "-u", "alice:wonderland",
                           "--mail-rcpt", "carol@example.com", *to_bob, stdin=letter), f"curl sends by {scheme} with {mechanism}")
            sent += 1
        p = world.run(*call, *ways[scheme][1], url(scheme), "-u", "alice:rabbit", *to_bob, stdin=letter)
        report.check(p.returncode == 67, "curl says that the login was denied", f"{p.returncode} {p.stderr}")
    letters = w.wait_for("bob", sent)
    report.check(len(letters) == sent and all(world.body(x) == TEXT for x in letters), "curl's messages arrive byte for byte", len(letters))
    p = world.run("curl", "-sSv", f"smtp://127.0.0.1:{w.port('smtp')}", "--mail-from", "x@example.net", "--mail-rcpt", "nobody@example.com", "-T", "-",
                  stdin=letter)
    report.check(p.returncode == 55 and b"550 5.1.1" in p.stderr, "curl is told 550 5.1.1", f"{p.returncode} {p.stderr[-300:]}")
    p = well(world.run(*call, "--ssl-reqd", "-v", f"smtp://localhost:{w.port('smtp')}", "--mail-from", "x@example.net", "--mail-rcpt", "carol@example.com", "-T", "-",
                       stdin=letter), "port 25 has STARTTLS too")
    report.check(b"AUTH" not in p.stderr.split(b"STARTTLS")[-1], "and no AUTH behind it", p.stderr[-600:])
    for scheme in ("pop3", "pop3s"):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            p = well(world.run(*call, *ways[scheme][1], url(scheme) + "/1", "--login-options", "AUTH=" + mechanism, "-u", "bob:builder"), f"curl reads by {scheme} with {mechanism}")
            report.check(p.stdout == letters[0], "POP3 brings the same octets", p.stdout[-100:])
        p = well(world.run(*call, *ways[scheme][1], url(scheme) + "/", "-u", "bob:builder"), f"curl lists by {scheme}")
        report.check(len(p.stdout.splitlines()) == sent, "all messages", p.stdout)
    for scheme in ("imap", "imaps"):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            p = well(world.run(*call, *ways[scheme][1], url(scheme) + "/INBOX;MAILINDEX=2", "--login-options", "AUTH=" + mechanism, "-u", "carol:carols"),
                     f"curl reads by {scheme} with {mechanism}")
            report.check(world.body(p.stdout) == TEXT, "IMAP brings the same octets", p.stdout[-100:])
        well(world.run(*call, *ways[scheme][1], url(scheme) + "/INBOX", "-u", "carol:carols", "-T", write(w.folder, "letter", letter)), f"curl appends by {scheme}")
        report.check(w.letters("carol")[-1] == letter, "what was appended is there", "")
        p = world.run(*call, *ways[scheme][1], url(scheme) + "/INBOX", "-u", "carol:x")
        report.check(p.returncode == 67, "IMAP refuses a wrong password", p.returncode)
    for scheme in ways:
        p = world.run("curl", "-sS", *ways[scheme][1], url(scheme) + "/", "-u", "bob:builder")
        report.check(p.returncode == 60, "without --ca-file's certificate nobody is trusted", f"{scheme} {p.returncode} {p.stderr}")
    for scheme, path, more, said in (("smtp", "/x", to_bob, b"530 5.7.0"), ("pop3", "/1", [], b""), ("imap", "/INBOX", [], b"")):
        p = world.run("curl", "-sSv", url(scheme) + path, "-u", "alice:wonderland", *more, stdin=letter)
        report.check(p.returncode != 0 and said in p.stderr and b"wonderland" not in p.stderr and b"AHdvbmRlcmxhbmQ" not in p.stderr,
                     "without TLS there is no login", f"{scheme} {p.returncode} {p.stderr[-300:]}")


def openssl(w):
    """s_client as a person uses it: the handshake, then lines typed by hand."""
    plain = base64.b64encode(b"\0alice\0wonderland")
    letter = b"".join(b"." + x if x[:1] == b"." else x for x in (HEADER % b"openssl" + TEXT).splitlines(keepends=True))
    send = b"EHLO laptop.example.com\r\nAUTH PLAIN " + plain + b"\r\nMAIL FROM:<alice@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n" + letter + b".\r\nQUIT\r\n"
    talks = ((587, "smtp", send, b"250 2.0.0 queued"), (465, None, send, b"250 2.0.0 queued"), (25, "smtp", b"EHLO x\r\nQUIT\r\n", b"\n221 "),
             (110, "pop3", b"USER bob\r\nPASS builder\r\nRETR 1\r\nQUIT\r\n", b"..two dots"), (995, None, b"USER bob\r\nPASS builder\r\nSTAT\r\nQUIT\r\n", b"+OK 2 "),
             (143, "imap", b"a LOGIN bob builder\r\nb EXAMINE INBOX\r\nc LOGOUT\r\n", b"* 2 EXISTS"), (993, None, b"a LOGIN bob builder\r\nc LOGOUT\r\n", b"a OK "))
    for version in ("-tls1_2", "-tls1_3"):
        for port, starttls, typed, answer in talks:
            if version == "-tls1_3" and port in (587, 465):
                typed, answer = b"EHLO x\r\nAUTH PLAIN " + plain + b"\r\nQUIT\r\n", b"235 2.7.0"
            args = ["openssl", "s_client", "-connect", f"127.0.0.1:{w.door(port)}", version, "-CAfile", w.ca, "-verify_return_error", "-verify_hostname", "mail.example.com",
                    "-servername", "mail.example.com", "-quiet"] + (["-starttls", starttls] if starttls else [])
            p = well(world.run(*args, stdin=typed), f"openssl s_client {version} at port {port}")
            report.check(answer in p.stdout, "the server answers what is typed", f"{port} {version} {p.stdout[-400:]}")
    letters = w.wait_for("bob", 2)
    report.check(len(letters) == 2 and all(world.body(x) == TEXT for x in letters), "what was typed is the message, byte for byte", letters)
    port = f"127.0.0.1:{w.door(465)}"
    for wrong, why in ((["-CAfile", w.ca, "-verify_hostname", "mail.example.net"], b"hostname mismatch"), (["-verify_hostname", "mail.example.com"], b"self-signed certificate|unable to get")):
        p = world.run("openssl", "s_client", "-connect", port, "-verify_return_error", *wrong)
        report.check(p.returncode != 0 and re.search(why, p.stderr + p.stdout), "a wrong name and an unknown CA are told", f"{wrong} {p.returncode} {p.stderr[-300:]}")
    for version in ("-tls1", "-tls1_1"):
        p = world.run("openssl", "s_client", "-connect", port, version, "-cipher", "DEFAULT@SECLEVEL=0")
        report.check(p.returncode != 0 and b"alert protocol version" in p.stderr, "TLS 1.0 and 1.1 are refused", f"{version} {p.stderr[-300:]}")
    p = well(world.run("openssl", "x509", "-in", w.ca, "-noout", "-text"), "--ca-file is a certificate")
    report.check(b"CA:TRUE" in p.stdout and b"Mailwalk Root CA" in p.stdout, "of a CA", p.stdout)


def swaks(w):
    tls = ["--tls", "--tls-verify", "--tls-ca-path", w.ca, "--tls-sni", "localhost"]
    implicit = ["--tlsc", *tls[1:]]
    support = world.run("swaks", "--support").stdout
    if b"=== TLS supported" not in support:
        print("swaks lacks Net::SSLeay: libnet-ssleay-perl is not installed")
        return
    common = ["--from", "alice@example.com", "--helo", "laptop.example.com"]
    server = ["--server", "localhost", "--port", str(w.door(587)), *common, *tls]
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        way = server if mechanism != "LOGIN" else ["--server", "localhost", "--port", str(w.door(465)), *common, *implicit]
        p = world.run("swaks", *way, "--to", "bob@example.com,dave@example.org", "--auth", mechanism, "-au", "alice", "-ap", "wonderland",
                      "--body", "hello from swaks\n.\nend", "--header", "Subject: by swaks " + mechanism)
        well(p, f"swaks sends with {mechanism}", p.stdout[-300:])
        report.check(b"=== TLS started" in p.stdout and b'verify error' not in p.stdout, "encrypted", p.stdout[:900])
    bob, dave = w.wait_for("bob", 3), w.wait_for("dave", 3, "mx")
    report.check(len(bob) == 3 and len(dave) == 3, "its messages arrive at both domains", (len(bob), len(dave)))
    report.check(all(b"hello from swaks\r\n.\r\nend\r\n" in x for x in bob + dave), "with their text", bob and bob[0][-200:])
    p = world.run("swaks", *server, "--to", "bob@example.com", "--auth", "PLAIN", "-au", "alice", "-ap", "rabbit")
    report.check(p.returncode == 28 and b" 535 5.7.8" in p.stdout, "swaks sees 535", f"{p.returncode} {p.stdout[-300:]}")
    p = world.run("swaks", "--server", "localhost", "--port", str(w.door(587)), *common, "--to", "bob@example.com", "--auth", "PLAIN", "-au", "alice", "-ap", "wonderland")
    report.check(p.returncode == 28 and b"235" not in p.stdout and b"250-AUTH" not in p.stdout, "without TLS there is no login", f"{p.returncode} {p.stdout[-300:]}")
    p = world.run("swaks", "--server", "localhost", "--port", str(w.door(587)), *common, "--to", "bob@example.com", "--tls", "--tls-verify")
    report.check(p.returncode == 29, "without the CA's certificate swaks does not go on", f"{p.returncode} {p.stdout[-300:]}")
    p = world.run("swaks", "--server", "127.0.0.1", "--port", str(w.port("smtp")), "--from", "x@example.net", "--to", "nobody@example.com")
    report.check(p.returncode == 24 and b" 550 5.1.1" in p.stdout, "swaks sees 550", f"{p.returncode} {p.stdout[-300:]}")
    p = well(world.run("swaks", "--server", "127.0.0.1", "--port", str(w.port("smtp")), "--from", "<>", "--to", "carol@example.com", "--pipeline", *tls),
             "swaks sends with PIPELINING, TLS and an empty sender")


def msmtp(w):
    rc = write(w.folder, "msmtprc", f"""defaults
auth plain
tls on
tls_trust_file {w.ca}
host localhost
port {w.door(587)}
domain laptop.example.com
account alice
from alice@example.com
user alice
password wonderland
account wrong : alice
password rabbit
account implicit : alice
port {w.door(465)}
tls_starttls off
account plain : alice
tls off
account stranger : alice
tls_trust_file /etc/ssl/certs/ca-certificates.crt
""")
    letter = HEADER % b"msmtp" + TEXT
    methods = ("plain", "login", "cram-md5", "scram-sha-256")
    for method in methods:
        for account in ("alice", "implicit"):
            well(world.run("msmtp", "-C", rc, "-a", account, "--auth=" + method, "bob@example.com", "dave@example.org", stdin=letter.replace(b"\r\n", b"\n")),
                 f"msmtp sends with {method}, {account}")
    for who, host in (("bob", "mail"), ("dave", "mx")):
        letters = w.wait_for(who, 2 * len(methods), host)
        report.check(len(letters) == 2 * len(methods) and all(world.body(x) == TEXT for x in letters), "msmtp's messages arrive byte for byte", f"{who} {len(letters)}")
    for method in methods:
        p = world.run("msmtp", "-C", rc, "-a", "wrong", "--auth=" + method, "bob@example.com", stdin=letter)
        report.check(p.returncode == 77 and b"535" in p.stderr, "msmtp sees 535", f"{method} {p.returncode} {p.stderr}")
    p = world.run("msmtp", "-C", rc, "-a", "alice", "nobody@example.com", stdin=letter)
    report.check(p.returncode == 67 - 2 and b"550" in p.stderr, "msmtp sees 550", f"{p.returncode} {p.stderr}")
    p = world.run("msmtp", "-C", rc, "-a", "plain", "bob@example.com", stdin=letter)
    report.check(p.returncode != 0, "without TLS there is no login", f"{p.returncode} {p.stderr}")
    if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        p = world.run("msmtp", "-C", rc, "-a", "stranger", "bob@example.com", stdin=letter)
        report.check(p.returncode != 0 and b"certificate" in p.stderr, "the world's own CAs have not signed it", f"{p.returncode} {p.stderr}")


def mutt(w):
    rc = write(w.folder, "muttrc", f"""set from="alice@example.com"
set realname="Alice"
set smtp_url="smtp://alice@localhost:{w.door(587)}/"
set smtp_pass="wonderland"
set ssl_starttls=yes
set ssl_force_tls=yes
set ssl_ca_certificates_file="{w.ca}"
set ssl_verify_host=yes
set ssl_verify_dates=yes
set copy=no
set use_from=yes
set hostname="laptop.example.com"
""")
    attachment = write(w.folder, "map.png", open("scenarios/map.png", "rb").read())
    ways = [("cram-md5", []), ("plain", []), ("login", ["-e", f"set smtp_url=smtps://alice@localhost:{w.door(465)}/"])]
    if b"+USE_GSASL" in world.run("mutt", "-v").stdout:
        ways.append(("scram-sha-256", []))
    for mechanism, more in ways:
        well(world.run("mutt", "-n", "-F", rc, "-e", f"set smtp_authenticators={mechanism}", *more, "-s", "by mutt", "-a", attachment, "--", "bob@example.com", "dave@example.org",
                       stdin="Grüße\n.\nthe end\n".encode(), env=environment(w.folder)), f"mutt sends in batch mode with {mechanism}")
    for who, host in (("bob", "mail"), ("dave", "mx")):
        letters = w.wait_for(who, len(ways), host)
        report.check(len(letters) == len(ways), "all of mutt's messages arrive", f"{who} {len(letters)}")
        parts = [p for p in email.message_from_bytes(letters[0]).walk() if not p.is_multipart()] if letters else []
        text = parts[0].get_payload(decode=True).decode(parts[0].get_content_charset("utf-8")) if parts else ""
        report.check(len(parts) == 2 and text.replace("\r\n", "\n") == "Grüße\n.\nthe end\n", "mutt's text arrives", f"{who} {letters}")
        report.check(len(parts) == 2 and parts[1].get_payload(decode=True) == open(attachment, "rb").read(), "and its attachment, octet by octet", who)
    for wrong in ("set smtp_pass=rabbit", "set ssl_ca_certificates_file=/dev/null", "set ssl_starttls=no ssl_force_tls=no"):
        p = world.run("mutt", "-n", "-F", rc, "-e", wrong, "-s", "x", "bob@example.com", stdin=b"x\n", env=environment(w.folder))
        report.check(p.returncode != 0, "mutt fails with a wrong password, an unknown CA, no TLS", f"{wrong} {p.returncode} {p.stderr}")


MBSYNC = """IMAPAccount alice
Host localhost
Port %d
User alice
Pass %s
SSLType %s
CertificateFile %s
SystemCertificates no
AuthMechs %s

IMAPStore far
Account alice

MaildirStore near
Path %s
Inbox %sINBOX
SubFolders Verbatim

Channel mail
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""


def mbsync(w):
    for n in range(3):
        m = w.imap("alice")
        m.append("INBOX", None, None, HEADER % b"%d" % n + TEXT)
        m.logout()
    inbox = os.path.join(w.folder, "mail/")
    os.makedirs(inbox)

    def rc(name, port=143, security="STARTTLS", mechanism="LOGIN", password="wonderland", ca=w.ca):
        return write(w.folder, name, MBSYNC % (w.door(port), password, security, ca, mechanism, inbox, inbox))
    run = lambda path: world.run("mbsync", "-c", path, "-a", env=environment(w.folder))
    first = rc("mbsyncrc")
    sync = lambda path=first: well(run(path), "mbsync synchronises")
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
    sync(rc("implicit", 993, "IMAPS", "PLAIN"))
    m = w.imap("alice")
    report.check(m.select("INBOX")[1] == [b"2"], "what was deleted here is deleted there", m.untagged_responses)
    report.check(len(m.search(None, "FLAGGED", "SEEN")[1][0].split()) == 1, "flags have gone up", m.search(None, "FLAGGED"))
    m.logout()
    archive = w.letters("alice", mailbox="Archive")
    report.check(len(archive) == 1 and world.body(archive[0]) == TEXT, "a new mailbox with a message has gone up", archive)
    m = w.imap("alice")
    m.append("INBOX", None, None, HEADER % b"more" + TEXT)
    m.logout()
    sync(rc("cram", mechanism="CRAM-MD5"))
    report.check(len(here()) == 3, "new mail has come down", here())
    for mechanism in ("SCRAM-SHA-256", "PLAIN"):
        p = run(rc("other", 993, "IMAPS", mechanism))
        if p.returncode and b"No worthy mechs" in p.stdout + p.stderr:
            print(f"mbsync's SASL has no {mechanism}: libsasl2-modules is not installed")
            continue
        well(p, f"mbsync logs in with {mechanism}")
    nobody = write(w.folder, "nobody.pem", "")
    for name, more in (("a wrong password", {"password": "rabbit"}), ("no TLS", {"security": "None"}), ("an unknown CA", {"ca": nobody})):
        p = run(rc("wrong", **more))
        report.check(p.returncode != 0, f"mbsync fails with {name}", f"{p.stdout} {p.stderr}")


def fetchmail(w):
    for n in range(3):
        m = w.imap("bob")
        m.append("INBOX", None, None, b"Date: Mon, 3 Mar 2025 09:00:00 +0000\r\nMessage-ID: <%d@example.com>\r\nTo: bob@example.com\r\n" % n + HEADER % b"fetchmail" + TEXT)
        m.logout()

    def poll(name, protocol, port, more, password="builder", ca=w.ca):
        rc = write(w.folder, "rc-" + name, f"""set no bouncemail
poll localhost protocol {protocol} port {w.door(port)} user "bob" password "{password}" fetchall sslcertck sslcertfile "{ca}" {more}
""")
        return world.run("fetchmail", "-f", rc, "-N", "--pidfile", os.path.join(w.folder, "pid"), "-i", os.path.join(w.folder, "ids"),
                         env={**environment(w.folder), "USER": "bob", "FETCHMAILHOME": w.folder})
    for name, protocol, port, more in (("POP3", "POP3", 110, 'keep sslproto "TLS1.2+"'), ("POP3S", "POP3", 995, "keep ssl"), ("IMAPS", "IMAP", 993, "keep ssl"),
                                       ("IMAP", "IMAP", 143, 'nokeep sslproto "TLS1.2+"')):
        got = os.path.join(w.folder, name)
        script = write(w.folder, "deliver-" + name, f"#!/bin/sh\ncat > {got}.$$\n", 0o700)
        p = well(poll(name, protocol, port, f'{more} mda "{script}"'), f"fetchmail reads by {name}")
        files = [os.path.join(w.folder, f) for f in os.listdir(w.folder) if f.startswith(name + ".")]
        report.check(len(files) == 3, "all messages have come", (name, files, p.stdout))
        texts = [open(f, "rb").read().replace(b"\r\n", b"\n").split(b"\n\n", 1)[1] for f in files]
        report.check(all(t.rstrip(b"\n") == TEXT.replace(b"\r\n", b"\n").rstrip(b"\n") for t in texts), "with their text", texts[:1])
    report.check(w.letters("bob") == [], "IMAP without keep leaves none", len(w.letters("bob")))
    nobody = write(w.folder, "nobody.pem", "")
    for claim, more in (("that the login fails", {"password": "x"}), ("that it does not know the CA", {"ca": nobody})):
        p = poll("wrong", "POP3", 995, "ssl", **more)
        report.check(p.returncode in (2, 3), f"fetchmail sees {claim}", f"{p.returncode} {p.stdout} {p.stderr}")
    p = poll("plain", "POP3", 110, 'sslproto ""')
    report.check(p.returncode == 3, "without TLS there is no login", f"{p.returncode} {p.stdout} {p.stderr}")


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


PROGRAMS = {f.__name__: f for f in (curl, openssl, swaks, msmtp, mutt, mbsync, fetchmail, dig)}
with world.World("mail-world", "--map", "0=mx:143", record=True) as served:
    PROGRAMS[sys.argv[1]](served)
    report.check(served.stop() == 0 and not served.errors, "serve ends cleanly", f"{served.status} {served.errors}")
    again, last = served.replay()
    report.check(again.returncode == 0 and last and last["same"], "the replay is the same run", f"{again.returncode} {last} {again.stderr}")
report.end()
