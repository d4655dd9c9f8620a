"""A setting that changes while the world runs: nothing before it differs, and what comes after meets the new setting."""
import copy
import json
import os
import re
import tempfile

import trace

report = trace.Report()
MINUTE = 60 * 10**9
SEND = ["a", "b", "c"]  # messages that alice sends at 1, 11 and 21 minutes
READ = ["ra", "rb", "rc"]  # bob reads 5 minutes after each

WORLD = {
    "title": "A small world",
    "until": "2h",
    "links": {"home": {"delay": "2ms"}, "world": {"delay": "5ms"}},
    "hosts": {
        "alice": {"interfaces": ["home 192.0.2.10/24"], "resolvers": ["198.51.100.54"],
                  "client": {"accounts": [{"address": "alice@a.test", "password": "wonderland",
                                           "submit": {"server": "mail.a.test"}}]}},
        "bob": {"interfaces": ["home 192.0.2.11/24"], "resolvers": ["198.51.100.54"],
                "client": {"accounts": [{"address": "bob@b.test", "password": "builder",
                                         "fetch": {"kind": "pop3", "server": "mx.b.test"}}]}},
        "router": {"router": True, "interfaces": ["home 192.0.2.1/24", "world 198.51.100.1/24"], "firewall": []},
        "dns": {"interfaces": ["world 198.51.100.53/24"], "dns": {"zones": [".", "a.test", "b.test"]}},
        "resolver": {"interfaces": ["world 198.51.100.54/24"], "resolver": {}},
        "mail": {"fqdn": "mail.a.test", "interfaces": ["world 198.51.100.25/24"], "resolvers": ["198.51.100.54"],
                 "mta": {"domains": ["a.test"], "retry_first": "5m", "retry_max": "5m"},
                 "store": {"users": {"alice": "wonderland"}}},
        "mx": {"fqdn": "mx.b.test", "interfaces": ["world 198.51.100.26/24"], "resolvers": ["198.51.100.54"],
               "mta": {"domains": ["b.test"]}, "store": {"users": {"bob": "builder", "zoe": "zebra"}}},
        "mx2": {"fqdn": "mx2.b.test", "interfaces": ["world 198.51.100.27/24"], "resolvers": ["198.51.100.54"],
                "mta": {"domains": ["b.test"]}, "store": {"users": {"bob": "builder"}}},
    },
    "zones": {
        ".": {"records": ["@ NS ns.a.test.", "a.test. NS ns.a.test.", "b.test. NS ns.a.test.", "ns.a.test. A 198.51.100.53"]},
        "a.test": {"records": ["@ NS ns", "@ MX 10 mail", "ns A 198.51.100.53", "mail A 198.51.100.25"]},
        "b.test": {"ttl": 900, "records": ["@ NS ns.a.test.", "@ MX 10 mx", "mx A 198.51.100.26", "mx2 A 198.51.100.27"]},
    },
    "messages": {n: {"to": "bob@b.test", "subject": n, "text": n} for n in SEND},
    "actions": [{"name": n, "do": "send", "host": "alice", "at": f"{1 + 10 * i}m", "message": n} for i, n in enumerate(SEND)]
    + [{"name": n, "do": "fetch", "host": "bob", "at": f"{6 + 10 * i}m", "times": 1} for i, n in enumerate(READ)],
}
folder = tempfile.TemporaryDirectory()
MX, STORE = "/hosts/mx/mta", "/hosts/mx/store"
ALICE, BOB = "/hosts/alice/client/accounts/0", "/hosts/bob/client/accounts/0"


def change(at, pointer, value):
    return {"at": at, "set": pointer, "to": value}


class Run:
    def __init__(self, what, *changes, edit=None, sets=()):
        world = copy.deepcopy(WORLD)
        if edit:
            edit(world)
        if changes:
            world["changes"] = list(changes)
        self.what, path = what, os.path.join(folder.name, "small.json")
        with open(path, "w") as f:
            json.dump(world, f)
        args = [x for s in sets for x in ("--set", s)]
        p = trace.mailwalk("run", path, "--format", "jsonl", "--level", "packet", *args)
        self.status, self.err = p.returncode, p.stderr.decode()
        self.lines = p.stdout.decode().splitlines()
        self.records = [json.loads(line) for line in self.lines]

    def claim(self, ok, heading, got=""):
        report.check(ok, heading, f"{self.what}: {got}")

    def result(self, action):
        """How the errand of an action went."""
        found = [trace.attr(r, "result") for r in trace.select(self.records, "client", event="action-done")
                 if trace.attr(r, "action") == action]
        return found[0] if found else None

    def stored(self, host, user="bob"):
        """Subjects are names: at which minute each message came into the INBOX."""
        return [r["t_ns"] // MINUTE for r in trace.select(self.records, "mailbox", event="stored", user=user)
                if r["host"] == host]

    def codes(self, host, since=0, until=10**18):
        return [r.get("code") for r in self.records if r["kind"] == "reply" and r["host"] == host and r.get("code")
                and since * MINUTE <= r["t_ns"] < until * MINUTE]

    def before(self, at_ns):
        """The lines of records that come before a moment."""
        return [line for line, r in zip(self.lines, self.records) if r["t_ns"] < at_ns]


plain = Run("plain")
plain.claim(plain.status == 0 and plain.stored("mx") == [1, 11, 21] and [plain.result(n) for n in SEND + READ] == ["ok"] * 6,
            "the world as it is delivers and is read", plain.err or [plain.result(n) for n in SEND + READ])
AT = 10 * MINUTE
tried = 0


def changed(what, pointer, value, **kw):
    """A run with one change at 10 minutes; nothing before it may differ, and the change is told once."""
    global tried
    tried += 1
    base = Run(what, **kw) if kw else plain
    r = Run(what, change("10m", pointer, value), **kw)
    r.claim(not r.err and r.status == 0, "a run with a change runs", r.err)
    a, b = base.before(AT), r.before(AT)
    r.claim(len(a) > 100 and a == b, "nothing before the change differs", f"{len(a)} {len(b)} records")
    told = trace.select(r.records, "config", event="changed")
    r.claim(len(told) == 1 and told[0]["t_ns"] == AT and trace.attr(told[0], "pointer") == "/changes/0"
            and re.fullmatch(re.escape(pointer[:-1]) + r"\d+" if pointer.endswith("/-") else re.escape(pointer), trace.attr(told[0], "set")),
            "the change is told", told)
    again = Run(what, change("10m", pointer, value), **kw)
    r.claim(again.lines == r.lines, "the same bytes every time")
    return r


# ---- users: password, quota, who comes and who goes --------------------------------------------------------
r = changed("a password that a program does not know", STORE + "/users/bob", "other")
r.claim([r.result(n) for n in READ] == ["ok", "auth-failed", "auth-failed"], "the old password opens no more", [r.result(n) for n in READ])
wrong = {"edit": lambda w: w["hosts"]["bob"]["client"]["accounts"][0].update(password="wrong")}
r = changed("the program's password is put right", BOB + "/password", "builder", **wrong)
r.claim([r.result(n) for n in READ] == ["auth-failed", "ok", "ok"], "the next errand has the new password", [r.result(n) for n in READ])
r = changed("a user goes", STORE + "/users/bob", None)
r.claim(r.stored("mx") == [1] and 550 in r.codes("mx", 10) and 550 not in r.codes("mx", 0, 10) and r.result("rb") == "auth-failed",
        "who is gone gets no mail and cannot log in", (r.stored("mx"), r.result("rb")))
away = {"edit": lambda w: w["hosts"]["mx"]["store"]["users"].pop("bob")}
r = changed("a user comes", STORE + "/users/bob", "builder", **away)
r.claim(r.stored("mx") == [11, 21] and [r.result(n) for n in READ] == ["auth-failed", "ok", "ok"], "who is new gets mail and logs in",
        (r.stored("mx"), [r.result(n) for n in READ]))
r = Run("a user goes and comes back", change("10m", STORE + "/users/bob", None), change("20m", STORE + "/users/bob", "builder"),
        edit=lambda w: w["hosts"]["bob"]["client"]["accounts"][0]["fetch"].update(keep=True))
r.claim(r.stored("mx") == [1, 21] and [trace.attr(x, "messages") for x in trace.select(r.records, "mailbox", event="stored", user="bob")] == [1, 2],
        "the old mail is there when a user comes back", r.stored("mx"))
crowd = {f"u{i}": "p" for i in range(15000)}
began = os.times().children_user
r = Run("a crowd comes", change("10m", STORE + "/users", {**crowd, "bob": "builder"}),
        *[change("11m", MX + "/size_max", 5000 + i) for i in range(10)],
        edit=lambda w: (w["messages"]["a"].update(to="u14999@b.test"), w["messages"]["b"].update(to="u14999@b.test")))
r.claim(r.stored("mx", "u14999") == [11] and r.stored("mx") == [21] and r.status == 0, "each of them is found, and bob is", r.err[:300])
spent = os.times().children_user - began
r.claim(spent < 5, "users are not compared each with each", spent)
r = changed("a quota", STORE + "/users/bob", {"password": "builder", "quota": 10})
r.claim(r.stored("mx") == [1] and trace.select(r.records, "mailbox", event="over-quota", user="bob"), "no room any more", r.stored("mx"))

r = changed("a password behind SCRAM", "/hosts/mail/store/users/alice", "other", edit=lambda w: w["hosts"]["mail"]["mta"].update(
    services=["relay", {"kind": "submission", "mechanisms": "SCRAM-SHA-256"}]))
r.claim([r.result(n) for n in SEND] == ["ok", "auth-failed", "auth-failed"], "the keys of the old password are gone", [r.result(n) for n in SEND])
r = changed("another way to log in", BOB + "/fetch/plain_command", True,
            edit=lambda w: w["hosts"]["bob"]["client"]["accounts"][0]["fetch"].update(keep=True))
r.claim([trace.attr(x, "message") for x in trace.select(r.records, "client", event="message")] == SEND,
        "what the program has it remembers, whatever its settings", [trace.attr(x, "message") for x in trace.select(r.records, "client", event="message")])

# ---- ports and what they offer ----------------------------------------------------------------------------------
both = {"edit": lambda w: w["hosts"]["mx"]["store"].update(services=["pop3", "imap"])}
r = changed("POP3 moves to 1110", STORE + "/services/0", "pop3 1110", **both)
r.claim([r.result(n) for n in READ] == ["ok", "refused", "refused"], "the old port refuses", [r.result(n) for n in READ])
r = Run("the program follows", change("10m", STORE + "/services/0", "pop3 1110"), change("20m", BOB + "/fetch/port", 1110), **both)
r.claim([r.result(n) for n in READ] == ["ok", "refused", "ok"], "the new port serves", [r.result(n) for n in READ])
r = changed("submission offers no login", "/hosts/mail/mta/services", ["relay"])
r.claim([r.result(n) for n in SEND] == ["ok", "refused", "refused"], "nobody listens on 587", [r.result(n) for n in SEND])
r = changed("a server learns STARTTLS", MX + "/services", ["relay 25 starttls"])
said = [(x["t_ns"] // MINUTE, x["text"]) for x in r.records if x["kind"] == "command" and x["host"] == "mail" and x.get("text")]
r.claim([m for m, t in said if t == "STARTTLS"] == [11, 21], "STARTTLS is offered from then on", [t for t in said if t[1] == "STARTTLS"])
r = changed("another name", MX + "/hostname", "relay.b.test")
greet = [x["text"] for x in r.records if x["kind"] == "reply" and x["host"] == "mx" and x.get("code") == 220 and x["proto"] == "smtp"]
r.claim(["mx.b.test" in greet[0], "relay.b.test" in greet[1]] == [True, True], "it greets with its new name", greet)
r = changed("a smaller size", MX + "/size_max", "1KB")
ehlo = [x["text"] for x in r.records if x["kind"] == "reply" and x["host"] == "mx" and "SIZE" in x.get("text", "")]
r.claim(["SIZE 10240000" in ehlo[0], "SIZE 1000" in ehlo[1]] == [True, True], "EHLO offers the new size", ehlo)

# ---- what is asked at each command ------------------------------------------------------------------------------
r = changed("greylisting", MX + "/refusals/-", {"command": "RCPT", "code": 450, "first": 1})
r.claim(r.stored("mx") == [1, 16, 21] and r.codes("mx").count(450) == 1, "refused once, then taken", (r.stored("mx"), r.codes("mx")))
grey = {"edit": lambda w: w["hosts"]["mx"]["mta"].update(refusals=[{"command": "RCPT", "code": 450, "first": 1}])}
r = changed("a rule beside another", MX + "/refusals/-", {"command": "RCPT", "match": "zoe", "code": 550}, **grey)
r.claim(r.codes("mx").count(450) == 1, "a rule that stays goes on counting", r.codes("mx"))
r = changed("another domain", MX + "/domains", ["c.test"])
r.claim(r.stored("mx") == [1] and 554 in r.codes("mx", 10), "it relays for nobody", r.codes("mx", 10))
r = changed("a relay host", "/hosts/mail/mta/relayhost", "mx2.b.test")
r.claim(r.stored("mx") == [1] and r.stored("mx2") == [11, 21], "everything goes there", (r.stored("mx"), r.stored("mx2")))
r = changed("an alias comes", MX + "/aliases", {"carl": "zoe"},
            edit=lambda w: [m.update(to="carl@b.test") for m in w["messages"].values()])
r.claim(r.stored("mx", "zoe") == [11, 21], "the alias leads to zoe", r.stored("mx", "zoe"))

# ---- a queue: the fault is mended while the message waits -------------------------------------------------------------
broken = {"edit": lambda w: w["hosts"]["mail"]["mta"].update(relayhost="198.51.100.99")}
r = changed("a relay host is put right", "/hosts/mail/mta/relayhost", "mx.b.test", **broken)
waits = [trace.attr(x, "next_try_ms") for x in trace.select(r.records, "queue", event="deferred")]
r.claim(r.stored("mx") == [11, 12, 21] or len(r.stored("mx")) == 3, "what waited goes at its next attempt", (r.stored("mx"), waits))
r.claim(r.stored("mx")[0] >= 11 and trace.select(r.records, "queue", event="deferred"), "it had to wait before", waits)
r = changed("longer pauses", "/hosts/mail/mta/retry_first", "5s", edit=lambda w: w["hosts"]["mx"].update(down={"from": "0s"}))
waits = sorted({trace.attr(x, "next_try_ms") for x in trace.select(r.records, "queue", event="deferred")})
r.claim(waits and waits[0] < 60000 and waits[-1] == 300000, "pauses are as they were told when they begin", waits)

# ---- the DNS: the zone at once, caches when the TTL is over -----------------------------------------------------------
r = changed("the MX moves", "/zones/b.test/records/1", "@ MX 10 mx2")
r.claim(r.stored("mx") == [1, 11] and r.stored("mx2") == [21], "the cache keeps the old MX for its TTL", (r.stored("mx"), r.stored("mx2")))
short = {"edit": lambda w: w["zones"]["b.test"].update(ttl=60)}
r = changed("the MX moves, with a short TTL", "/zones/b.test/records/1", "@ MX 10 mx2", **short)
r.claim(r.stored("mx") == [1] and r.stored("mx2") == [11, 21], "a short TTL is over sooner", (r.stored("mx"), r.stored("mx2")))
r = changed("a DNS server fails", "/hosts/dns/dns/fault", "servfail", **short)
r.claim(r.stored("mx") == [1] and r.result("rc") != "ok", "nothing is found any more", (r.stored("mx"), r.result("rc")))
def second(w):
    w["hosts"]["dns2"] = {"interfaces": ["world 198.51.100.52/24"], "dns": {"zones": ["b.test"]}}
    w["zones"]["."]["records"][2:3] = ["b.test. 60 NS ns2.a.test.", "ns2.a.test. A 198.51.100.53"]
    w["zones"]["a.test"]["records"].append("ns2 A 198.51.100.53")
    w["zones"]["b.test"] = {"ttl": 60, "records": ["@ NS ns2.a.test.", "@ MX 10 mx", "mx A 198.51.100.26"]}


r = changed("a server gives a zone up", "/hosts/dns/dns/zones", [".", "a.test"], edit=second)
r.claim(r.stored("mx") == [1], "nobody who is asked serves it any more", r.stored("mx"))
r = changed("no more resolver", "/hosts/bob/resolvers", ["198.51.100.25"])
r.claim([r.result(n) for n in READ][1:] != ["ok", "ok"], "bob asks somebody who does not look for him", [r.result(n) for n in READ])

# ---- the network --------------------------------------------------------------------------------------------------------
r = changed("a firewall rule", "/hosts/router/firewall/-", {"action": "reject", "proto": "tcp", "port": 587})
r.claim([r.result(n) for n in SEND] == ["ok", "refused", "refused"], "the firewall refuses", [r.result(n) for n in SEND])
closed = {"edit": lambda w: w["hosts"]["router"].update(firewall=[{"action": "reject", "proto": "tcp", "port": 587}])}
r = changed("the firewall opens", "/hosts/router/firewall", [], **closed)
r.claim([r.result(n) for n in SEND] == ["refused", "ok", "ok"], "the firewall lets pass", [r.result(n) for n in SEND])
r = changed("a slow link", "/links/home/delay", "300ms")


def took(run, action):
    t = [x["t_ns"] for x in trace.select(run.records, "client") if trace.attr(x, "action") == action]
    return (max(t) - min(t)) // 10**6


r.claim(took(r, "a") < 400 and took(r, "b") > 2000, "everything takes longer", (took(r, "a"), took(r, "b")))
r = changed("a cut link", "/links/home/faults/-", {"fault": "cut"})
r.claim(r.result("a") == "ok" and r.result("b") not in ("ok", None), "nothing passes", r.result("b"))
lossy = {"edit": lambda w: w["links"]["home"].update(faults=[{"fault": "loss", "name": "l", "chance": "20%"}])}
r = changed("a lossy link heals", "/links/home/faults/0", None, **lossy)
lost = [x["t_ns"] // MINUTE for x in trace.select(r.records, "dropped") if trace.attr(x, "fault") == "l"]
r.claim(lost and max(lost) < 10, "nothing is lost any more", lost)
r = changed("one of two faults", "/links/home/faults/0", {"fault": "loss", "name": "new", "chance": "100%", "from": "15m"},
            edit=lambda w: w["links"]["home"].update(faults=[{"fault": "loss", "name": n, "chance": "100%", "from": "15m"} for n in ("old", "behind")]))
lost = {trace.attr(x, "fault") for x in trace.select(r.records, "dropped") if trace.attr(x, "why") == "loss"}
r.claim(lost == {"new"}, "it stands where the old one stood: before the other", lost)
nth = {"edit": lambda w: w["links"]["home"].update(faults=[{"fault": "drop", "name": "n", "nth": [60]}])}
base = Run("the 60th frame", **nth)
r = changed("a fault beside another", "/links/home/faults/-", {"fault": "cut", "from": "119m"}, **nth)
lost = [[x["t_ns"] for x in trace.select(y.records, "dropped") if trace.attr(x, "fault") == "n"] for y in (base, r)]
r.claim(lost[0] == lost[1] and len(lost[0]) == 1 and lost[0][0] > AT, "one that stays goes on counting", lost)
r = Run("two faults, one after the other", *[change("10m", "/links/home/faults/-", {"fault": "lag", "name": n, "extra": "1s"}) for n in ("x", "y")],
        change("20m", "/links/home/faults/0", None))
acted = {(trace.attr(x, "fault"), x["t_ns"] < 2 * AT) for x in trace.select(r.records, "fault", event="acted")}
r.claim(acted == {("x", True), ("y", True), ("y", False)}, "both act, until one is taken away", acted)
begun = [trace.attr(x, "pointer") for x in trace.select(r.records, "fault", event="begin")]
r.claim(begun == ["/links/home/faults/0", "/links/home/faults/1"], "each has a pointer of its own", begun)
r = changed("a host is switched off", "/hosts/mx/down", {"until": "30m"})
r.claim(r.stored("mx")[0] == 1 and min(r.stored("mx")[1:]) >= 30 and len(r.stored("mx")) == 3, "it is off until then", r.stored("mx"))
off = {"edit": lambda w: w["hosts"]["mx"].update(down={"from": "0s"})}
r = changed("a host is switched on", "/hosts/mx/down", None, **off)
r.claim(len(r.stored("mx")) == 3 and min(r.stored("mx")) >= 10, "it is on again, and what waited comes", r.stored("mx"))
tls = {"edit": lambda w: (w["hosts"]["mail"]["mta"].update(services=["relay", "submissions"]),
                          w["hosts"]["alice"]["client"]["accounts"][0]["submit"].update(security="tls"))}
r = changed("a certificate expires", "/hosts/mail/certificate", {"fault": "expired"}, **tls)
r.claim([r.result(n) for n in SEND][0] == "ok" and r.result("b") == "not-secured", "the next handshake shows it", [r.result(n) for n in SEND])
nameless = {"edit": lambda w: (tls["edit"](w), w["hosts"]["mail"].pop("fqdn"), w["hosts"]["mail"]["mta"].update(hostname="mail.a.test"))}
r = changed("another name, with TLS", "/hosts/mail/mta/hostname", "post.a.test", **nameless)
r.claim([r.result(n) for n in SEND][0] == "ok" and r.result("b") == "not-secured", "the certificate has the new name alone", [r.result(n) for n in SEND])
r = changed("somebody in the middle", "/hosts/router/rewrites", [{"find": "AUTH", "with": "XXXX"}])
r.claim([trace.attr(x, "find") for x in trace.select(r.records, "fault", event="rewrote")] != [] and r.result("a") == "ok",
        "the router rewrites from then on", r.result("b"))

# ---- what somebody is going to do -----------------------------------------------------------------------------------------
def done(run, action):
    return [x["t_ns"] // MINUTE for x in trace.select(run.records, "client", event="action-done") if trace.attr(x, "action") == action]


r = changed("sent later", "/actions/1/at", "50m")
r.claim(done(r, "b") == [50] and done(r, "a") == [1] and done(r, "c") == [21], "it is done then", done(r, "b"))
r = changed("something else is sent", "/actions/1/message", "a")
r.claim([trace.attr(x, "message") for x in trace.select(r.records, "client", event="sent")] == ["a", "a", "c"], "another message")
again = {"edit": lambda w: w["actions"].append({"name": "rr", "do": "fetch", "host": "bob", "at": "4m", "every": "4m", "times": 4})}
r = changed("more seldom", "/actions/6/every", "20m", **again)
r.claim([trace.attr(x, "times") for x in trace.select(r.records, "client", event="action-done") if trace.attr(x, "action") == "rr"] == [4]
        and done(r, "rr") == [32], "the next pause is longer: 4, 8, 12, 32", done(r, "rr"))
r = changed("often enough", "/actions/6/times", 2, **again)
r.claim([trace.attr(x, "times") for x in trace.select(r.records, "client", event="action-done") if trace.attr(x, "action") == "rr"] == [2]
        and done(r, "rr") == [10], "there is no third time", done(r, "rr"))
follow = {"edit": lambda w: w["actions"].append({"name": "then", "do": "ping", "host": "bob", "server": "mx.b.test", "after": "a", "at": "1m"})}
r = changed("after another one, too late", "/actions/6/server", "mail.a.test", **follow)
r.claim(trace.attr(trace.select(r.records, "config", event="changed")[0], "late") == "yes" and done(r, "then") == [2], "it is told that it is too late")
follow["edit"] = lambda w: w["actions"].append({"name": "then", "do": "ping", "host": "bob", "server": "mx.b.test", "after": "b", "at": "1m"})
r = changed("after another one, in time", "/actions/6/at", "5m", **follow)
r.claim(done(r, "then") == [16], "the pause is longer", done(r, "then"))

# ---- conversations that are under way: a person types a line every two seconds from 1:00 on ------------------------------------
def typed(lines, port=25, server="mx.b.test", **store):
    def add(w):
        w["hosts"]["mx"]["store"].update(services=["pop3", "imap"], **store)
        w["actions"] = [{"name": "t", "do": "telnet", "host": "alice", "at": "1m", "server": server, "port": port, "lines": lines}]
    return {"edit": add}


def during(what, pointer, value, at, lines, port=25):
    """The codes that a conversation heard, with a change in its midst."""
    edit = typed(lines, port)
    base, r = Run(what, **edit), Run(what, change(at, pointer, value), **edit)
    at_ns = int(at[:-1]) * 10**9
    r.claim(base.before(at_ns) == r.before(at_ns) and len(r.before(at_ns)) > 40, "nothing before the change differs in a conversation")
    said = [x for x in r.records if x["kind"] == "reply" and x["host"] == "mx" and x["proto"] in ("smtp", "pop3", "imap")]
    return r, [x.get("code") or x["text"][:4] for x in said], [x["text"] for x in said]


RCPT = ["EHLO a", "MAIL FROM:<x@a.test>", "RCPT TO:<bob@b.test>", "RCPT TO:<zoe@b.test>", "RSET", "QUIT"]
r, codes, said = during("a user goes in the midst", STORE + "/users/zoe", None, "68s", RCPT)
r.claim(codes[-4:] == [250, 550, 250, 221], "who exists is asked at each RCPT", codes)
r, codes, said = during("the port closes in the midst", MX + "/services", ["relay 2525"], "66s", RCPT)
r.claim(codes[-4:] == [250, 250, 250, 221], "a conversation goes on when its port is closed", codes)
r, codes, said = during("SIZE changes in the midst", MX + "/size_max", 1000, "64s", ["EHLO a", "MAIL FROM:<x@a.test> SIZE=5000", "QUIT"])
r.claim(codes[-2:] == [250, 221], "what EHLO has offered holds for the conversation", codes)
r, codes, said = during("a rule in the midst", MX + "/refusals/-", {"command": "RCPT", "code": 451}, "68s", RCPT)
r.claim(codes[-4:] == [250, 451, 250, 221], "a rule is asked at each command", codes)
POP = ["USER bob", "PASS builder", "STAT", "STAT", "QUIT"]
r, codes, said = during("POP3: the password changes in the midst", STORE + "/users/bob", "other", "68s", POP, 110)
r.claim([c[:3] for c in codes[-4:]] == ["+OK"] * 4, "who is in stays in", said)
r, codes, said = during("POP3: the user goes in the midst", STORE + "/users/bob", None, "68s", POP, 110)
r.claim([c[:3] for c in codes[-4:]] == ["+OK"] * 4, "who is in stays in, even without an account", said)
r, codes, said = during("POP3: before the password is said", STORE + "/users/bob", "other", "63s", POP, 110)
r.claim(any(c[:4] == "-ERR" for c in codes), "the password is compared when it is said", said)
IMAP = ["a LOGIN bob builder", "b SELECT INBOX", "c NOOP", "d NOOP", "e LOGOUT"]
r, codes, said = during("IMAP: the user goes in the midst", STORE + "/users/bob", None, "68s", IMAP, 143)
r.claim(said[-1].startswith("e OK") and not any(" NO " in s or " BAD " in s for s in said), "IMAP goes on too", said)

# ---- two at once, and in which order ----------------------------------------------------------------------------------
r = Run("order", change("10m", MX + "/size_max", 2000), change("10m", MX + "/size_max", 3000), change("5m", MX + "/size_max", 5000))
told = [(x["t_ns"] // MINUTE, trace.attr(x, "pointer"), trace.attr(x, "was"), trace.attr(x, "value"))
        for x in trace.select(r.records, "config", event="changed")]
r.claim(told == [(5, "/changes/2", "", "5000"), (10, "/changes/0", "5000", "2000"), (10, "/changes/1", "2000", "3000")],
        "in the order of time, then of the list", told)
r = Run("by --set", sets=['/changes/-={"at":"600000000001ns","set":"' + BOB + '/password","to":"x"}'])
r.claim(not r.err and trace.select(r.records, "config", event="changed")[0]["t_ns"] == AT + 1 and r.before(AT + 1) == plain.before(AT + 1)
        and r.result("rb") == "auth-failed", "--set adds a change, to the nanosecond", r.err)
r = Run("a long value", change("10m", MX + "/domains", ["b.test"] + [f"d{i:03}.test" for i in range(180)]))
told = trace.select(r.records, "config", event="changed")[0]
r.claim(len(trace.attr(told, "value")) == 403 and trace.attr(told, "value").endswith("...") and trace.attr(told, "was") == '["b.test"]', "a long value is cut", told)
r = Run("a secret", change("10m", STORE + "/users/bob", "hush-hush"))
r.claim("hush-hush" not in "\n".join(r.lines), "a new password is not shown")

# ---- a reload that changes nothing is not noticed, wherever it comes ----------------------------------------------------------
def without(lines):
    """Records without those that tell of changes, numbered as if they had never been."""
    records, numbers, kept = [json.loads(line) for line in lines], {0: 0}, []
    for i, x in enumerate(records):
        edit = x["kind"] == "config" and trace.attr(x, "event") == "changed" or x["kind"] == "phase" and trace.attr(x, "step") in ("RELOAD", "ZONE_EDITED")
        if not edit:
            numbers[x["seq"]] = len(numbers)
            kept.append(x)
    for x in kept:
        x["seq"], x["cause"] = numbers[x["seq"]], numbers[x["cause"]]
    return kept


def run_lesson(name, *sets):
    p = trace.mailwalk("run", name, "--format", "jsonl", "--level", "packet", *[x for s in sets for x in ("--set", s)])
    return p.stdout.decode().splitlines(), p.stderr.decode()


same = 0
for lesson in ("first-message", "two-recipients-one-bad", "mailbox-full", "pop3-or-imap", "mx-down", "lossy-link", "wrong-port", "open-relay"):
    with open(f"scenarios/{lesson}.json") as f:
        file = json.load(f)
    lines, err = run_lesson(lesson)
    moments = sorted({json.loads(line)["t_ns"] for line in lines})
    places = [(f"/hosts/{h}/{k}", v) for h, host in file["hosts"].items()
              for k, v in list({f"{role}/{key}": host[role][key] for role in ("mta", "store", "client") if role in host for key in host[role]}.items())
              + [(key, host[key]) for key in ("firewall", "resolvers", "down") if key in host]]
    places += [(f"/zones/{z}", v) for z, v in file.get("zones", {}).items()]
    places += [(f"/links/{n}/{k}", v) for n, link in file["links"].items() for k, v in link.items() if k in ("delay", "rate", "faults", "jitter")]
    same += len(places)
    at = [moments[(i * 7919 + 1) % (len(moments) - 2)] for i in range(len(places))]
    sets = ["/changes/-=" + json.dumps({"at": f"{t}ns", "set": p, "to": v}) for t, (p, v) in zip(at, places) if not p.endswith("/note")]
    got, err = run_lesson(lesson, *sets[:90])
    a, b = without(lines), without(got)
    a, b = [x for x in a if x["kind"] != "opening"], [x for x in b if x["kind"] != "opening"]
    first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None)
    report.check(not err and a == b, "a reload that changes nothing is not noticed",
                 f"{lesson}: {err} {len(a)} {len(b)} records, {'' if first is None else (a[first], b[first])}")
report.check(same > 100, "many places", same)

# ---- what cannot change is refused, and said where ---------------------------------------------------------------------------
for pointer, value, word in (
        ("/hosts/mx/interfaces/0", "world 198.51.100.99/24", "from the start, with --set"), ("/hosts/mx/fqdn", "x.b.test", "--set"),
        ("/hosts/mx/mta", {}, "--set"), ("/hosts/new", {}, "--set"), ("/links/home", None, "--set"), ("/seed", 2, "--set"),
        ("/until", "1h", "--set"), ("/messages/a/text", "x", "--set"), ("/actions/0/at", "1h", "begins at 60 s, before"), ("/actions/1/at", "5m", "cannot begin at 300 s"), ("/actions/1/host", "bob", "--set"),
        ("/actions/-", {"do": "ping", "host": "bob", "server": "mx.b.test"}, "--set"), ("/changes/0/at", "1h", "--set"),
        ("/hosts/mx/mta/note", "x", "--set"), ("hosts", 1, "JSON pointer"), ("", 1, "empty"), ("/hosts/none/mta/size_max", 5000, "has no \"none\""),
        ("/hosts/mx/mta/refusals/3", {}, "has no"), (MX + "/size_max", "much", "/changes/0/to: then /hosts/mx/mta/size_max"),
        (MX + "/services", ["pop3"], "then /hosts/mx/mta/services/0: belongs into"), (MX + "/services/0", "relay 26", "has no \"services\""), ("/zones/b.test/records/1", "@ MX ten mx", "then /zones/b.test/records/1"),
        ("/zones/new.test", {"records": ["@ NS ns.a.test."]}, "no host serves"), (STORE + "/users/eve", {"password": "x", "messages": ["a"]}, "begins without"),
        (STORE + "/users/bob", {"password": "x", "mailboxes": ["Old"]}, "stay as they are"),
        (STORE + "/users/bob", {"password": "x", "full": {"from": "1h"}}, "for the whole run"), (STORE + "/users/eve", {"password": "x", "full": {}}, "for the whole run"),
        (STORE + "/users/bob/full", {"from": "1h"}, ""), ("/hosts/mx/delays", [{"by": "1s"}], ""), ("/hosts/mx/drops", [{"after": "RCPT"}], ""), (ALICE + "/submit", None, "cannot send")):
    r = Run(pointer, change("10m", pointer, value))
    r.claim(r.status == 2 and word in r.err and "/changes/0" in r.err, "what cannot change is refused", f"{word!r} not in {r.err}")
r = Run("late", change("2h", MX + "/size_max", 5000))
r.claim(r.status == 2 and "/changes/0/at" in r.err and "end of the run" in r.err, "not after the end", r.err)
r = Run("many", *[change("10m", MX + "/size_max", 5000 + i) for i in range(101)])
r.claim(r.status == 2 and "at most 100" in r.err, "not too many", r.err)
r = Run("as many", *[change("10m", MX + "/size_max", 5000 + i) for i in range(100)])
r.claim(r.status == 0 and len(trace.select(r.records, "config", event="changed")) == 100, "a hundred", r.err)
report.end()
