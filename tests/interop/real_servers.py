"""Debian's Postfix and Dovecot, started on loopback by a test, with configuration, queue, mailboxes and certificates of their own."""
import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import world

UID = 20001  # of the mailboxes; needs no account
USERS = {"erin": "hamster wheel", "frank": "p\\\"q{4}%ä"}
POSTFIX_SBIN = "/usr/lib/postfix/sbin"


def skip(why):
    print(why)
    sys.exit(77)


def needed():
    """Ends the test with a plain word where the servers cannot run."""
    for program, package in (("postfix", "postfix"), ("dovecot", "dovecot-imapd"), ("openssl", "openssl")):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            skip(f"{package} is not installed")
    for module in ("imap", "pop3"):
        if not os.path.exists("/usr/lib/dovecot/" + module):
            skip(f"dovecot-{module}d is not installed")
    if os.geteuid() != 0:
        skip("Postfix and Dovecot need root to start")
    for user in ("postfix", "dovecot", "dovenull"):
        try:
            pwd.getpwnam(user)
        except KeyError:
            skip(f"there is no user {user}")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def write(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


class Servers:
    """`with Servers("example.net") as s:` - s.port["smtp"], s.ca, s.letters("erin")."""

    def __init__(self, domain):
        self.domain = domain
        # Unix sockets have short names, so the folder's is short too.
        self.folder = tempfile.mkdtemp(prefix="mw-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        names = ("smtp", "plain", "submission", "submissions", "pop3", "pop3s", "imap", "imaps")
        self.port = dict(zip(names, free_ports(len(names))))
        self.dovecot = None
        self.started = False
        atexit.register(self.stop)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- certificates ----

    def certificates(self):
        def openssl(*args):
            p = subprocess.run(["openssl", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if p.returncode:
                raise SystemExit(f"openssl {args}: {p.stdout.decode()}")
        self.ca, self.cert, self.key = self.path("ca.pem"), self.path("cert.pem"), self.path("key.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=A CA for a test", "-keyout", self.path("ca.key"), "-out", self.ca)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=mail.{self.domain}", "-keyout", self.key, "-out", self.path("csr.pem"))
        write(self.path("ext"), f"subjectAltName=DNS:mail.{self.domain},DNS:exit-1.{self.domain}\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", self.path("csr.pem"), "-CA", self.ca, "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", "1",
                "-extfile", self.path("ext"), "-out", self.cert)
        os.chmod(self.key, 0o600)

    # ---- Dovecot ----

    def start_dovecot(self, mechanisms):
        run = self.path("d")
        os.makedirs(run)
        os.makedirs(self.path("mail"))
        os.chown(self.path("mail"), UID, UID)
        passwords = "".join(f"{user}:{{PLAIN}}{word}:{UID}:{UID}::{self.path('mail', user)}::\n" for user, word in USERS.items())
        write(self.path("users"), passwords)
        conf = f"""
protocols = imap pop3
base_dir = {run}
state_dir = {run}
log_path = {self.path('dovecot.log')}
auth_verbose = yes
listen = 127.0.0.1
instance_name = mw-{os.getpid()}
mail_location = maildir:{self.path('mail')}/%n
first_valid_uid = 1
mail_uid = {UID}
mail_gid = {UID}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
ssl = yes
ssl_cert = <{self.cert}
ssl_key = <{self.key}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {self.path('users')}
}}
userdb {{
  driver = static
  args = uid={UID} gid={UID} home={self.path('mail')}/%n
}}
namespace inbox {{
  inbox = yes
  mailbox Archive {{
    auto = create
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port['imap']}
  }}
  inet_listener imaps {{
    port = {self.port['imaps']}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {self.port['pop3']}
  }}
  inet_listener pop3s {{
    port = {self.port['pop3s']}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service auth {{
  unix_listener {self.path('auth')} {{
    mode = 0666
  }}
}}
"""
        path = write(self.path("dovecot.conf"), conf)
        self.dovecot = subprocess.Popen([shutil.which("dovecot", path="/usr/sbin:/usr/bin"), "-F", "-c", path], stdin=subprocess.DEVNULL,
                                        stdout=open(self.path("dovecot.out"), "w"), stderr=subprocess.STDOUT)

    # ---- Postfix ----

    def postfix(self, *args, check=True):
        p = subprocess.run(["/usr/sbin/postfix", "-c", self.path("p"), *args], stdin=subprocess.DEVNULL, stdout=open(self.path("postfix.out"), "a"),
                           stderr=subprocess.STDOUT, timeout=60)
        if check and p.returncode:
            raise SystemExit(f"postfix {args}: {open(self.path('postfix.out')).read()}")

    def start_postfix(self, relay):
        config, queue, data = self.path("p"), self.path("q"), self.path("v")
        for folder in (config, queue, data):
            os.makedirs(folder, exist_ok=True)
        os.chown(data, pwd.getpwnam("postfix").pw_uid, 0)
        domain, port = self.domain, self.port
        main = f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = {POSTFIX_SBIN}
maillog_file = {self.path('postfix.log')}
maillog_file_prefixes = {self.folder}
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:no local mail
virtual_mailbox_domains = {domain}, plain.{domain}
virtual_mailbox_base = {self.path('mail')}
virtual_mailbox_maps = inline:{{ erin@{domain}=erin/, frank@{domain}=frank/, erin@plain.{domain}=erin/ }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{UID}
virtual_gid_maps = static:{UID}
virtual_mailbox_limit = 0
message_size_limit = 20000000
smtpd_recipient_restrictions = permit_sasl_authenticated, check_recipient_access inline:{{ {{ later@{domain} = 451 4.7.1 Greylisted }}, {{ never@{domain} = 554 5.7.1 Never }} }}, reject_unauth_destination
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = {self.path('auth')}
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = {self.cert}
smtpd_tls_key_file = {self.key}
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_delay_reject = yes
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
transport_maps = {relay}
in_flow_delay = 0
"""
        master = f"""127.0.0.1:{port['smtp']} inet n - n - - smtpd
127.0.0.1:{port['plain']} inet n - n - - smtpd -o smtpd_tls_security_level=none
127.0.0.1:{port['submission']} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=may -o smtpd_tls_auth_only=yes
127.0.0.1:{port['submissions']} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
        write(os.path.join(config, "main.cf"), main)
        write(os.path.join(config, "master.cf"), master)
        self.postfix("start")
        self.started = True

    # ---- life ----

    def start(self, mechanisms="plain login cram-md5 scram-sha-256", relay=""):
        self.certificates()
        self.start_dovecot(mechanisms)
        self.start_postfix(relay)
        for name, port in self.port.items():
            self.wait_for_port(name, port)
        end = time.monotonic() + 20 * world.SLOW
        while not os.path.exists(self.path("auth")) and time.monotonic() < end:
            time.sleep(0.05)

    def wait_for_port(self, name, port):
        end = time.monotonic() + 20 * world.SLOW
        while True:
            try:
                s = socket.create_connection(("127.0.0.1", port), timeout=2)
                s.close()
                return
            except OSError as e:
                if time.monotonic() > end or self.dovecot.poll() is not None:
                    self.stop(keep=True)
                    raise SystemExit(f"{name} does not start: {e}: {self.logs()}")
                time.sleep(0.05)

    def stop(self, keep=False):
        if self.started:
            self.started = False
            self.postfix("stop", check=False)
        if self.dovecot and self.dovecot.poll() is None:
            self.dovecot.send_signal(signal.SIGTERM)
            try:
                self.dovecot.wait(20)
            except subprocess.TimeoutExpired:
                self.dovecot.kill()
                self.dovecot.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(keep=True)

    # ---- looking ----

    def logs(self):
        said = ""
        for name in ("postfix.out", "postfix.log", "dovecot.out", "dovecot.log"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), errors="replace") as f:
                    said += f"--- {name}\n{f.read()[-4000:]}"
        return said

    def log(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def letters(self, user, *folder):
        """All messages of a Maildir, octet by octet, with the line ends that they had on the wire."""
        found = []
        for sub in ("new", "cur"):
            at = self.path("mail", user, *folder, sub)
            for name in sorted(os.listdir(at)) if os.path.isdir(at) else []:
                with open(os.path.join(at, name), "rb") as f:
                    found.append((name, f.read().replace(b"\n", b"\r\n")))
        return [x for _, x in sorted(found)]

    def wait_for(self, test, seconds=20):
        """Until test() is true, or the time is over; returns what it said last."""
        end = time.monotonic() + seconds * world.SLOW
        while True:
            said = test()
            if said or time.monotonic() > end:
                return said
            time.sleep(0.05)
