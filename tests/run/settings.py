"""A reply is never a canned string: one changed value of a scenario changes the traffic as it does in life."""
import trace

report = trace.Report()
BOB = "/hosts/mx/store/users/bob"


class Run:
    """A run with settings; what its records say."""

    def __init__(self, scenario, *settings, until=None):
        args = [x for s in settings for x in ("--set", s)] + (["--until", until] if until else [])
        self.status, self.records, self.err = trace.run(scenario, *args)
        self.name = f"{scenario} {' '.join(settings)}"
        report.check(self.status in (0, 1) and not self.err, "a run with --set runs", f"{self.name}: {self.status} {self.err}")

    def replies(self, host=None):
        return [(r.get("code"), r.get("status")) for r in self.records if r["kind"] == "reply" and r.get("proto") == "smtp"
                and host in (None, r["host"])]

    def verbs(self, host):
        return [r["text"].split()[0] for r in self.records
                if r["kind"] == "command" and r.get("proto") == "smtp" and r["host"] == host]

    def queue(self, event, host=None):
        return [r for r in trace.select(self.records, "queue", event=event) if host in (None, r["host"])]

    def delivered(self, user="bob"):
        return len(trace.select(self.records, "mailbox", event="stored", user=user))

    def claim(self, ok, what, got=""):
        report.check(ok, what, f"{self.name}: {got}")

    def says(self, host, code, status):
        self.claim((code, status) in self.replies(host), f"{host} answers {code} {status}", self.replies(host))

    def bounces(self, status, host=None):
        got = [(r["host"], trace.attr(r, "dsn")) for r in self.queue("bounced")]
        self.claim(any(s == status and host in (None, h) for h, s in got), f"the message bounces with {status}", got)
        self.claim(self.delivered("alice") == 1, "the sender gets one bounce", self.delivered("alice"))

    def defers(self, status):
        got = [trace.attr(r, "dsn") for r in self.queue("deferred")]
        self.claim(got and set(got) == {status}, f"the message waits with {status}", got)

    def syns(self):
        """(client, server, port) of each TCP connection that a host tried to open."""
        found = []
        for r in trace.select(self.records, "sent"):
            p = trace.Packet(bytes.fromhex(r["bytes"]))
            if p.proto == "tcp" and p.flags & (trace.SYN | 16) == trace.SYN:
                found.append((r["host"], r.get("peer"), p.dport))
        return found


plain = Run("first-message")
plain.claim(plain.status == 0 and plain.delivered() == 1 and not plain.queue("bounced"), "the lesson as it is delivers")

# The wrong port: another service answers, or nobody.
r = Run("first-message", "/hosts/alice/client/accounts/0/submit/port=110")
r.claim(("alice", "mail", 110) in r.syns() and ("alice", "mail", 587) not in r.syns(), "alice connects to port 110", r.syns())
r.claim(trace.select(r.records, "client", event="send-failed", result="not-smtp"), "a POP3 banner is not SMTP")
r = Run("first-message", "/hosts/alice/client/accounts/0/submit/port=26")
r.claim(trace.select(r.records, "client", event="send-failed", result="refused"), "nobody listens on port 26")
r = Run("first-message", "/hosts/alice/client/accounts/0/submit/port=25", "/hosts/alice/client/accounts/0/submit/auth=none")
r.says("mail", 554, "5.7.1")
r = Run("first-message", "/hosts/alice/client/accounts/0/submit/port=25")
failed = trace.select(r.records, "client", event="send-failed")
r.claim(failed and failed[0].get("code") != 250, "250 is not why a login was impossible", failed)

# A wrong password.
r = Run("first-message", "/hosts/alice/client/accounts/0/password=wrong")
r.says("mail", 535, "5.7.8")
r.claim(r.delivered() == 0 and "MAIL" not in r.verbs("alice"), "without a login nothing is sent")
r = Run("first-message", "/hosts/bob-phone/client/accounts/0/password=wrong", "/hosts/bob-desktop/client/accounts/0/password=wrong")
r.claim(r.delivered() == 1 and not trace.select(r.records, "client", event="message"), "Bob cannot read with a wrong password")
r.claim(any(x["kind"] == "reply" and x.get("text", "").split(" ")[1:2] == ["NO"] for x in r.records), "IMAP says NO")

# SCRAM: the password does not travel, whoever reads along; a wrong one is refused; a token is known by name only.
ACCOUNT = "/hosts/alice/client/accounts/0"
scram = ['/hosts/mail/mta/services=[{"kind":"submission","port":587,"mechanisms":"SCRAM-SHA-256"},"relay"]',
         ACCOUNT + '/submit/mechanisms=SCRAM-SHA-256',
         "/hosts/bob-desktop/client/accounts/0/fetch/plain_command=false",
         '/hosts/mx/store/services=[{"kind":"pop3","mechanisms":"SCRAM-SHA-256"},{"kind":"imap","mechanisms":"SCRAM-SHA-256"}]']
r = Run("first-message", *scram)
said = [x.get("text", "") for x in r.records if x["kind"] in ("command", "response")]
r.claim(r.delivered() == 1 and (235, "2.7.0") in r.replies("mail"), "a login by SCRAM sends", r.replies("mail"))
r.claim(len([x for x in said if x.split(" ")[0] == "AUTH" and "SCRAM-SHA-256" in x]) == 2, "by SMTP and POP3", said)
r.claim(any("AUTHENTICATE SCRAM-SHA-256" in x for x in said), "and by IMAP", said)
r.claim(len(trace.select(r.records, "client", event="message")) == 2, "both of Bob's programs read", said)
r = Run("first-message", *scram, ACCOUNT + "/password=wrong")
r.says("mail", 535, "5.7.8")
r.claim(r.delivered() == 0, "a wrong proof sends nothing")
r = Run("first-message", scram[0])
r.claim(r.delivered() == 0 and "AUTH" not in r.verbs("alice"), "who knows only PLAIN does not log in there", r.verbs("alice"))

# MX preference decides who is tried first. In mx-down mx1 is off at first.
order = [s[1] for s in Run("mx-down").syns() if s[0] == "mail" and s[2] == 25]
r = Run("mx-down", "/zones/example.org/records/1=@ MX 30 mx1")
swapped = [s[1] for s in r.syns() if s[0] == "mail" and s[2] == 25]
r.claim(order[:1] != swapped[:1], "the other server is tried first", f"{order[:4]} {swapped[:4]}")

# The quota of a mailbox, the size of a message, the number of hops and of recipients.
r = Run("first-message", BOB + '={"password":"builder","quota":100}')
r.bounces("5.2.2", "mx")
r.claim(trace.select(r.records, "mailbox", event="over-quota", user="bob"), "the mailbox is over its quota")
r = Run("mailbox-full", BOB + "/quota=1MB")
r.claim(not r.queue("bounced") and r.status == 1, "with room nothing bounces, and the lesson misses its bounce")
r = Run("first-message", "/hosts/mx/mta/size_max=1000")
r.bounces("5.3.4", "mail")
r.claim("MAIL" not in r.verbs("mail"), "a message that is too big for SIZE is not offered")
r = Run("first-message", "/hosts/mx/mta/hops_max=1")
r.says("mx", 554, "5.4.6")
r.bounces("5.4.6", "mail")
three = '/messages/lunch/to=["bob@example.org","alice@example.com","bob@example.org","postmaster@example.com"]'
r = Run("first-message", three, "/hosts/mail/mta/recipients_max=2")
r.says("mail", 452, "4.5.3")
r.claim(r.delivered("alice") == 1 and r.delivered("postmaster") == 0, "those who were accepted get it")

# Who exists, and for whom.
r = Run("first-message", "/messages/lunch/to=nobbody@example.org")
r.says("mx", 550, "5.1.1")
r.bounces("5.1.1", "mail")
r = Run("first-message", "/messages/lunch/to=nobbody@example.org", "/hosts/mx/mta/accepts_unknown_users=true")
r.claim((550, "5.1.1") not in r.replies("mx"), "a server that accepts all does not say 550")
r.bounces("5.1.1", "mx")
r = Run("first-message", '/hosts/mx/mta/domains=["example.net"]')
r.says("mx", 554, "5.7.1")
r = Run("first-message", "/messages/lunch/to=bob@nowhere.example")
r.bounces("5.1.2", "mail")
r.claim(not [s for s in r.syns() if s[0] == "mail"], "no domain, no connection")
r = Run("first-message", "/zones/example.org/records/1=@ MX 0 .")
r.bounces("5.1.10", "mail")
r = Run("first-message", '/hosts/mx/mta/aliases={"team":["bob","postmaster"]}', "/messages/lunch/to=team@example.org")
r.claim(r.delivered("bob") == r.delivered("postmaster") == 1, "an alias is as many as it names")
r = Run("first-message", "/messages/lunch/from=eve@example.com", "/hosts/mail/mta/sender_must_match=true")
r.says("mail", 553, "5.7.1")
r = Run("open-relay", "/hosts/careless/mta/open_relay=false")
r.claim((554, "5.7.1") in r.replies("careless") or r.delivered("bob") == 0, "a relay that is closed says so", r.replies("careless"))

# Later, not never.
r = Run("first-message", '/hosts/mx/mta/refusals=[{"command":"RCPT","code":450,"status":"4.7.1","first":1}]', until="1h")
r.says("mx", 450, "4.7.1")
r.defers("4.7.1")
r.claim(r.delivered() == 1 and r.records[-1]["t_ns"] > 300 * 10**9, "greylisting costs five minutes", r.delivered())
r = Run("first-message", '/hosts/mx/mta/refusals=[{"command":"MAIL","code":550,"status":"5.7.1","match":"example.com"}]')
r.says("mx", 550, "5.7.1")
r.bounces("5.7.1", "mail")
r = Run("first-message", "/hosts/mx/down={}")
r.defers("4.4.1")
r = Run("first-message", "/hosts/mx/down={}", "/hosts/mail/mta/delay_notice=never", "/hosts/mail/mta/expire=2h", until="4h")
r.claim({trace.attr(x, "dsn") for x in r.queue("expired") + r.queue("bounced")} & {"4.4.1", "4.4.7", "5.4.7"}, "patience ends", r.queue("expired"))
r.claim(r.delivered("alice") == 1, "and the sender is told", r.delivered("alice"))
r = Run("first-message", "/hosts/ns-org/dns/fault=servfail")
r.defers("4.4.3")

# What a server offers decides what a client says.
r = Run("first-message", "/hosts/mx/mta/helo_only=true")
r.claim(r.verbs("mail")[:2] == ["EHLO", "HELO"] and r.delivered() == 1, "after EHLO fails HELO is tried", r.verbs("mail"))
r = Run("first-message", "/hosts/mx/mta/no_pipelining=true")


def groups(run):
    """The frames in which mail has sent its commands."""
    return [x["frame"] for x in run.records if x["kind"] == "command" and x.get("proto") == "smtp" and x["host"] == "mail"]


r.claim(len(set(groups(r))) == len(groups(r)) and len(set(groups(plain))) < len(groups(plain)),
        "without PIPELINING each command waits for its answer", groups(r))
r = Run("first-message", "/hosts/mail/mta/relayhost=203.0.113.25")
r.claim(r.delivered() == 1 and not any(x["kind"] == "query" and x["host"] == "mail" for x in r.records), "a relayhost needs no MX")
r = Run("first-message", "/hosts/mail/mta/relayhost=203.0.113.25", "/hosts/mail/mta/relay_port=2525",
        '/hosts/mx/mta/services=["relay 2525"]')
r.claim(r.delivered() == 1 and ("mail", "mx", 2525) in r.syns(), "relay_port is where the relayhost is called", r.syns())
r = Run("first-message", "/hosts/bob-desktop/client/accounts/0/fetch/keep=false")
r.claim(any(x.get("text", "").startswith("DELE") for x in r.records), "POP3 that does not keep deletes")

# The line.
r = Run("first-message", "/links/dsl/rate=64kbit", "/links/dsl/delay=300ms")
slow, fast = (trace.select(x.records, "client", event="sent")[0]["t_ns"] for x in (r, plain))
r.claim(slow > 3 * fast, "a slow line takes its time", f"{slow} ns, {fast} ns")
r = Run("lossy-link", "/links/dsl/faults=[]", "/links/com/faults=[]")
r.claim(not trace.select(r.records, "dropped") and not trace.select(r.records, "tcp-timer") and r.delivered("carol") == 1,
        "without faults nothing is repeated")
r = Run("first-message", '/hosts/internet/firewall=[{"action":"reject","proto":"tcp","port":587}]')
r.claim(trace.select(r.records, "client", event="send-failed", result="refused"), "a firewall that rejects refuses")
r = Run("first-message", '/hosts/internet/firewall=[{"action":"drop","proto":"tcp","port":587}]')
r.claim(trace.select(r.records, "client", event="send-failed", result="timed-out"), "a firewall that drops lets wait")

# Each setting may be given many times; the last one holds, and a mistake is told with its place.
r = Run("first-message", "/hosts/alice/client/accounts/0/password=wrong", "/hosts/alice/client/accounts/0/password=wonderland")
r.claim(r.status == 0, "the last --set of a value holds")
for wrong, word in (("/hosts/mx/dwon={}", "down"), ("hosts/mx", "/"), ("/seed", "="), ("/hosts/nobody/down={}", "nobody"),
                    ("/hosts/mx/mta/size_max=big", "size"), ("/hosts/mx=null", "mx")):
    p = trace.mailwalk("run", "first-message", "--set", wrong)
    err = p.stderr.decode()
    report.check(p.returncode == 2 and err.startswith("mailwalk: ") and word in err and not p.stdout, "a wrong --set is refused with exit 2",
                 f"{wrong}: {p.returncode} {err} {p.stdout[:80]}")
report.end()
