"""The mail logs of a run grep like those of Postfix and Dovecot, host by host, and tell what the trace tells."""
import datetime
import os
import re
import sys

import trace

report = trace.Report()
STAMP = re.compile(r"([A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d) (\S+) (mailwalk(?:/[a-z-]+)+\[\d+\]|mailwalk): (.+)$")
# What log readers such as pflogsumm look for.
DELIVERY = re.compile(r"([0-9A-F]{10}): to=<([^<>]*)>,(?: orig_to=<[^<>]*>,)? relay=(\S+), delay=[\d.]+, delays=[\d.]+(?:/[\d.]+){3}, "
                      r"dsn=([245]\.\d+\.\d+), status=(sent|deferred|bounced|expired) \((.+)\)$")
REJECT = re.compile(r"NOQUEUE: reject: (CONNECT|EHLO|HELO|MAIL|RCPT|DATA|UNKNOWN|END-OF-MESSAGE) from (\S+)\[([0-9a-f.:]+)\]: [45]\d\d [45]\.\d+\.\d+ [^;]+;(?: from=<[^<>]*>)?"
                    r"(?: to=<[^<>]*>)? proto=E?SMTP helo=<[^<>]*>$")


def read(folder):
    """{file: [(stamp, host, tag, message)]}"""
    logs = {}
    for name in sorted(os.listdir(folder)):
        rows = []
        for line in open(os.path.join(folder, name), encoding="utf-8", newline="\n").read().split("\n")[:-1]:
            m = STAMP.match(line)
            if report.check(m, "a log line has time, host and program", f"{name}: {line!r}"):
                rows.append(m.groups())
        logs[name] = rows
    return logs


def check(scenario, *sets):
    with trace.scratch() as folder:
        status, records, err = trace.run(scenario, "--logs", folder + "/logs", *[x for s in sets for x in ("--set", s)])
        report.check(status in (0, 1), "the run runs", f"{scenario} {err}")
        logs = read(folder + "/logs")
    hosts = {h["name"]: h for h in records[0]["hosts"]}
    servers = {(h["fqdn"] or n) + ".log": n for n, h in hosts.items()}
    report.check(set(logs) <= set(servers), "a file is named after its host", f"{scenario} {sorted(logs)}")
    busy = {r["host"] for r in trace.select(records, "queue")}
    report.check(busy <= {servers.get(f) for f in logs}, "each mail server has its log", f"{scenario} {busy} {sorted(logs)}")
    start = datetime.datetime.fromtimestamp(records[0]["epoch"], datetime.timezone.utc)
    for file, rows in logs.items():
        mine = [r for r in records if r["host"] == servers.get(file)]
        where = f"{scenario} {file}"
        report.check(rows and all(r[1] == servers.get(file) for r in rows), "a log holds lines of its host only", where)
        texts = [r[3] for r in rows]
        times = [datetime.datetime.strptime(f"{start.year} {r[0]}", "%Y %b %d %H:%M:%S") for r in rows]
        report.check(times == sorted(times), "lines are in the order of time", where)
        report.check(not times or times[0] >= start.replace(tzinfo=None), "and after the start", where)
        for event in ("sent", "deferred", "bounced"):
            told = trace.select(mine, "queue", event=event)
            lines = [t for t in texts if f", status={event} (" in t]
            report.check(len(told) == len(lines), f"status={event} as often as it happened", f"{where}: {len(told)} records, {len(lines)} lines")
            report.check(sorted((trace.attr(r, "queue_id"), trace.attr(r, "to")) for r in told) ==
                         sorted(m.groups()[:2] for m in (re.match(r"([0-9A-F]+): to=<([^<>]*)>", t) for t in lines) if m),
                         "with the same queue id and recipient", f"{where} {event}")
            for line in lines:
                report.check(DELIVERY.match(line), "a delivery line is like Postfix's", f"{where}: {line}")
        for line in (t for t in texts if "NOQUEUE" in t):
            report.check(REJECT.match(line), "a reject line is like Postfix's", f"{where}: {line}")
        smtpd = [r for r in trace.select(mine, "session", event="connect") if trace.attr(r, "daemon") in ("smtpd", "submission")]
        report.check(len(smtpd) == sum(t.startswith("connect from ") for t in texts), "connect from: each session", where)
        report.check(sum(t.startswith("disconnect from ") for t in texts) <= len(smtpd), "disconnect from: once a session", where)
        logins = trace.select(mine, "session", event="login")
        shown = [t for r, t in zip(rows, texts) if "Login: user=<" in t]
        report.check(len(logins) == len(shown), "Login: user=<>: each login", f"{where} {len(logins)} {len(shown)}")
        for line in shown:
            report.check(re.fullmatch(r"(pop3|imap)-login: Login: user=<[^<>]+>, method=[A-Z0-9-]+, rip=[0-9a-f.:]+, lip=[0-9a-f.:]+(, TLS)?", line),
                         "a login line is like Dovecot's", f"{where}: {line}")
        ended = [t for t in texts if re.match(r"(pop3|imap)\(\w+\)<\d+>: Disconnected: ", t)]
        report.check(len(ended) <= len(logins), "Disconnected: once a login", f"{where}: {len(ended)} of {len(logins)}")
        # grep QUEUEID tells the whole story: whose it is, which message, who it goes to, what became of it.
        for r in trace.select(mine, "queue", event="accepted"):
            qid = trace.attr(r, "queue_id")
            story = [t for t in texts if qid in t]
            # A message comes from a client; a report is made here, and the line about what it reports names it.
            first = (rf"{qid}: client=\S+\[[0-9a-f.:]+\](, sasl_method=[A-Z0-9-]+, sasl_username=\S+)?$" if trace.attr(r, "client")
                     else rf"[0-9A-F]+: sender (non-delivery|delay|delivery status) notification: {qid}$")
            report.check(len(story) > 3 and re.match(first, story[0]) and
                         re.match(rf"{qid}: message-id=<[^<>]+>$", story[1]) and re.match(rf"{qid}: from=<[^<>]*>, size=\d+, nrcpt=\d+ \(queue active\)$", story[2]),
                         "the queue id leads through the log", f"{where}: {story[:4]}")
            removed = trace.select(mine, "queue", event="removed", queue_id=qid)
            report.check(bool(removed) == (story[-1] == f"{qid}: removed"), "to its removal", f"{where}: {story[-1:]}")
        for made in trace.select(mine, "queue", event="bounce-made"):
            report.check(any(re.fullmatch(r"[0-9A-F]{10}: sender non-delivery notification: [0-9A-F]{10}", t) for t in texts),
                         "a bounce line names the message and the notification", f"{where}: {[t for t in texts if 'notification' in t]}")
        report.check(not any("msgid=<>" in t for t in texts), "a mailbox line names the message", f"{where}: {[t for t in texts if 'msgid=<>' in t]}")
    return {servers.get(f): "\n".join(f"{tag}: {text}" for _, _, tag, text in rows) for f, rows in logs.items()}


def grep(log, pattern, what):
    report.check(re.search(pattern, log or ""), what, pattern)


log = check("first-message")
grep(log["mail"], r"submission/smtpd\[\d+\]: connect from \S+\[192\.0\.2\.10\]", "submission has its own name")
grep(log["mail"], r"submission/smtpd\[\d+\]: [0-9A-F]{10}: client=\S+\[192\.0\.2\.10\], sasl_method=PLAIN, sasl_username=alice", "who has logged in is in the log")
grep(log["mail"], r"smtp\[\d+\]: [0-9A-F]{10}: to=<bob@example\.org>, relay=mx\.example\.org\[203\.0\.113\.25\]:25, .*status=sent \(250 2\.0\.0 ", "sent with the other server's words")
grep(log["mx"], r"smtpd\[\d+\]: connect from mail\.example\.com\[198\.51\.100\.25\]", "the client by name and address")
grep(log["mx"], r"imap-login: Login: user=<bob>", "a login by IMAP")
grep(log["mx"], r"pop3-login: Login: user=<bob>", "a login by POP3")
log = check("no-such-user")
grep(log["mx"], r"NOQUEUE: reject: RCPT from mail\.example\.com\[[^]]+\]: 550 5\.1\.1 .*; from=<alice@example\.com> to=<nobbody@example\.org> proto=ESMTP helo=<mail\.example\.com>", "why it was refused")
grep(log["mail"], r"dsn=5\.1\.1, status=bounced \(.*550 5\.1\.1 ", "bounced, with the reason")
grep(log["mail"], r"bounce\[\d+\]: [0-9A-F]{10}: sender non-delivery notification", "the bounce is made")
log = check("mx-down")
grep(log["mail"], r"connect to mx1\.example\.org\[203\.0\.113\.25\]:25: (No route to host|Connection timed out|Connection refused)", "who could not be reached")
grep(log["mx2"], r"dsn=4\.4\.1, status=deferred \(", "the backup waits")
log = check("open-relay")
grep(log["careful"], r"554 5\.7\.1 .*Relay access denied", "relay access denied")
log = check("mailbox-full")
grep(log["mx"], r"lmtp\(bob\)<\d+>: msgid=<[^<>]+>: save failed to INBOX: Quota exceeded", "quota exceeded")
log = check("first-message", "/hosts/alice/client/accounts/0/password=wrong")
grep(log["mail"], r"warning: \S+\[192\.0\.2\.10\]: SASL PLAIN authentication failed", "a wrong password")
log = check("first-message", "/hosts/bob-phone/client/accounts/0/password=wrong")
grep(log["mx"], r"imap-login: .*auth failed.*user=<bob>.*rip=203\.0\.113\.140", "a wrong password by IMAP")
log = check("first-message", '/hosts/mx/mta/refusals=[{"command":"RCPT","code":450,"status":"4.7.1","first":1}]', "/until=1h")
grep(log["mx"], r"NOQUEUE: reject: RCPT from .*: 450 4\.7\.1 ", "greylisted")
grep(log["mail"], r"dsn=4\.7\.1, status=deferred \((host mx\.example\.org\[203\.0\.113\.25\] said: )?450 4\.7\.1 ", "deferred")
grep(log["mail"], r"(?s)status=deferred.*status=sent", "and then sent")
log = check("first-message", "/hosts/mx/mta/hops_max=1")
grep(log["mx"], r"reject: END-OF-MESSAGE from \S+\[198\.51\.100\.25\]: 554 5\.4\.6 ", "a loop is seen at the end of the message")
for lesson in sys.argv[1:] or trace.catalogue():
    check(lesson)
report.end()
