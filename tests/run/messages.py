"""Small, big and odd messages arrive intact or are refused with the right code; reports are what RFC 3464 says; no
accepted message is ever lost."""
import email
import email.policy
import email.utils
import ipaddress
import json
import os
import re
import sys

import trace

report = trace.Report()
HEAD = b"From: Alice <alice@example.com>\r\nTo: bob@example.org\r\nSubject: odd\r\nMessage-ID: <odd@example.com>\r\n" \
       b"Date: Mon, 3 Mar 2025 09:00:00 +0000\r\n"
USERS = 1001


def world(message, **changes):
    """Two servers between alice and bob; bob reads by IMAP and then by POP3. No DNS: relayhost and addresses."""
    mta = {"mail": {"domains": ["example.com"], "relayhost": "192.0.2.26"},
           "mx": {"domains": ["example.org"], "relayhost": "192.0.2.25"}}
    for key, value in changes.items():
        host, name = key.split("_", 1)
        mta[host][name] = value
    users = {"bob": "builder"}
    if len(message.get("envelope", message).get("to", [])) > 100:
        users.update({f"u{i}": "x" for i in range(1, USERS)})

    def reader(kind):
        return {"accounts": [{"address": "bob@example.org", "password": "builder",
                              "fetch": {"kind": kind, "server": "192.0.2.26", **({"keep": True} if kind == "pop3" else {})}}]}
    return {
        "title": "odd", "until": "2h",
        "links": {"lan": {"rate": "1Gbit", "delay": "1ms"}},
        "hosts": {
            "alice": {"interfaces": ["lan 192.0.2.10/24"], "client": {"accounts": [
                {"address": "alice@example.com", "password": "wonderland", "submit": {"server": "192.0.2.25"},
                 "fetch": {"kind": "imap", "server": "192.0.2.25"}}]}},
            "phone": {"interfaces": ["lan 192.0.2.11/24"], "client": reader("imap")},
            "desktop": {"interfaces": ["lan 192.0.2.12/24"], "client": reader("pop3")},
            "mail": {"fqdn": "mail.example.com", "interfaces": ["lan 192.0.2.25/24"], "mta": mta["mail"],
                     "store": {"users": {"alice": "wonderland"}}},
            "mx": {"fqdn": "mx.example.org", "interfaces": ["lan 192.0.2.26/24"], "mta": mta["mx"], "store": {"users": users}},
        },
        "messages": {"odd": {"to": ["bob@example.org"], **message}},
        "actions": [
            {"name": "send", "do": "send", "host": "alice", "message": "odd"},
            {"do": "fetch", "host": "phone", "at": "3m"}, {"do": "fetch", "host": "desktop", "at": "6m"},
            {"do": "fetch", "host": "alice", "at": "9m"},
        ],
    }


class Case:
    """A message on its way, and what became of it."""

    def __init__(self, folder, name, message, eml=None, **changes):
        self.name, self.folder = name, folder
        if eml is not None:
            message = {"eml": "odd.eml", **message}
            with open(os.path.join(folder, "odd.eml"), "wb") as f:
                f.write(eml)
        path = os.path.join(folder, "odd.json")
        with open(path, "w") as f:
            json.dump(world(message, **changes), f)
        self.pcap = os.path.join(folder, "odd.pcap")
        p = trace.mailwalk("run", path, "--format", "jsonl", "--pcap", self.pcap)
        self.records = trace.parse(p.stdout)
        self.error = p.stderr.decode()
        # A file that says what no mail program can send is refused before the run.
        self.loaded = not (eml is not None and p.returncode == 2 and re.search(r'/messages/odd/eml: "odd.eml" holds a (NUL|CR without LF)', self.error))
        if self.loaded:
            self.claim(p.returncode == 0 and not p.stderr, "the run ends well", f"{p.returncode} {self.error[:300]}")
        audit(name, self.records)

    def claim(self, ok, what, got=""):
        return report.check(ok, what, f"{self.name}: {got}")

    def fetched(self):
        return [(r["host"], trace.attr(r, "via"), trace.attr(r, "intact")) for r in trace.select(self.records, "client", event="message")
                if r["host"] in ("phone", "desktop")]

    def arrives(self):
        self.claim(sorted(self.fetched()) == [("desktop", "pop3", "yes"), ("phone", "imap", "yes")], "the message arrives intact", self.fetched() or self.why())

    def why(self):
        return [(r["kind"], r.get("text"), r.get("attrs", {}).get("event"), r.get("attrs", {}).get("status_text")) for r in self.records
                if r.get("code", 0) >= 400 or r["kind"] == "error"]

    def refused(self, *statuses):
        got = {r.get("status") for r in self.records if r["kind"] in ("reply", "queue", "client") and r.get("status", "2")[0] in "45"}
        self.claim(not self.fetched() and got & set(statuses), f"the message is refused with {' or '.join(statuses)}", f"{got} {self.fetched()}")

    def mail_seen(self, host):
        """Messages that a mail program has fetched, as octets, cut out of the IMAP or POP3 stream of the pcap."""
        address = {"alice": "192.0.2.10", "phone": "192.0.2.11", "desktop": "192.0.2.12"}[host]
        return cut_out(self.pcap, ipaddress.ip_address(address).packed)


def cut_out(pcap, address):
    """What IMAP and POP3 servers have sent to this address as messages."""
    found = []
    for flow in trace.reassemble(trace.read_pcap(pcap)):
        if not flow.answer or flow.key[2] != address:
            continue
        data = bytes(flow.data)
        if flow.key[1] == 143:
            for m in re.finditer(rb"BODY\[\] \{(\d+)\}\r\n", data):
                found.append(data[m.end():m.end() + int(m.group(1))])
        elif flow.key[1] == 110:
            for m in re.finditer(rb"\+OK[^\r]*(?:octets|follows)[^\r]*\r\n((?:[^.\r\n][^\r]*)?\r\n.*?)\r\n\.\r\n", data, re.S):
                found.append(re.sub(rb"(?m)^\.", b"", m.group(1)) + b"\r\n")
    return found


def audit(name, records):
    """An accepted message ends in a mailbox, at the next server, in a report, or is still in the queue; a report ends
    without another one (RFC 5321 section 6.1)."""
    held, given_up, made = {}, set(), 0
    for r in trace.select(records, "queue"):
        key, event = (r["host"], trace.attr(r, "queue_id")), trace.attr(r, "event")
        if event in ("accepted", "bounce-made", "delay-notice"):
            held.setdefault(key, {"recipients": trace.attr(r, "nrcpt"), "ended": 0, "report": trace.attr(r, "from") == ""})
            made += event == "bounce-made"
        elif event in ("sent", "bounced", "expired") and key in held:
            held[key]["ended"] += 1
            if event != "sent" and not held[key]["report"]:
                given_up.add(key)
        elif event == "removed":
            e = held.pop(key, None)
            report.check(e and e["ended"] >= e["recipients"] > 0, "a message leaves the queue when each recipient has ended", f"{name} {key} {e}")
    report.check(made <= len(given_up), "there is no report about a report", f"{name}: {made} reports, {len(given_up)} messages given up")


def lines(n):
    """n lines of 82 octets, all different."""
    return b"".join(b"%010d" % i + b"abcdefghij" * 7 + b"\r\n" for i in range(n))


def odd_messages(folder):
    body = HEAD + b"\r\n"
    Case(folder, "one octet of text", {"text": "x"}).arrives()
    Case(folder, "no text at all", {"subject": "nothing"}).arrives()
    Case(folder, "a header alone", {}, HEAD).arrives()
    c = Case(folder, "one octet", {}, b"x")
    c.claim(len(c.fetched()) in (0, 2), "one octet arrives twice or is refused", c.fetched())
    c.claim(len(c.fetched()) == 2 or c.why(), "one octet is not lost silently", c.why())
    Case(folder, "no end of line", {}, body + b"the last line has no end").arrives()
    Case(folder, "empty lines at the end", {}, body + b"x\r\n\r\n\r\n\r\n").arrives()
    Case(folder, "dots", {}, body + b".\r\n..\r\n...\r\n.x\r\n. \r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\nQUIT\r\n.\r\n").arrives()
    Case(folder, "dots without CHUNKING", {}, body + b".\r\n..\r\n.x\r\n.\r\nRSET\r\n.\r\n", mail_no_chunking=True, mx_no_chunking=True).arrives()
    Case(folder, "a line of 998 octets", {}, body + b"y" * 998 + b"\r\n").arrives()
    Case(folder, "UTF-8", {}, body.replace(b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                           b"Content-Transfer-Encoding: 8bit\r\n\r\n") + "Grüße, 日本, €\r\n".encode()).arrives()
    eight = Case(folder, "every octet above 127", {}, body + bytes(range(128, 256)) + b"\r\n")
    eight.arrives()
    eight.claim(any("BODY=8BITMIME" in r.get("text", "") for r in eight.records), "8-bit content is announced (RFC 6152)")
    c = Case(folder, "8 bits to a server that takes 7", {}, body + "Grüße\r\n".encode(), mx_no_8bitmime=True, mx_no_chunking=True)
    if c.fetched():  # converted: then no octet above 127 has gone to mx
        wire = [bytes(f.data) for f in trace.reassemble(trace.read_pcap(c.pcap)) if f.key[3] == 25]
        c.claim(wire and not any(x > 127 for w in wire for x in w), "no octet above 127 goes to a server without 8BITMIME")
    else:
        c.refused("5.6.3", "5.6.1", "5.6.7")
    # RFC 5322 section 4: NUL and bare CR or LF are obsolete; a server may refuse, nobody may be misled.
    for name, octets in (("NUL", b"a\0b\r\n"), ("bare CR", b"a\rb\r\n"), ("bare LF", b"a\nb\r\n"), ("CR CR LF", b"a\r\r\n"),
                         ("a long line", b"z" * 5000 + b"\r\n"), ("control characters", bytes(range(1, 9)) + b"\x1b[2J\x7f\r\n")):
        c = Case(folder, name, {}, body + octets + b"end\r\n")
        if c.fetched():
            c.arrives()
        elif c.loaded:
            c.refused("5.6.0", "5.6.1", "5.6.2", "5.6.3", "5.5.2", "5.5.4", "5.6.11", "5.3.4")
    # Ends of content that are none (SMTP smuggling): never a second message from eve.
    for end in (b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n"):
        inner = b"MAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil\r\n"
        for more in ({}, {"mail_no_chunking": True, "mx_no_chunking": True}):
            c = Case(folder, f"smuggling with {end!r} {list(more)}", {}, body + b"one" + end + inner, **more)
            c.claim(len(trace.select(c.records, "mailbox", event="stored", user="bob")) <= 1 and
                    not any("eve@" in str(trace.attr(r, "from")) for r in trace.select(c.records, "queue")),
                    "content never becomes a second message", c.fetched())


def big_messages(folder):
    Case(folder, "10 MB", {}, HEAD + b"\r\n" + lines(10000000 // 82)).arrives()
    c = Case(folder, "too big for its own server", {}, HEAD + b"\r\n" + lines(10500000 // 82))
    c.refused("5.3.4")
    c = Case(folder, "too big for the next server", {}, HEAD + b"\r\n" + lines(3000), mx_size_max=100000)
    c.refused("5.3.4")
    c = Case(folder, "too big, and the server says so only afterwards", {}, HEAD + b"\r\n" + lines(3000), mx_size_max=100000, mx_helo_only=True)
    c.claim(not c.fetched() and any(r.get("code") == 552 for r in c.records if r["kind"] == "reply"), "the message is refused with 552", c.why())
    Case(folder, "an attachment of 5 MB", {"text": "see", "attachments": [{"name": "x.bin", "size": "5MB"}]}).arrives()


def many_recipients(folder):
    """RFC 5321 section 4.5.3.1.8 asks for 100 at least; here it is 1,000."""
    people = [f"u{i}@example.org" for i in range(1, USERS)]
    envelope = {"text": "to all", "to": ["all@example.org"], "envelope": {"to": people}}

    def users(c):
        return sorted(trace.attr(r, "user") for r in trace.select(c.records, "mailbox", event="stored"))

    everybody = sorted(f"u{i}" for i in range(1, USERS))
    c = Case(folder, "1,000 recipients", envelope)
    c.claim(users(c) == everybody, "each of 1,000 mailboxes has it once", len(users(c)))
    c = Case(folder, "1,000 in To", {"text": "to all", "to": people})
    c.claim(users(c) == everybody, "each of 1,000 mailboxes has it once", f"{len(users(c))} {c.why()[:2]}")
    c = Case(folder, "one too many", envelope, mail_recipients_max=999)
    refused = [r for r in c.records if r["kind"] == "reply" and (r.get("code"), r.get("status")) == (452, "4.5.3")]
    c.claim(len(refused) == 1 and len(users(c)) == 999, "who is too many is told 452 4.5.3", f"{len(refused)} {len(users(c))}")
    # Section 4.5.3.1.10: the rest is tried again, in another transaction.
    c = Case(folder, "in pieces", envelope, mx_recipients_max=300)
    c.claim(users(c) == everybody, "those who were too many come later", f"{len(users(c))}")


def dsn(folder, name, raw, action, status, recipient, code=None):
    """One report, read by Python's email library."""
    m = email.message_from_bytes(raw, policy=email.policy.default)

    def claim(ok, what, got=""):
        return report.check(ok, what, f"{name}: {got}")

    claim(not m.defects and not any(p.defects for p in m.walk()), "a report has no defects", [p.defects for p in m.walk()])
    claim(str(m["Return-Path"]).strip() == "<>", "a report has the null return path", m["Return-Path"])
    claim(m.get_content_type() == "multipart/report" and m.get_param("report-type") == "delivery-status", "a report is multipart/report", m["Content-Type"])
    claim(m["Auto-Submitted"] in ("auto-replied", "auto-generated"), "a report says that no person wrote it (RFC 3834)", m["Auto-Submitted"])
    claim(all(m[h] for h in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")), "a report has a whole header", m.keys())
    parts = [p.get_content_type() for p in m.iter_parts()]
    claim(parts[:2] == ["text/plain", "message/delivery-status"] and parts[2:] in (["message/rfc822"], ["text/rfc822-headers"]),
          "a report has its three parts in order (RFC 3462)", parts)
    if len(parts) < 3:
        return
    text, fields, back = m.iter_parts()
    claim(recipient in text.get_content(), "its text names the recipient")
    about, *each = fields.get_payload()
    claim(re.match(r"dns; ?\S+\.\S+", str(about["Reporting-MTA"])), "Reporting-MTA is there", about.as_string())
    mine = [f for f in each if recipient in str(f["Final-Recipient"])]
    claim(len(mine) == 1, "one group of fields for the recipient", [f.as_string() for f in each])
    for f in mine:
        claim(f["Action"] == action and f["Status"] == status, f"Action: {action}, Status: {status}", f.as_string())
        claim(re.match(r"rfc822; ?", str(f["Final-Recipient"])), "Final-Recipient has its type", f["Final-Recipient"])
        if code:
            claim(re.match(rf"smtp; ?{code}", str(f["Diagnostic-Code"])), f"Diagnostic-Code has the reply {code}", f["Diagnostic-Code"])
            claim(f["Remote-MTA"], "Remote-MTA names who said it", f.as_string())
    returned = back.get_payload()[0] if back.get_content_type() == "message/rfc822" else back.get_content()
    claim("Subject" in str(returned), "the message, or its header, comes back", parts)


def reports(folder):
    c = Case(folder, "no such user", {"text": "hello", "to": ["nobbody@example.org"]})
    seen = c.mail_seen("alice")
    if c.claim(len(seen) == 1, "the sender reads one report", len(seen)):
        dsn(folder, c.name, seen[0], "failed", "5.1.1", "nobbody@example.org", 550)
    pcap = os.path.join(folder, "x.pcap")
    for scenario, ip, want in (("no-such-user", None, [("failed", "5.1.1", "nobbody@example.org", 550)]),
                               ("never-arrives", None, [("delayed", "4.4.1", "", None), ("failed", "", "", None)]),
                               ("mailbox-full", None, [("failed", "5.2.2", "bob@example.org", None)])):
        _, records, _ = trace.run(scenario, "--pcap", pcap)
        host = next(h for h in records[0]["hosts"] if h["name"] == "alice")
        addresses = [i[f].split("/")[0] for i in host["interfaces"] for f in ("ip4", "ip6") if f in i]
        seen = [x for a in addresses for x in cut_out(pcap, ipaddress.ip_address(a).packed) if b"multipart/report" in x]
        seen.sort(key=lambda raw: email.utils.parsedate_to_datetime(email.message_from_bytes(raw)["Date"]))
        report.check(len(seen) == len(want), "Alice reads the reports of the lesson", f"{scenario}: {len(seen)} of {len(want)}")
        for raw, (action, status, recipient, code) in zip(seen, want):
            text = raw.decode("latin-1")
            status = status or re.search(r"(?m)^Status: (\S+)", text).group(1)
            recipient = recipient or re.search(r"(?m)^Final-Recipient: rfc822; ?(\S+)", text).group(1)
            report.check(status[0] == {"failed": "5", "delayed": "4"}[action] or scenario == "never-arrives", "failed is 5, delayed is 4", f"{scenario} {status}")
            dsn(folder, scenario, raw, action, status, recipient, code)
        audit(scenario, records)
    c = Case(folder, "two bad, one good", {"text": "x", "to": ["bob@example.org", "no1@example.org", "no2@example.org"]})
    seen = c.mail_seen("alice")
    if c.claim(len(seen) == 1, "one report for one transaction", len(seen)):
        for who in ("no1@example.org", "no2@example.org"):
            dsn(folder, c.name, seen[0], "failed", "5.1.1", who, 550)
        c.claim(b"bob@example.org" not in seen[0].split(b"message/delivery-status")[1].split(b"message/rfc822")[0], "who has got it is not in the report")
    # A report that cannot be delivered is no reason for another one (RFC 5321 section 6.1).
    c = Case(folder, "a sender that does not exist", {"text": "x", "to": ["nobbody@example.org"], "envelope": {"from": "ghost@example.com"}},
             mail_accepts_unknown_users=True)
    made = trace.select(c.records, "queue", event="bounce-made")
    c.claim(len(made) == 1 and trace.attr(made[0], "to") == "ghost@example.com", "one report, none about it", made)
    c.claim(not trace.select(c.records, "client", event="message"), "nobody gets it")
    c = Case(folder, "a report to elsewhere that does not exist", {"text": "x", "to": ["nobbody@example.org"], "envelope": {"from": "ghost@example.org"}})
    made = trace.select(c.records, "queue", event="bounce-made")
    c.claim(len(made) == 1, "one report, none about it", made)
    c.claim(any(r.get("text") == "MAIL FROM:<>" or r.get("text", "").startswith("MAIL FROM:<> ") for r in c.records if r["kind"] == "command"),
            "the report travels with the null reverse-path")


with trace.scratch() as place:
    wanted = sys.argv[1:] or ["odd_messages", "big_messages", "many_recipients", "reports"]
    for part in wanted:
        globals()[part](place)
    if len(sys.argv) == 1:
        for scenario in trace.catalogue():
            audit(scenario, trace.run(scenario)[1])
report.end()
