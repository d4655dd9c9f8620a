"""Thunderbird, unmodified and without a screen, uses the virtual servers as five accounts of four people: IMAP and POP3, each with TLS at once and after
STARTTLS, submission by 587 and 465. It is stopped and started again; the session is replayed, and its trace looked through."""
import base64
import email
import email.policy
import json
import os
import re
import time

import marionette
import world

report = world.Report()
TLS, STARTTLS = 3, 2
PASSWORD, ENCRYPTED = 3, 4  # Thunderbird's numbers: PLAIN or LOGIN; CRAM-MD5
UNKNOWN_ISSUER = "805a1ff3"  # SEC_ERROR_UNKNOWN_ISSUER, as Thunderbird numbers it
QUOTA_KB = 2000
PEOPLE = {"alice": "alice@example.com", "bob": "bob@example.com", "carol": "carol@example.com", "dave": "dave@example.org"}
SUBJECT = "Grüße aus Köln – 你好"
TEXT = "Lieber Bob,\n.\n..zwei Punkte\n\nÄnde"
CARD = bytes(range(256)) * 5 + b"\r\n.\r\n\0From here on"
# Lines that Thunderbird puts before a message that it keeps.
ADDED = re.compile(rb"\A(?:(?:X-Mozilla-Status2?|X-Mozilla-Keys|X-Account-Key|X-UIDL):[^\n]*\n|From - [^\n]*\n)+")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "thunderbird.js"), encoding="utf-8") as library:
    LIBRARY = library.read()


def accounts(w):
    """The profile: which way each account goes in and out."""
    incoming = [  # name, user, kind, door, TLS, login, its way out, more
        ("alice", "alice", "imap", w.door(993), TLS, PASSWORD, 1, {}),
        ("bob", "bob", "imap", w.door(143), STARTTLS, ENCRYPTED, 2, {"use_condstore": True, "allow_utf8_accept": False}),
        ("carol", "carol", "pop3", w.door(995), TLS, PASSWORD, 3, {"leave_on_server": False}),
        ("dave", "dave", "imap", w.port("imap", "mx"), STARTTLS, PASSWORD, 4, {"offline_download": False, "autosync_offline_stores": False}),
        ("alice-pop3", "alice", "pop3", w.door(110), STARTTLS, ENCRYPTED, 1, {"leave_on_server": True, "delete_mail_left_on_server": True}),
    ]
    outgoing = [("alice", w.door(587), STARTTLS, PASSWORD), ("bob", w.door(465), TLS, ENCRYPTED), ("carol", w.door(587), STARTTLS, ENCRYPTED),
                ("dave", w.port("submissions", "mx"), TLS, PASSWORD)]
    local = {"type": "none", "hostname": "Local Folders", "userName": "nobody", "name": "Local Folders"}
    prefs = {"mail.accountmanager.accounts": ",".join(f"account{n}" for n in range(1, 7)), "mail.accountmanager.defaultaccount": "account1",
             "mail.accountmanager.localfoldersserver": "server6", "mail.account.account6.server": "server6", "mail.smtpservers": "smtp1,smtp2,smtp3,smtp4",
             **{f"mail.server.server6.{key}": value for key, value in local.items()}}
    for n, (name, user, kind, port, tls, login, smtp, more) in enumerate(incoming, 1):
        prefs |= {f"mail.account.account{n}.server": f"server{n}", f"mail.account.account{n}.identities": f"id{n}"}
        about = {"type": kind, "hostname": "localhost", "port": port, "userName": user, "name": name, "socketType": tls, "authMethod": login,
                 "check_new_mail": False, "login_at_startup": False, "download_on_biff": False, **more}
        prefs |= {f"mail.server.server{n}.{key}": value for key, value in about.items()}
        about = {"useremail": PEOPLE[user], "fullName": user.capitalize(), "valid": True, "smtpServer": f"smtp{smtp}", "compose_html": False}
        if kind == "imap":
            about |= {"fcc_folder": f"imap://{user}@localhost/Sent", "draft_folder": f"imap://{user}@localhost/Drafts"}
        prefs |= {f"mail.identity.id{n}.{key}": value for key, value in about.items()}
    for n, (user, port, tls, login) in enumerate(outgoing, 1):
        about = {"hostname": "localhost", "port": port, "try_ssl": tls, "authMethod": login, "username": user}
        prefs |= {f"mail.smtpserver.smtp{n}.{key}": value for key, value in about.items()}
    return prefs


class Program(marionette.Thunderbird):
    def do(self, script, **values):
        return self.js(LIBRARY + script, patience=15000 * world.SLOW, **values)

    def source(self, name, words, path="INBOX"):
        """What Thunderbird has as the message."""
        kept = self.do("const f = folder(name, path); return source(f, await message(f, words));", name=name, path=path, words=words)
        return ADDED.sub(b"", base64.b64decode(kept))

    def send(self, account, **what):
        return self.do("return press(await compose(name, what), 'cmd_sendNow');", name=account, what=what)


# ---- what another program sees ----


def imap_flags(w, user, mailbox="INBOX"):
    m = w.imap(user)
    m.select(mailbox, readonly=True)
    flags = [set(re.search(rb"FLAGS \(([^)]*)\)", x).group(1).decode().split()) - {"\\Recent"} for x in m.fetch("1:*", "(FLAGS)")[1] if x]
    m.logout()
    return flags


def mailboxes(w, user):
    m = w.imap(user)
    names = sorted(re.search(rb'\) "/" "?([^"]*)"?$', x).group(1).decode() for x in m.list()[1])
    m.logout()
    return names


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def subjects(letters):
    return [str(parsed(x)["Subject"]) for x in letters]


def letter(number, subject):
    return b"Subject: " + subject.encode() + b"\r\n" + world.awkward(number).replace(b"Subject: awkward", b"X-Number:")


def eventually(look, seconds=10):
    """The last value of `look`: a true one as soon as there is one."""
    end = time.monotonic() + seconds * world.SLOW
    while not (value := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


# ---- the session, step by step ----

SERVERS = {"imap": "server('alice')", "imap-starttls": "server('bob')", "pop3": "server('carol')", "pop3-starttls": "server('alice-pop3')",
           "submission": "MailServices.outgoingServer.getServerByKey('smtp1')", "submissions": "MailServices.outgoingServer.getServerByKey('smtp2')"}


def untrusted(t, w):
    """As long as nobody has said that the scenario's CA is to be trusted, no password leaves the program."""
    for way, s in SERVERS.items():
        told = t.do(f"return tryLogin({s}, 'anything');")
        report.check(UNKNOWN_ISSUER in told, f"{way}: a stranger's certificate is not accepted", told)


def trust(t, w):
    """The CA's certificate and the passwords, where the certificate manager and the password prompt put them."""
    with open(w.ca, encoding="ascii") as f:
        certificate = "".join(f.read().split("-----")[2].split())
    logins = [(f"{kind}://localhost", user, world.PASSWORDS[user]) for kind in ("imap", "mailbox", "smtp") for user in PEOPLE]
    t.do("""
Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(certificate, "CT,,");
for (const [origin, user, password] of logins) {
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init(origin, null, origin, user, password, "", "");
  await Services.logins.addLoginAsync(login);
}""", certificate=certificate, logins=logins)


def wrong(t, w):
    """With a wrong password nobody comes in, and the program is told so; with the right one it is let in."""
    for way, s in SERVERS.items():
        try:
            told = t.do(f"return tryLogin({s}, 'wrong');")
        except marionette.Asks as window:
            told = str(window)
            t.ask("WebDriver:DismissAlert")
            t.do(f"await until(() => {s}.password != 'wrong', 'the end of the attempt');")
        report.check(told, f"{way}: a wrong password is refused", told)
        report.check(way.startswith("sub") == ("Login to server localhost" in told), f"{way}: who sends is asked for another", told)
    for way, s in SERVERS.items():
        if not way.startswith("sub"):  # there this call waits for what only a message brings
            told = t.do(f"return tryLogin({s});")
            report.check(told == "", f"{way}: the right one is taken", told)


def sends(t, w):
    """Alice writes to people of two companies, with an attachment; it comes into mailboxes that are open."""
    for name in ("alice", "bob", "dave"):
        t.do("server(name).performExpand(null); await open(name, 'INBOX');", name=name)
    card = os.path.join(w.folder, "card.bin")
    with open(card, "wb") as f:
        f.write(CARD)
    t.send("alice", to="bob@example.com, Dave <dave@example.org>", bcc="carol@example.com", subject=SUBJECT, body=TEXT, attach=card, name="Kärtchen.bin")
    for name, host in (("bob", None), ("dave", "mx")):
        stored = w.wait_for(name, 1, host)
        report.check(len(stored) == 1, f"{name} has one message", len(stored))
        seen = t.source(name, SUBJECT)
        report.check(seen == stored[0], f"Thunderbird reads {name}'s message byte for byte", f"{seen[:300]} {stored[0][:300]}")
        m = parsed(stored[0])
        text, attached = list(m.walk())[1:3]
        report.check(m["Subject"] == SUBJECT and m["From"] == "Alice <alice@example.com>" and m["Bcc"] is None, "the header is what was written", m.items())
        report.check(text.get_content().replace("\r\n", "\n") == TEXT, "the text is what was written", repr(text.get_content()))
        report.check(attached.get_filename() == "Kärtchen.bin" and attached.get_content() == CARD, "the attachment is what was attached", attached.items())
    sent = w.letters("alice", mailbox="Sent")
    report.check(len(sent) == 1 and world.body(sent[0]) == world.body(stored[0]), "the copy in Sent has the same text", sent)
    report.check(imap_flags(w, "alice", "Sent") == [{"\\Seen"}], "and is marked as read", imap_flags(w, "alice", "Sent"))


def waits(t, w):
    """What happens to an open mailbox is told at once to a program that waits with IDLE: new mail, a flag, an expunge."""
    def as_another_program(do):
        time.sleep(2.5)  # Thunderbird begins to wait two seconds after its last command
        m = w.imap("dave", "mx")
        m.select("INBOX")
        do(m)
        m.logout()

    time.sleep(2.5)
    with w.smtp("carol") as s:
        s.sendmail("carol@example.com", ["dave@example.org"], letter(1, "Klingel"))
    t.do("await message(folder('dave'), 'Klingel', true);")
    as_another_program(lambda m: m.uid("MOVE", "2", "Trash"))
    t.do("await until(() => !messages(folder('dave')).some(h => subject(h) == 'Klingel'), 'an expunge');")
    as_another_program(lambda m: m.store("1", "+FLAGS", "(\\Flagged)"))
    t.do("await until(() => messages(folder('dave'))[0].isFlagged, 'a flag');")


def reads(t, w):
    """Bob marks messages, and another program sees it; the other way round too. The server searches for him. His account uses CONDSTORE."""
    with w.smtp("alice") as s:
        for n in range(6):
            s.sendmail("alice@example.com", ["bob@example.com"], letter(n, f"Nummer {n}"))
    stored = {x: y for y in w.wait_for("bob", 7) for x in subjects([y])}
    for n in range(6):
        seen = t.source("bob", f"Nummer {n}")
        report.check(seen == stored[f"Nummer {n}"], "Thunderbird reads awkward messages byte for byte", seen[:300])
    inbox = "const inbox = await open('bob', 'INBOX'), m = n => messages(inbox).find(h => subject(h) == 'Nummer ' + n); "
    t.do(inbox + """
inbox.markMessagesFlagged([m(0), m(1)], true);
inbox.markMessagesRead([m(0)], true);
inbox.addKeywordsToMessages([m(2)], "$label1");
inbox.addKeywordsToMessages([m(2)], "$label2");
inbox.markMessagesFlagged([m(1)], false);
inbox.removeKeywordsFromMessages([m(2)], "$label1");""")
    wanted = [set(), {"\\Flagged", "\\Seen"}, set(), {"$label2"}, set(), set(), set()]
    report.check(eventually(lambda: imap_flags(w, "bob") == wanted), "flags and tags are on the server", imap_flags(w, "bob"))
    m = w.imap("bob")
    m.select("INBOX")
    m.store("5", "+FLAGS", "(\\Flagged $label3)")
    m.store("6", "+FLAGS", "(\\Deleted)")
    m.expunge()
    m.logout()
    t.do(inbox + """
await until(() => messages(inbox).length == 6, "expunge by another program");
await until(() => m(3).isFlagged, "flag by another program");
await until(() => m(3).getStringProperty("keywords").includes("$label3"), "tag by another program");""")
    awkward = [f"Nummer {n}" for n in (0, 1, 2, 3, 5)]
    for field, words, found in (("Subject", "Nummer 3", ["Nummer 3"]), ("Subject", "你好", [SUBJECT]), ("Body", "zwei Punkte", [SUBJECT]), ("Body", "Köln", awkward),
                                ("Sender", "alice@example.com", [SUBJECT, *awkward]), ("To", "nobody", [])):
        hits = t.do(inbox + "return search(inbox, field, words);", field=field, words=words)
        report.check(sorted(hits) == sorted(found), f"the server looks for {words} in {field}", hits)


def sorts(t, w):
    """Folders are made, named, filled, emptied and removed: by alice with names in UTF-8, by bob with names in modified UTF-7."""
    with w.smtp("carol") as s:
        for n in range(4):
            s.sendmail("carol@example.com", ["alice@example.com", "bob@example.com"], letter(n, f"Sortieren {n}"))
    for name in ("alice", "bob"):
        for n in range(4):
            t.source(name, f"Sortieren {n}")
        before = {x: y for y in w.letters(name) for x in subjects([y])}
        t.do("""
const inbox = await open(name, "INBOX"), root = server(name).rootFolder;
root.createSubfolder("Ablage Müller & Co", null);
const tray = await until(() => folder(name, "Ablage Müller & Co"), "a new folder");
tray.createSubfolder("2026 年", null);
const year = await until(() => folder(name, "Ablage Müller & Co/2026 年"), "a folder within");
const m = n => message(inbox, "Sortieren " + n);
await heard("copy", async l => MailServices.copy.copyMessages(inbox, [await m(0), await m(1)], tray, false, l, null, false));
await heard("move", async l => MailServices.copy.copyMessages(inbox, [await m(1), await m(2)], year, true, l, null, false));
await heard("delete", async l => inbox.deleteMessages([await m(3)], null, false, false, l, false));
await until(() => !messages(inbox).some(h => /^Sortieren [123]$/.test(subject(h))), "moved messages to go");
""", name=name)
        names = mailboxes(w, name)
        report.check({"Ablage M&APw-ller &- Co", "Ablage M&APw-ller &- Co/2026 &XnQ-", "INBOX", "Trash"} <= set(names), "the new folders are on the server", names)
        for path, wanted in (("INBOX", "0"), ('"Ablage M&APw-ller &- Co"', "01"), ('"Ablage M&APw-ller &- Co/2026 &XnQ-"', "12"), ("Trash", "3")):
            there = w.letters(name, mailbox=path)
            report.check([x for x in subjects(there) if x.startswith("Sort")] == [f"Sortieren {n}" for n in wanted], f"{path} has what was put there", subjects(there))
            report.check(all(before[x] == y for x, y in zip(subjects(there), there)), f"{path}: byte for byte")
        t.do("""
const root = server(name).rootFolder, year = folder(name, "Ablage Müller & Co/2026 年");
await open(name, "Ablage Müller & Co/2026 年");
await message(year, "Sortieren 1");
await message(year, "Sortieren 2");
year.rename("Jahr 2026", null);
await until(() => folder(name, "Ablage Müller & Co/Jahr 2026"), "the renamed folder");
await message(await open(name, "Trash"), "Sortieren 3");
await heard("empty the trash", l => root.emptyTrash(l));
folder(name, "Ablage Müller & Co/Jahr 2026").deleteSelf(null);
await until(() => folder(name, "Trash/Jahr 2026"), "the deleted folder in the trash");
await heard("compact", l => folder(name, "INBOX").compact(l, null));
""", name=name)
        report.check("Trash/Jahr 2026" in mailboxes(w, name) and not w.letters(name, mailbox="Trash"), "a deleted folder is in Trash", mailboxes(w, name))
        there = subjects(w.letters(name, mailbox='"Trash/Jahr 2026"'))
        report.check(there == ["Sortieren 1", "Sortieren 2"], "with what it holds", there)
        m = w.imap(name)
        listed = b" ".join(m.lsub()[1])
        m.logout()
        report.check(b"Trash/Jahr 2026" in listed and b"2026 &" not in listed and b"Co/Jahr" not in listed, "the list of subscriptions has its new name alone", listed)


def answers(t, w):
    """Bob answers through 465 and keeps a draft; carol and dave, whose company is another, send too."""
    t.do("""
const inbox = await open("bob", "INBOX"), asked = await message(inbox, words);
await press(await compose("bob", { reply: inbox.getUriForMsg(asked) }), "cmd_sendNow");
""", words=SUBJECT)
    stored = eventually(lambda: [x for x in w.letters("alice") if subjects([x]) == ["Re: " + SUBJECT]])
    report.check(stored and t.source("alice", "Re: " + SUBJECT) == stored[0], "the answer comes back byte for byte", stored)
    asked, answer = parsed(next(x for x in w.letters("bob") if subjects([x]) == [SUBJECT])), parsed(stored[0])
    report.check(answer["In-Reply-To"] == asked["Message-ID"] and answer["To"] == "Alice <alice@example.com>", "it names the question", answer.items())
    report.check(eventually(lambda: any("\\Answered" in x for x in imap_flags(w, "bob"))), "the question is marked as answered")
    t.do("""
const w = await compose("bob", { to: "carol@example.com", subject: "Entwurf ä", body: "eins" });
await press(w, "cmd_saveAsDraft");
w.close();""")
    drafts = eventually(lambda: w.letters("bob", mailbox="Drafts"))
    report.check(subjects(drafts) == ["Entwurf ä"] and "\\Draft" in imap_flags(w, "bob", "Drafts")[0], "a draft is on the server", drafts)
    for name in ("carol", "dave"):
        t.send(name, to="bob@example.com", subject="Von " + name, body="Hallo")
        stored = eventually(lambda: [x for x in w.letters("bob") if subjects([x]) == ["Von " + name]])
        report.check(stored and t.source("bob", "Von " + name) == stored[0], f"a message of {name} comes byte for byte", stored)


def shows(t, w):
    """Dave, whose program keeps nothing for offline use, looks at a message with a large attachment; it is marked as read."""
    chart = os.path.join(w.folder, "chart.bin")
    with open(chart, "wb") as f:
        f.write(CARD * 200)
    t.send("bob", to="dave@example.org", subject="Große Karte", body="Das ist sie.", attach=chart, name="chart.bin")
    text = t.do("""
const inbox = await open("dave", "INBOX"), card = await message(inbox, "Große Karte");
const text = await show(inbox, card, "Das ist sie.");
await until(() => card.isRead, "being marked as read");
return text;""")
    stored = w.letters("dave", "mx")[-1]
    report.check("Das ist sie." in text, "a message is shown", text)
    report.check(t.source("dave", "Große Karte") == stored, "a large one comes byte for byte", len(stored))
    report.check(list(parsed(stored).walk())[2].get_content() == CARD * 200, "with its attachment")


def pops(t, w):
    """Carol's program takes messages off the server, alice's leaves them there until they are deleted. A local folder has lines that end in LF."""
    kept = lambda name, words: t.source(name, words).replace(b"\n", b"\r\n")
    with w.smtp("bob") as s:
        for n in range(3):
            s.sendmail("bob@example.com", ["alice@example.com", "carol@example.com"], letter(n, f"Post {n}"))
    stored = w.wait_for("carol", 4)
    t.do("await fetchNew('carol');")
    for words, octets in zip([SUBJECT] + [f"Post {n}" for n in range(3)], stored):
        seen = kept("carol", words)
        report.check(seen == octets, "POP3 brings messages byte for byte", f"{seen[:300]} {octets[:300]}")
    report.check(eventually(lambda: not w.letters("carol")), "the server has none of them any more", len(w.letters("carol")))
    wanted = w.letters("alice")
    count = t.do("await fetchNew('alice-pop3'); return messages(folder('alice-pop3')).length;")
    report.check(count == len(wanted), "all messages come", count)
    for words, octets in zip(subjects(wanted), wanted):
        report.check(kept("alice-pop3", words) == octets, "and with STLS too", words)
    count = t.do("await fetchNew('alice-pop3'); return messages(folder('alice-pop3')).length;")
    report.check(count == len(wanted) and w.letters("alice") == wanted, "the second time nothing comes, and nothing goes", count)
    t.do("""
const inbox = folder("alice-pop3");
await heard("delete", async l => inbox.deleteMessages([await message(inbox, "Post 1")], null, true, false, l, false));
await fetchNew("alice-pop3");
await open("alice", "INBOX");
await until(() => !messages(folder("alice")).some(h => subject(h) == "Post 1"), "the IMAP account to see it go");""")
    left = subjects(w.letters("alice"))
    report.check(left == [x for x in subjects(wanted) if x != "Post 1"], "what is deleted in the program goes from the server", left)


def quota(t, w):
    """How full bob's mailboxes are is in the properties of a folder."""
    used = sum(len(x) for name in mailboxes(w, "bob") for x in w.letters("bob", mailbox=f'"{name}"'))
    told = t.do("""
const inbox = (await open("bob", "INBOX")).QueryInterface(Ci.nsIMsgImapMailFolder);
return until(() => inbox.getQuota().length && inbox.getQuota().map(q => [q.name, q.usage, q.limit]), "a quota");""")
    report.check(any(x[2] == QUOTA_KB and x[1] in (used // 1024, used // 1024 + 1) for x in told), "the quota is shown", f"{told} {used}")


def while_away(w):
    """Another program changes bob's INBOX while Thunderbird is not running."""
    m = w.imap("bob")
    m.select("INBOX")
    m.store("1", "+FLAGS", "(\\Flagged)")
    m.store("2", "-FLAGS", "(\\Seen \\Flagged)")
    m.store("3", "+FLAGS", "(\\Deleted)")
    m.expunge()
    m.logout()
    before = len(w.letters("bob"))
    with w.smtp("carol") as s:
        s.sendmail("carol@example.com", ["bob@example.com"], letter(1, "Willkommen"))
    w.wait_for("bob", before + 1)


def comes_back(t, w):
    """The program is started again: it has what it had, and learns what has changed."""
    wanted = [[x, "\\Flagged" in flags, "\\Seen" in flags] for x, flags in zip(subjects(w.letters("bob")), imap_flags(w, "bob"))]
    look = "const look = () => messages(folder('bob')).sort((a, b) => a.messageKey - b.messageKey).map(h => [subject(h), h.isFlagged, h.isRead]); "
    before = t.do(look + "await until(() => folder('bob'), 'the mailbox of old'); return look();")
    report.check(len(before) == len(wanted) and before != wanted, "it remembers how it was", before)
    now = t.do(look + """
await message(await open("bob", "INBOX"), "Willkommen");
try {
  await until(() => JSON.stringify(look()) == wanted, "changes");
} catch (e) {} // what there is says more
return look();""", wanted=json.dumps(wanted, ensure_ascii=False, separators=(",", ":")))
    report.check(now == wanted, "and sees how it is", f"{now} {wanted}")
    report.check(t.source("bob", "Willkommen") == w.letters("bob")[-1], "with what has come")


# ---- the trace ----

# What Thunderbird said: patterns of its commands, without IMAP's tags. A change here is a change in Thunderbird, or a fault of ours.
SAID = {
    "imap": [r'ID \("name" "Thunderbird"', r"capability", r"namespace", r"STARTTLS", r"authenticate PLAIN", r"authenticate CRAM-MD5", r"ENABLE UTF8=ACCEPT",
             r'list \(subscribed\) "" "\*" return \(special-use\)', r'select "INBOX"', r'getquotaroot "INBOX"', r"IDLE", r"noop",
             r"UID fetch 1:\* \(FLAGS\) \(CHANGEDSINCE \d+\)", r"UID fetch \S+ \(UID RFC822.SIZE BODY.PEEK\[\]", r"UID fetch \S+ \(UID RFC822.SIZE FLAGS BODY.PEEK\[HEADER.FIELDS",
             r"uid store \S+ \+Flags \(\\Flagged\)", r"uid store \S+ \+FLAGS \(\$label1\)", r"uid store \S+ -FLAGS \(\$label1\)", r"store 1:\* \+FLAGS.SILENT \(\\Deleted\)", r"expunge",
             r'append "Sent" \(\\Seen\) UTF8 \(~\{\d+\+\}', r'append "Drafts" ', r'uid copy \S+ "Ablage Müller & Co"', r'uid copy \S+ "Ablage M&APw-ller &- Co"',
             r'uid move \S+ "Ablage Müller & Co/2026 年"', r'uid move \S+ "Trash"', r'create "Ablage Müller & Co"', r'subscribe "Ablage Müller & Co"',
             r'rename "Ablage M&APw-ller &- Co/2026 &XnQ-" ', r'unsubscribe "Ablage M&APw-ller &- Co/2026 &XnQ-"', r"uid SEARCH CHARSET UTF-8 "],
    "pop3": [r"CAPA", r"STLS", r"AUTH PLAIN", r"AUTH CRAM-MD5", r"STAT", r"LIST", r"UIDL", r"RETR 1", r"DELE 1", r"QUIT"],
    "smtp": [r"EHLO \[127.0.0.1\]", r"STARTTLS", r"AUTH PLAIN \*+", r"AUTH CRAM-MD5", r"MAIL FROM:<alice@example.com> BODY=8BITMIME SIZE=\d+", r"RCPT TO:<dave@example.org>", r"DATA", r"QUIT"],
}
# What may be refused: wrong passwords, and a name at which Thunderbird looks once more after it has renamed it.
REFUSED = [r"\*+", r"(?i:authenticate|auth|login|pass) .*", r'(STATUS|select) "Ablage M(&APw-|ü)ller &-? ?Co/2026 (&XnQ-|年)".*']
REFUSAL = {"imap": r"(NO|BAD)\b", "pop3": r"-ERR", "smtp": r"[45]\d\d"}


def tells(output):
    """What Thunderbird said is in the trace of the replay, decrypted, without passwords; all of it was understood."""
    lines = [x for x in map(json.loads, output.splitlines()) if x.get("kind") in ("command", "reply") and x.get("proto") in SAID]
    said, last, idle = {proto: [] for proto in SAID}, {}, set()
    for x in lines:
        text = re.sub(r"^\w+ ", "", x["text"]) if x["proto"] == "imap" else x["text"]
        if x["dir"] == "C":
            last[x["conn"]] = text
            if x["host"].startswith("door-"):
                said[x["proto"]].append(text)
        elif re.match(REFUSAL[x["proto"]], text):
            command = last.get(x["conn"], "")
            report.check(any(re.fullmatch(r, command) for r in REFUSED), f"{x['proto']}: nothing is refused but what should be", f"{command} -> {text}")
        elif last.get(x["conn"]) == "IDLE" and (change := re.match(r"\* \d+ (EXISTS|EXPUNGE|FETCH)", x["text"])):
            idle.add(change.group(1))
    for proto, wanted in SAID.items():
        for pattern in wanted:
            report.check(any(re.match(pattern, x) for x in said[proto]), f"{proto}: {pattern} is in the trace", len(said[proto]))
    report.check(idle == {"EXISTS", "EXPUNGE", "FETCH"}, "IDLE tells of new mail, expunges and flags", idle)
    for user, password in world.PASSWORDS.items():
        for secret in (password.encode(), base64.b64encode(f"\0{user}\0{password}".encode())):
            report.check(not re.search(rb"\b" + re.escape(secret) + rb"\b", output), f"the password of {user} is not in the trace")


def run(t, w, *steps):
    for step in steps:
        begin = time.monotonic()
        try:
            step(t, w)
        except marionette.Failed as e:
            report.check(False, step.__name__, e)
            return False
        print(f"{step.__name__}: {time.monotonic() - begin:.1f} s")
    return True


def session(w):
    folder = os.path.join(w.folder, "thunderbird")
    os.mkdir(folder)
    with Program(folder, accounts(w), world.SLOW) as t:
        print(f"Thunderbird {t.version}")
        good = run(t, w, untrusted, trust, wrong, sends, waits, reads, sorts, answers, shows, pops, quota)
    if good:
        while_away(w)
        with Program(folder, accounts(w), world.SLOW) as t:
            good = run(t, w, comes_back)
    if not good:
        with open(os.path.join(folder, "thunderbird.log"), encoding="utf-8", errors="replace") as f:
            print("".join([x for x in f if "JavaScript error" in x or "ERROR" in x][-20:]))
    return good


if __name__ == "__main__":
    bob = json.dumps({"password": world.PASSWORDS["bob"], "quota": QUOTA_KB * 1024})
    with world.World("mail-world", "--map", "0=mx:143", "--map", "0=mx:465", "--set", f"/hosts/mail/store/users/bob={bob}", record=True) as w:
        good = session(w)
    p, last = w.replay("--level", "line")
    report.check(p.returncode == 0 and last["same"], "the replay has the same trace", p.stderr)
    if good:
        tells(p.stdout)
    report.end()
