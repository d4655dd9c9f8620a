"""What RFC 3501, RFC 9051 and the extensions on offer ask of a server, one claim after the other. Each extension that CAPABILITY names has a function."""
import socket
import time

import world
from imap_wire import Imap

report = world.Report()
check = report.check

SIMPLE = b"Date: Mon, 3 Mar 2025 10:00:00 +0100\r\nFrom: Alice A <alice@example.com>\r\nTo: bob@example.com, \"C, D\" <carol@example.com>\r\nSubject: one two\r\nMessage-ID: <1@example.com>\r\nX-Empty:\r\n\r\nfirst line\r\nsecond line\r\n"
REPLY = b"Date: Tue, 4 Mar 2025 09:00:00 +0000\r\nFrom: bob@example.com\r\nTo: alice@example.com\r\nCc: dave@example.com\r\nSubject: Re: one two\r\nMessage-ID: <2@example.com>\r\nIn-Reply-To: <1@example.com>\r\nReferences: <1@example.com>\r\n\r\nAn answer, with M\xc3\xbcll.\r\n"
MULTI = (b"Date: Wed, 5 Mar 2025 12:00:00 +0000\r\nFrom: =?UTF-8?Q?M=C3=BCller?= <m@example.net>\r\nSender: s@example.net\r\nReply-To: r@example.net\r\nTo: alice@example.com\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n"
         b"--b1\r\nContent-Type: message/rfc822\r\nContent-Description: inner\r\n\r\nFrom: x@example.org\r\nSubject: inner\r\n\r\ninner text\r\n"
         b"--b1\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n\r\nplain\r\n--b2\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b2--\r\n"
         b"--b1\r\nContent-Type: application/octet-stream; name=\"f.bin\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"f.bin\"\r\nContent-ID: <c@x>\r\nContent-Language: en\r\nContent-Location: here\r\n\r\nAAECAwQ=\r\n--b1--\r\nepilogue\r\n")
OTHER = b"Date: Thu, 6 Mar 2025 23:30:00 -0800\r\nFrom: zoe@example.com\r\nTo: alice@example.com\r\nSubject: alpha\r\n\r\nnothing\r\n"
LETTERS = (SIMPLE, REPLY, MULTI, OTHER)


def says(answer, status, claim, *codes):
    good = answer.status == status and all(c in [x for x in answer.code] for c in codes)
    return check(good, claim, answer)


def fresh(w, name="Box", user="alice"):
    """A session with a mailbox of the four letters open."""
    m = Imap(w, user)
    m(f"DELETE {name}")
    assert m(f"CREATE {name}").ok
    for n, letter in enumerate(LETTERS):
        flags = (r"()", r"(\Seen)", r"(\Flagged $Forwarded)", r"(\Answered \Draft)")[n]
        assert m(f"APPEND {name} {flags} \"0{n + 1}-Mar-2025 12:00:00 +0000\" ", letter).ok
    assert m(f"SELECT {name}").ok
    return m


# ---- before and around the login ----

def before_login(w):
    m = Imap(w)
    check(m.greeting.octets.startswith(b"* OK [CAPABILITY IMAP4rev1 "), "the greeting names the capabilities", m.greeting)
    says(m("NOOP"), "OK", "NOOP works before login")
    says(m("SELECT INBOX"), "BAD", "SELECT before login is BAD")
    says(m("FETCH 1 FLAGS"), "BAD", "FETCH before login is BAD")
    says(m("XYZZY"), "BAD", "an unknown command is BAD")
    r = m("capability")
    check(r.ok and len(r.named(b"CAPABILITY")) == 1, "commands in small letters, one CAPABILITY line", r)
    m.send(b"\r\n")
    check(b"BAD" in m.response().octets, "an empty line is BAD")
    m.send(b"noargs\r\n")
    check(b"BAD" in m.response().octets, "a tag alone is BAD")
    m.send(b"+x NOOP\r\n")
    check(b"BAD" in m.response().octets, "a tag with + is BAD")
    says(m("LOGIN alice"), "BAD", "LOGIN with one argument is BAD")
    says(m("LOGIN alice wrong"), "NO", "a wrong password is NO")
    r = m("LOGIN alice wrong")
    check(b"AUTHENTICATIONFAILED" in r.end.octets, "with its code", r)
    m.send(b"l LOGIN {5}\r\n")
    check(m.response().octets.startswith(b"+ "), "a synchronizing literal is asked for")
    m.send(b"alice {10}\r\n")
    check(m.response().octets.startswith(b"+ "), "and the second one too")
    m.send(b"wonderland\r\n")
    check(m.finish(b"l").ok, "LOGIN with literals")
    says(m("LOGIN alice wonderland"), "BAD", "a second LOGIN is BAD")
    says(m("STATUS INBOX (MESSAGES)"), "OK", "STATUS after login")
    says(m("FETCH 1 FLAGS"), "BAD", "FETCH without a mailbox is BAD")
    says(m("CLOSE"), "BAD", "CLOSE without a mailbox is BAD")
    r = m("LOGOUT")
    check(r.ok and r.named(b"BYE"), "LOGOUT says BYE, then OK", r)
    check(m.socket.recv(10) == b"", "and the server closes")
    m = Imap(w)
    says(m("LOGIN \"alice\" \"wonderland\""), "OK", "LOGIN with quoted strings")
    m.close()
    m = Imap(w)
    m.send(b"p AUTHENTICATE PLAIN\r\n")
    check(m.response().octets.startswith(b"+"), "AUTHENTICATE without initial response is asked")
    m.send(b"*\r\n")
    check(m.finish(b"p").status == "BAD", "and can be cancelled with *: BAD")
    says(m("AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ="), "OK", "SASL-IR: the response stands in the command")
    m.close()
    m = Imap(w)
    check(m("AUTHENTICATE PLAIN =").status in ("BAD", "NO"), "SASL-IR: \"=\" is an empty response, which PLAIN does not take")
    says(m("AUTHENTICATE XOAUTH2 dXNlcj0="), "NO", "XOAUTH2 is refused")
    says(m("AUTHENTICATE XOAUTH2 !!"), "NO", "whatever comes with it", b"CANNOT")
    says(m("AUTHENTICATE PLAIN !!"), "BAD", "what is no base64 is BAD")
    m.close()


def many_at_once(w):
    m = Imap(w, "alice")
    m.send(b"a NOOP\r\nb SELECT INBOX\r\nc UNSELECT\r\nd LIST \"\" \"\"\r\n")
    check(all(m.finish(t).ok for t in (b"a", b"b", b"c", b"d")), "commands in one packet are answered in order")
    for octet in b"z NOOP\r\n":
        m.send(bytes([octet]))
        time.sleep(0.001)
    check(m.finish(b"z").ok, "octet by octet")
    m.close()


# ---- mailboxes ----

def names(w):
    m = Imap(w, "bob")
    r = m('LIST "" ""')
    check(r.named(b"LIST") and r.named(b"LIST")[0][1] == b"/" and r.named(b"LIST")[0][2] == b"", "LIST \"\" \"\" tells the separator", r)
    says(m("CREATE INBOX"), "NO", "INBOX cannot be made", b"ALREADYEXISTS")
    says(m("CREATE a"), "OK", "CREATE")
    says(m("CREATE a"), "NO", "CREATE twice is NO", b"ALREADYEXISTS")
    says(m("CREATE a/b/c"), "OK", "CREATE with parents that are not there")
    says(m("CREATE tree/"), "OK", "CREATE with the separator at the end")
    r = m('LIST "" *')
    got = {bytes(x[2]): x[0] for x in r.named(b"LIST")}
    check(b"INBOX" in got and b"a" in got and b"a/b/c" in got, "LIST * lists all levels", r)
    check(rb"\HasChildren" in got.get(b"a", []), "CHILDREN: the parent has them", got)
    check(rb"\HasNoChildren" in got.get(b"a/b/c", []), "CHILDREN: the leaf has none", got)
    r = m('LIST "" %')
    check(b"a/b/c" not in [bytes(x[2]) for x in r.named(b"LIST")], "LIST % stays on one level", r)
    r = m('LIST "a/" %')
    check([bytes(x[2]) for x in r.named(b"LIST")] == [b"a/b"] or [bytes(x[2]) for x in r.named(b"LIST")] == [], "LIST with a reference", r)
    r = m('LIST "" inbox')
    check([bytes(x[2]) for x in r.named(b"LIST")] == [b"INBOX"], "INBOX in any spelling", r)
    says(m("SELECT inbox"), "OK", "SELECT inbox")
    says(m("SELECT nowhere"), "NO", "SELECT of no mailbox is NO")
    says(m("FETCH 1 FLAGS"), "BAD", "and leaves none open")
    says(m("STATUS nowhere (MESSAGES)"), "NO", "STATUS of no mailbox is NO", b"NONEXISTENT")
    says(m("STATUS a (NONSENSE)"), "BAD", "STATUS of an unknown item is BAD")
    says(m("STATUS a ()"), "BAD", "STATUS of nothing is BAD")
    r = m("STATUS a (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
    check(r.ok and len(r.named(b"STATUS")) == 1 and len(r.named(b"STATUS")[0][1]) == 10, "STATUS", r)
    says(m("RENAME a b"), "OK", "RENAME")
    r = m('LIST "" *')
    check(b"b/b/c" in [bytes(x[2]) for x in r.named(b"LIST")], "takes the children along", r)
    says(m("RENAME nowhere x"), "NO", "RENAME of no mailbox is NO", b"NONEXISTENT")
    says(m("RENAME b INBOX"), "NO", "RENAME onto another is NO", b"ALREADYEXISTS")
    says(m("DELETE INBOX"), "NO", "INBOX cannot be deleted")
    says(m("DELETE nowhere"), "NO", "DELETE of no mailbox is NO", b"NONEXISTENT")
    says(m("SUBSCRIBE b/b/c"), "OK", "SUBSCRIBE")
    r = m('LSUB "" *')
    check([bytes(x[2]) for x in r.named(b"LSUB") if bytes(x[2]) == b"b/b/c"], "LSUB", r)
    r = m('LIST (SUBSCRIBED) "" *')
    check(any(bytes(x[2]) == b"b/b/c" and rb"\Subscribed" in x[0] for x in r.named(b"LIST")), "LIST-EXTENDED: (SUBSCRIBED)", r)
    r = m('LIST "" (INBOX "b*") RETURN (CHILDREN SUBSCRIBED)')
    check(len(r.named(b"LIST")) >= 2, "LIST-EXTENDED: several patterns", r)
    r = m('LIST (RECURSIVEMATCH) "" *')
    says(r, "BAD", "LIST-EXTENDED: RECURSIVEMATCH alone is BAD")
    r = m('LIST (SUBSCRIBED RECURSIVEMATCH) "" %')
    check(any(len(x) > 3 and b"CHILDINFO" in str(x[3]).encode() for x in r.named(b"LIST")), "LIST-EXTENDED: CHILDINFO", r)
    says(m("UNSUBSCRIBE b/b/c"), "OK", "UNSUBSCRIBE")
    # A parent that was not chosen itself is told for a child only when the child is not told (RFC 5258 section 3.5).
    for name in ("f/1", "f/2"):
        m(f"CREATE {name}")
        m(f"SUBSCRIBE {name}")
    listed = lambda command: {bytes(x[2]): (x[0], len(x) > 3) for x in m(command).named(b"LIST")}
    got = listed('LIST (SUBSCRIBED RECURSIVEMATCH) "" (f f/1)')
    check(got[b"f"][1] and rb"\Subscribed" in got[b"f/1"][0] and not got[b"f/1"][1], "CHILDINFO for the child that is not told", got)
    got = listed('LIST (SUBSCRIBED RECURSIVEMATCH) "" (f f/1 f/2)')
    check(sorted(got) == [b"f/1", b"f/2"], "no parent when all its children are told", got)
    got = listed('LIST (SUBSCRIBED RECURSIVEMATCH) "" *1')
    check(sorted(got) == [b"f/1"], "nor one that does not match", got)
    # A subscription is to a name, and stays when the mailbox goes (RFC 3501 section 6.3.6).
    says(m("DELETE f/2"), "OK", "DELETE of a mailbox that is subscribed to")
    got = listed('LIST (SUBSCRIBED) "" f/*')
    check(rb"\Subscribed" in got[b"f/2"][0] and rb"\NonExistent" in got[b"f/2"][0] and rb"\NonExistent" not in got[b"f/1"][0], "its name stays on the list", got)
    check(b"f/2" in [bytes(x[2]) for x in m('LSUB "" f/*').named(b"LSUB")], "LSUB has it too")
    check(b"f/2" not in listed('LIST "" f/*'), "but there is no such mailbox")
    says(m("SELECT f/2"), "NO", "so it cannot be opened")
    says(m("SUBSCRIBE f/2"), "OK", "SUBSCRIBE to what one is subscribed to")
    m("CREATE f/2")
    check(listed('LIST (SUBSCRIBED) "" f/2')[b"f/2"][0].count(rb"\Subscribed") == 1, "made again it is subscribed to")
    m("DELETE f/2")
    says(m("RENAME f/1 f/2"), "OK", "RENAME to a name that is subscribed to")
    got = listed('LIST (SUBSCRIBED) "" f/*')
    check(rb"\NonExistent" in got[b"f/1"][0] and rb"\NonExistent" not in got[b"f/2"][0], "both names stay on the list", got)
    m("DELETE f/2")
    says(m("UNSUBSCRIBE f/1"), "OK", "UNSUBSCRIBE from the old name")
    says(m("UNSUBSCRIBE f/2"), "OK", "UNSUBSCRIBE from a mailbox that is gone")
    check(not listed('LIST (SUBSCRIBED) "" f/*'), "takes it off the list")
    says(m("UNSUBSCRIBE f/2"), "NO", "once")
    r = m('LIST "" * RETURN (STATUS (MESSAGES UIDNEXT))')
    check(len(r.named(b"STATUS")) == len([x for x in r.named(b"LIST") if rb"\Noselect" not in x[0] and rb"\NonExistent" not in x[0]]), "LIST-STATUS: one STATUS for each that can be opened", r)
    says(m("CREATE Sent"), "OK", "CREATE Sent")
    r = m('LIST "" Sent')
    check(rb"\Sent" in r.named(b"LIST")[0][0], "SPECIAL-USE: \\Sent", r)
    r = m('LIST (SPECIAL-USE) "" *')
    check([bytes(x[2]) for x in r.named(b"LIST")] == [b"Sent"], "SPECIAL-USE: only those", r)
    r = m("NAMESPACE")
    check(r.ok and r.named(b"NAMESPACE") and r.named(b"NAMESPACE")[0][0][0][1] == b"/", "NAMESPACE", r)
    says(m("DELETE Sent"), "OK", "DELETE")
    says(m('CREATE ""'), "BAD" if m('CREATE ""').status == "BAD" else "NO", "an empty name is refused")
    # ---- modified UTF-7 ----
    says(m('CREATE "Entw&APw-rfe"'), "OK", "a name in modified UTF-7")
    check(b'"Entw&APw-rfe"' in m('LIST "" Entw*').text or b"Entw&APw-rfe" in m('LIST "" Entw*').text, "comes back so")
    says(m('CREATE "bad&name"'), "NO" if m('CREATE "bad&name"').status == "NO" else "BAD", "a name with a bare & is refused")
    check(b"bad&name" not in m('LIST "" *').text, "and not made")
    says(m('CREATE "&-co"'), "OK", "&- is an ampersand")
    u = Imap(w, "bob")
    r = u("ENABLE UTF8=ACCEPT")
    check(r.ok and [b"UTF8=ACCEPT"] in r.named(b"ENABLED"), "ENABLE UTF8=ACCEPT", r)
    r = u('LIST "" Entw*')
    check("Entwürfe".encode() in r.text, "UTF8=ACCEPT: names in UTF-8", r)
    says(u('SELECT "Entwürfe"'), "OK", "and can be opened so")
    u.close()
    for n in ("Entw&APw-rfe", "&-co", "b/b/c", "b", "tree"):
        m(f'DELETE "{n}"')
    says(m("SELECT " + "x" * 5000), "NO" if m("SELECT " + "x" * 300).status == "NO" else "BAD", "a very long name is refused")
    m.close()


def select(w):
    m = fresh(w)
    r = m("SELECT Box")
    flat = r.text
    check(r.numbered(b"EXISTS") == [(4, [])], "SELECT: EXISTS", r)
    check(b"* FLAGS (" in flat and rb"\Answered" in flat, "SELECT: FLAGS", r)
    check(b"[UIDVALIDITY " in flat and b"[UIDNEXT 5]" in flat and b"[PERMANENTFLAGS (" in flat, "SELECT: UIDVALIDITY, UIDNEXT, PERMANENTFLAGS", r)
    check(b"[HIGHESTMODSEQ " in flat, "SELECT: HIGHESTMODSEQ", r)
    check(r.code == [b"READ-WRITE"], "SELECT: READ-WRITE", r)
    r = m("EXAMINE Box")
    check(r.code == [b"READ-ONLY"] and b"[PERMANENTFLAGS ()]" in r.text, "EXAMINE: READ-ONLY", r)
    says(m(r"STORE 1 +FLAGS (\Seen)"), "NO", "STORE in EXAMINE is NO")
    says(m("EXPUNGE"), "NO", "EXPUNGE in EXAMINE is NO")
    says(m("MOVE 1 INBOX"), "NO", "MOVE in EXAMINE is NO")
    r = m("FETCH 1 BODY[]")
    check(r.ok and rb"\Seen" not in r.text, "FETCH BODY[] in EXAMINE does not set \\Seen", r)
    check(m("FETCH 1 FLAGS").fetched()[1][b"FLAGS"] == [] or rb"\Seen" not in m("FETCH 1 FLAGS").text, "nor later")
    says(m("UNSELECT"), "OK", "UNSELECT")
    says(m("CHECK"), "BAD", "CHECK without a mailbox is BAD")
    m("SELECT Box")
    m(r"STORE 1 +FLAGS (\Deleted)")
    m("UNSELECT")
    check(m("STATUS Box (MESSAGES)").named(b"STATUS")[0][1][1] == b"4", "UNSELECT expunges nothing")
    m("SELECT Box")
    r = m("CLOSE")
    check(r.ok and not r.numbered(b"EXPUNGE"), "CLOSE expunges without a word", r)
    check(m("STATUS Box (MESSAGES)").named(b"STATUS")[0][1][1] == b"3", "CLOSE has expunged")
    m("SELECT Box")
    r = m("SELECT INBOX")
    check(r.ok, "SELECT while another is open", r)
    q = Imap(w, "alice")
    q("ENABLE QRESYNC")
    q("SELECT Box")
    r = q("SELECT INBOX")
    check(r.lines and b"* OK [CLOSED] " in r.lines[0].octets, "QRESYNC: CLOSED tells where the old mailbox ends", r)
    q.close()
    m.close()


# ---- FETCH ----

def one(m, command, n=1):
    r = m(command)
    return r.fetched().get(n, {}) if r.ok else {"error": r}


def fetch(w):
    m = fresh(w)
    check(one(m, "FETCH 1 RFC822.SIZE") == {b"RFC822.SIZE": b"%d" % len(SIMPLE)}, "RFC822.SIZE")
    check(one(m, "FETCH 1 INTERNALDATE")[b"INTERNALDATE"] == b" 1-Mar-2025 12:00:00 +0000", "INTERNALDATE has a day of two places")
    check(set(one(m, "FETCH 1 FAST")) == {b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"}, "FAST")
    check(set(one(m, "FETCH 1 ALL")) == {b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"}, "ALL")
    check(set(one(m, "FETCH 1 FULL")) == {b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"}, "FULL")
    check(one(m, "FETCH 1 BODY.PEEK[]") == {b"BODY[]": SIMPLE}, "BODY.PEEK[]: the message, and no \\Seen")
    head, text = SIMPLE.split(b"\r\n\r\n", 1)
    check(one(m, "FETCH 1 BODY.PEEK[HEADER]")[b"BODY[HEADER]"] == head + b"\r\n\r\n", "HEADER ends with the empty line")
    check(one(m, "FETCH 1 BODY.PEEK[TEXT]")[b"BODY[TEXT]"] == text, "TEXT")
    check(one(m, "FETCH 1 BODY.PEEK[1]")[b"BODY[1]"] == text, "part 1 of a message without parts is its text")
    check(one(m, "FETCH 1 BODY.PEEK[2]")[b"BODY[2]"] in (None, b""), "a part that is not there is NIL or empty")
    check(one(m, "FETCH 1 BODY.PEEK[]<0.10>") == {b"BODY[]<0>": SIMPLE[:10]}, "a partial fetch")
    check(one(m, "FETCH 1 BODY.PEEK[]<5.7>") == {b"BODY[]<5>": SIMPLE[5:12]}, "from the middle")
    check(one(m, "FETCH 1 BODY.PEEK[]<10000.5>") == {b"BODY[]<10000>": b""}, "behind the end: an empty string")
    check(one(m, f"FETCH 1 BODY.PEEK[]<{len(SIMPLE) - 3}.100>")[b"BODY[]<%d>" % (len(SIMPLE) - 3)] == SIMPLE[-3:], "over the end: what there is")
    says(m("FETCH 1 BODY.PEEK[]<5.0>"), "BAD", "a partial of no octets is BAD")
    says(m("FETCH 1 BODY.PEEK[]<5>"), "BAD", "a partial without length is BAD")
    r = one(m, "FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT from)]")
    check(list(r.values()) == [b"From: Alice A <alice@example.com>\r\nSubject: one two\r\n\r\n"], "HEADER.FIELDS: in the message's order, without regard to case", r)
    r = one(m, "FETCH 1 BODY.PEEK[HEADER.FIELDS (X-None)]")
    check(list(r.values()) == [b"\r\n"], "HEADER.FIELDS of none: the empty line", r)
    r = one(m, "FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (Date From To Subject Message-ID)]")
    check(list(r.values()) == [b"X-Empty:\r\n\r\n"], "HEADER.FIELDS.NOT", r)
    says(m("FETCH 1 BODY.PEEK[HEADER.FIELDS ()]"), "BAD", "HEADER.FIELDS of an empty list is BAD")
    says(m("FETCH 1 BODY.PEEK[MIME]"), "BAD", "MIME without a part is BAD")
    says(m("FETCH 1 BODY.PEEK[0]"), "BAD", "part 0 is BAD")
    e = one(m, "FETCH 1 ENVELOPE")[b"ENVELOPE"]
    check(e[0] == b"Mon, 3 Mar 2025 10:00:00 +0100" and e[1] == b"one two", "ENVELOPE: date and subject", e)
    check(e[2] == [[b"Alice A", None, b"alice", b"example.com"]], "ENVELOPE: from", e)
    check(e[3] == e[2] and e[4] == e[2], "ENVELOPE: sender and reply-to are from, if they are not there", e)
    check(e[5] == [[None, None, b"bob", b"example.com"], [b"C, D", None, b"carol", b"example.com"]], "ENVELOPE: to", e)
    check(e[6] is None and e[7] is None and e[8] is None and e[9] == b"<1@example.com>", "ENVELOPE: NIL for what is not there", e)
    e = one(m, "FETCH 3 ENVELOPE", 3)[b"ENVELOPE"]
    check(e[2][0][0] == b"=?UTF-8?Q?M=C3=BCller?=" and e[3][0][2] == b"s" and e[4][0][2] == b"r", "ENVELOPE: encoded words stay as they are", e)
    r = m("FETCH 1 BODY[TEXT]")
    check(rb"\Seen" in r.text, "BODY[] sets \\Seen and tells it", r)
    check(rb"\Seen" in m("FETCH 1 FLAGS").text, "for good")
    r = m("FETCH 4 RFC822")
    check(r.fetched()[4][b"RFC822"] == OTHER, "RFC822", r)
    r = m("FETCH 4 RFC822.HEADER")
    check(r.fetched()[4][b"RFC822.HEADER"] == OTHER.split(b"\r\n\r\n")[0] + b"\r\n\r\n", "RFC822.HEADER", r)
    r = m("FETCH 4 RFC822.TEXT")
    check(r.fetched()[4][b"RFC822.TEXT"] == b"nothing\r\n", "RFC822.TEXT", r)
    # ---- sets ----
    check(sorted(m("FETCH 1:* UID").fetched()) == [1, 2, 3, 4], "1:*")
    check(sorted(m("FETCH *:2 UID").fetched()) == [2, 3, 4], "*:2 is 2:*")
    check(sorted(m("FETCH 4,1:2,2 UID").fetched()) == [1, 2, 4], "4,1:2,2")
    check(sorted(m("FETCH * UID").fetched()) == [4], "*")
    for wrong in ("0", "1:", ":2", "1,,2", "a", "1:2:3", "-1", "1;2", "99999999999", ""):
        says(m(f"FETCH {wrong} UID"), "BAD", f"the set {wrong!r} is BAD")
    says(m("FETCH 5 UID"), "BAD", "a place that is not there is BAD")
    says(m("UID FETCH 99 FLAGS"), "OK", "a uid that is not there is OK")
    check(sorted(m("UID FETCH 99:* FLAGS").fetched()) == [4], "99:* has the last message")
    r = m("UID FETCH 2:3 FLAGS").fetched()
    check(r[2][b"UID"] == b"2" and r[3][b"UID"] == b"3", "UID FETCH tells UID unasked", r)
    check(m("UID FETCH 1:4294967295 UID").ok, "up to the largest uid")
    for wrong in ("FETCH 1", "FETCH 1 ()", "FETCH 1 (FLAGS", "FETCH 1 FLAGS)", "FETCH 1 BOGUS", "FETCH 1 BODY[", "FETCH 1 BODY[HEADER.FIELDS]", "FETCH 1 (ALL FLAGS)", "FETCH 1 BODY[1.]", "FETCH  1 FLAGS"):
        says(m(wrong), "BAD", f"{wrong} is BAD")
    m.close()


def structure(w):
    m = fresh(w)
    b = one(m, "FETCH 1 BODYSTRUCTURE")[b"BODYSTRUCTURE"]
    check(b[0].upper() == b"TEXT" and b[1].upper() == b"PLAIN" and b[2][0].upper() == b"CHARSET" and b[5].upper() == b"7BIT", "a message without MIME is text/plain, us-ascii, 7bit", b)
    check(b[6] == b"%d" % len(SIMPLE.split(b"\r\n\r\n", 1)[1]) and b[7] == b"2", "octets and lines", b)
    b = one(m, "FETCH 3 BODYSTRUCTURE", 3)[b"BODYSTRUCTURE"]
    check(len(b) >= 6 and [x[0] for x in b[:2]] and b[4].upper() == b"MIXED", "multipart/mixed of four", b)
    check(b[5][0].upper() == b"BOUNDARY" and b[5][1] == b"b1", "with its boundary", b)
    check(b[0][1].upper() == b"PLAIN" and b[0][2] == [b"charset", b"utf-8"] or b[0][2][1] == b"utf-8", "part 1", b[0])
    check(b[0][5].upper() == b"QUOTED-PRINTABLE", "its encoding", b[0])
    check(b[1][0].upper() == b"MESSAGE" and b[1][1].upper() == b"RFC822" and b[1][4] == b"inner" and b[1][7][1] == b"inner" and b[1][8][1].upper() == b"PLAIN", "part 2: a message, its envelope and its body", b[1])
    check(b[2][2].upper() == b"ALTERNATIVE" and b[2][1][1].upper() == b"HTML", "part 3: two alternatives", b[2])
    check(b[3][2][1] == b"f.bin" and b[3][3] == b"<c@x>" and b[3][8][0].upper() == b"ATTACHMENT" and b[3][8][1][1] == b"f.bin", "part 4: a file", b[3])
    check(b[3][9] in ([b"en"], b"en") and b[3][10] == b"here", "its language and place", b[3])
    plain = one(m, "FETCH 3 BODY", 3)[b"BODY"]
    check(len(plain) == 5 and len(plain[3]) == 7, "BODY has no extension data", plain)
    get = lambda section: list(one(m, f"FETCH 3 BODY.PEEK[{section}]", 3).values())[0]
    check(get("1") == b"caf=C3=A9", "part 1 without the line end of the boundary", get("1"))
    check(get("1.MIME").startswith(b"Content-Type: text/plain") and get("1.MIME").endswith(b"\r\n\r\n"), "1.MIME")
    check(get("2") == b"From: x@example.org\r\nSubject: inner\r\n\r\ninner text", "part 2 is a message", get("2"))
    check(get("2.HEADER") == b"From: x@example.org\r\nSubject: inner\r\n\r\n", "2.HEADER")
    check(get("2.TEXT") == b"inner text", "2.TEXT")
    check(get("2.1") == b"inner text", "2.1")
    check(get("3.2") == b"<p>html</p>", "3.2")
    check(get("2.HEADER.FIELDS (Subject)") == b"Subject: inner\r\n\r\n", "2.HEADER.FIELDS")
    check(get("4.MIME").count(b"\r\n") == 7, "4.MIME", get("4.MIME"))
    check(get("9") in (None, b""), "a part that is not there")
    # ---- BINARY ----
    check(one(m, "FETCH 3 BINARY.PEEK[4]", 3)[b"BINARY[4]"] == b"\0\1\2\3\4", "BINARY: base64 is decoded")
    check(one(m, "FETCH 3 BINARY.PEEK[1]", 3)[b"BINARY[1]"] == "café".encode(), "BINARY: quoted-printable is decoded")
    check(one(m, "FETCH 3 BINARY.SIZE[4]", 3)[b"BINARY.SIZE[4]"] == b"5", "BINARY.SIZE")
    check(one(m, "FETCH 3 BINARY.PEEK[4]<1.2>", 3)[b"BINARY[4]<1>"] == b"\1\2", "BINARY: a partial counts decoded octets")
    check(one(m, "FETCH 3 BINARY.PEEK[4]<2>", 3)[b"BINARY[4]<2>"] == b"\2\3\4", "BINARY: a partial without a count goes to the end")
    check(one(m, "FETCH 3 BINARY.PEEK[2.HEADER]", 3)[b"BINARY[2.HEADER]"] == b"From: x@example.org\r\nSubject: inner\r\n\r\n", "BINARY: a header is as it stands")
    check(one(m, "FETCH 3 BINARY.SIZE[2.HEADER.FIELDS (Subject)]", 3)[b"BINARY.SIZE[2.HEADER.FIELDS (Subject)]"] == b"18", "BINARY.SIZE of chosen fields")
    # A fold inside the quoted boundary is undone before it is looked for (RFC 5322 section 2.2.3).
    m("APPEND Box ", b"Subject: fold\r\nContent-Type: multipart/mixed; boundary=\"far\r\n away\"\r\n\r\n--far away\r\n\r\nfirst\r\n--far away\r\nContent-Type: text/html\r\n\r\nsecond\r\n--far away--\r\n")
    b = one(m, "FETCH 5 BODYSTRUCTURE", 5)[b"BODYSTRUCTURE"]
    check(len(b) > 4 and b[1][1].upper() == b"HTML" and b[3][1] == b"far away", "a boundary over two lines", b)
    check(one(m, "FETCH 5 BODY.PEEK[2]", 5)[b"BODY[2]"] == b"second", "and its parts")
    m.close()


# ---- SEARCH, SORT, THREAD ----

def search(w):
    m = fresh(w)
    for keys, want in (("ALL", [1, 2, 3, 4]), ("SEEN", [2]), ("UNSEEN", [1, 3, 4]), ("FLAGGED", [3]), ("UNFLAGGED", [1, 2, 4]), ("ANSWERED", [4]), ("UNANSWERED", [1, 2, 3]), ("DRAFT", [4]), ("UNDRAFT", [1, 2, 3]), ("DELETED", []), ("UNDELETED", [1, 2, 3, 4]),
                       ("KEYWORD $Forwarded", [3]), ("UNKEYWORD $Forwarded", [1, 2, 4]), ("KEYWORD nosuch", []), ("FROM alice", [1]), ("FROM ALICE", [1]), ("TO carol", [1]), ("CC dave", [2]), ("BCC x", []), ("SUBJECT one", [1, 2]), ("SUBJECT \"one two\"", [1, 2]),
                       ("BODY second", [1]), ("BODY Subject", []), ("TEXT Subject", [1, 2, 3, 4]), ("TEXT second", [1]), ("HEADER Message-ID <1@", [1]), ("HEADER X-Empty \"\"", [1]), ("HEADER X-None \"\"", []), ("HEADER Subject alpha", [4]),
                       ("LARGER 500", [3]), ("LARGER 4294967296", []), ("SMALLER 9223372036854775807 SMALLER 200", [4]), ("SMALLER 200", [4]), ("BEFORE 2-Mar-2025", [1]), ("ON 2-Mar-2025", [2]), ("SINCE 3-Mar-2025", [3, 4]), ("SENTBEFORE 4-Mar-2025", [1]), ("SENTON 4-Mar-2025", [2]), ("SENTSINCE 5-Mar-2025", [3, 4]), ("SENTON 6-Mar-2025", [4]),
                       ("ON \"02-Mar-2025\"", [2]), ("1:2", [1, 2]), ("*", [4]), ("UID 3:*", [3, 4]), ("UID 99:*", [4]), ("UID 99", []), ("NOT SEEN", [1, 3, 4]), ("NOT NOT SEEN", [2]), ("OR SEEN FLAGGED", [2, 3]), ("OR (SEEN) (FLAGGED NOT DRAFT)", [2, 3]), ("SEEN FLAGGED", []),
                       ("(UNSEEN UNFLAGGED) UNANSWERED", [1]), ("NOT (SEEN)", [1, 3, 4]), ("OR OR SEEN FLAGGED ANSWERED", [2, 3, 4]), ("CHARSET UTF-8 SUBJECT one", [1, 2]), ("CHARSET US-ASCII SUBJECT one", [1, 2]), ("OLD", []), ("NEW", [1, 3, 4]), ("RECENT", [1, 2, 3, 4])):
        r = m("SEARCH " + keys)
        check(r.ok and r.numbers() == want, f"SEARCH {keys}", r)
    # FROM and the like look into the addresses of the envelope, which have no comments (RFC 3501 section 6.4.4).
    m("APPEND Box ", b"From: Pat <pat (at work)@(our)example.org>\r\nTo: \"quinn\" @ example.net\r\n\r\nx\r\n")
    for keys, want in (("FROM pat@example.org", [5]), ("FROM \"at work\"", [5]), ("TO quinn@example.net", [5]), ("CC quinn@example.net", []), ("HEADER From pat@example.org", [5])):
        r = m("SEARCH " + keys)
        check(r.ok and r.numbers() == want, f"SEARCH {keys}", r)
    m(r"STORE 5 +FLAGS.SILENT (\Deleted)")
    m("EXPUNGE")
    r = m("SEARCH CHARSET UTF-8 BODY ", "Müll".encode())
    check(r.ok and r.numbers() == [2], "SEARCH with UTF-8 in a literal", r)
    r = m("SEARCH CHARSET UTF-8 FROM ", "müller".encode())
    check(r.ok and r.numbers() == [3], "SEARCH decodes encoded words and folds case", r)
    r = m("SEARCH BODY ", "café".encode())
    check(r.status in ("OK", "NO", "BAD"), "eight bits without CHARSET are answered", r)
    says(m("SEARCH CHARSET KLINGON SUBJECT x"), "NO", "an unknown charset is NO", b"BADCHARSET")
    check(m("UID SEARCH SEEN").numbers() == [2], "UID SEARCH")
    for wrong in ("SEARCH", "SEARCH BOGUS", "SEARCH FROM", "SEARCH OR SEEN", "SEARCH (SEEN", "SEARCH ()", "SEARCH BEFORE 32-Mar-2025", "SEARCH ON yesterday", "SEARCH LARGER x", "SEARCH LARGER 18446744073709551616", "SEARCH NOT", "SEARCH KEYWORD \\Seen", "SEARCH 0", "SEARCH SEEN )"):
        says(m(wrong), "BAD", f"{wrong} is BAD")
    # ---- ESEARCH, SEARCHRES ----
    r = m("SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN")
    e = r.named(b"ESEARCH")
    check(e and e[0][0][0] == b"TAG" and b"MIN 1" in r.text and b"MAX 4" in r.text and b"COUNT 3" in r.text and b"ALL 1,3:4" in r.text and not r.named(b"SEARCH"), "ESEARCH: MIN MAX COUNT ALL", r)
    r = m("SEARCH RETURN () FLAGGED")
    check(b"ALL 3" in r.text, "ESEARCH: () is ALL", r)
    r = m("UID SEARCH RETURN (COUNT) DELETED")
    check(b" UID " in r.text and b"COUNT 0" in r.text and b"ALL" not in r.text, "ESEARCH: none, by uid", r)
    r = m("SEARCH RETURN (MIN) DELETED")
    check(r.ok and b"MIN" not in r.text, "ESEARCH: no MIN of none", r)
    says(m("SEARCH RETURN (BOGUS) ALL"), "BAD", "ESEARCH: an unknown option is BAD")
    r = m("SEARCH RETURN (SAVE) UNSEEN")
    check(r.ok and not r.named(b"SEARCH") and not r.named(b"ESEARCH"), "SEARCHRES: SAVE alone says nothing", r)
    check(sorted(m("FETCH $ UID").fetched()) == [1, 3, 4], "SEARCHRES: $ in FETCH")
    check(m("SEARCH $ FLAGGED").numbers() == [3], "SEARCHRES: $ in SEARCH")
    check(m("SEARCH RETURN (SAVE MIN) UNSEEN").ok and sorted(m("FETCH $ UID").fetched()) == [1], "SEARCHRES: MIN and SAVE")
    m("SEARCH RETURN (SAVE) CHARSET KLINGON ALL")
    check(m("FETCH $ UID").fetched() == {}, "SEARCHRES: after a failed SAVE $ is empty")
    # ---- SORT, THREAD ----
    for keys, want in (("(ARRIVAL)", [1, 2, 3, 4]), ("(REVERSE ARRIVAL)", [4, 3, 2, 1]), ("(SUBJECT)", [4, 1, 2, 3]), ("(SIZE)", [4, 2, 1, 3]), ("(FROM)", [1, 2, 3, 4]), ("(REVERSE DATE)", [4, 3, 2, 1]), ("(TO REVERSE ARRIVAL)", [4, 3, 2, 1]), ("(CC)", [1, 3, 4, 2]), ("(SUBJECT REVERSE DATE)", [4, 2, 1, 3])):
        r = m(f"SORT {keys} UTF-8 ALL")
        got = r.numbers(b"SORT")
        check(r.ok and (got == want or keys == "(TO REVERSE ARRIVAL)" and sorted(got) == [1, 2, 3, 4] or keys == "(SIZE)" and got[-1] == 3), f"SORT {keys}", r)
    check(m("UID SORT (SUBJECT) UTF-8 UNSEEN").numbers(b"SORT") == [4, 1, 3], "UID SORT with keys")
    says(m("SORT () UTF-8 ALL"), "BAD", "SORT by nothing is BAD")
    says(m("SORT (BOGUS) UTF-8 ALL"), "BAD", "SORT by something else is BAD")
    says(m("SORT (SUBJECT) KLINGON ALL"), "NO", "SORT in an unknown charset is NO", b"BADCHARSET")
    r = m("THREAD REFERENCES UTF-8 ALL")
    check(r.ok and b"(1 2)" in r.text and b"(3)" in r.text and b"(4)" in r.text, "THREAD=REFERENCES", r)
    r = m("THREAD ORDEREDSUBJECT UTF-8 ALL")
    check(r.ok and b"(1 2)" in r.text, "THREAD=ORDEREDSUBJECT", r)
    says(m("THREAD BOGUS UTF-8 ALL"), "BAD", "an unknown THREAD algorithm is BAD")
    m.close()


# ---- STORE, EXPUNGE, COPY, MOVE, APPEND ----

def store(w):
    m = fresh(w)
    flags = lambda n: set(m(f"FETCH {n} FLAGS").fetched()[n][b"FLAGS"]) - {rb"\Recent"}
    r = m(r"STORE 1 FLAGS (\Seen custom)")
    check(r.fetched()[1][b"FLAGS"] and flags(1) == {rb"\Seen", b"custom"}, "STORE FLAGS replaces and tells", r)
    m(r"STORE 1 +FLAGS (\Flagged)")
    check(flags(1) == {rb"\Seen", b"custom", rb"\Flagged"}, "+FLAGS adds")
    m(r"STORE 1 -FLAGS (\Seen custom)")
    check(flags(1) == {rb"\Flagged"}, "-FLAGS takes away")
    r = m(r"STORE 1 +FLAGS.SILENT (\Draft)")
    check(r.ok and not r.fetched() and flags(1) == {rb"\Flagged", rb"\Draft"}, ".SILENT does not tell", r)
    m("STORE 1 FLAGS ()")
    check(flags(1) == set(), "FLAGS () takes all")
    m(r"STORE 1:2 +FLAGS \Answered")
    check(rb"\Answered" in flags(1) and rb"\Answered" in flags(2), "a flag without parentheses, a range")
    r = m(r"UID STORE 3 +FLAGS (\Seen)")
    check(r.fetched()[3][b"UID"] == b"3", "UID STORE tells UID", r)
    check(m(r"UID STORE 77 +FLAGS (\Seen)").ok, "UID STORE of no message is OK")
    says(m(r"STORE 9 +FLAGS (\Seen)"), "BAD", "STORE of no place is BAD")
    for wrong in ("STORE 1", "STORE 1 FLAGS", "STORE 1 FLAGS (", r"STORE 1 FLAGS (\Bogus)", r"STORE 1 FLAGS (\Recent)", "STORE 1 BOGUS (x)", r"STORE 1 *FLAGS (\Seen)"):
        check(m(wrong).status in ("BAD", "NO"), f"{wrong} is refused")
    # ---- expunge ----
    m(r"STORE 1,3 +FLAGS (\Deleted)")
    r = m("UID EXPUNGE 3")
    check(r.numbered(b"EXPUNGE") == [(3, [])], "UIDPLUS: UID EXPUNGE takes only those", r)
    r = m("EXPUNGE")
    check(r.numbered(b"EXPUNGE") == [(1, [])], "EXPUNGE the other", r)
    check([x[b"UID"] for x in m("FETCH 1:* UID").fetched().values()] == [b"2", b"4"], "the others move up and keep their uids")
    m(r"STORE 1:2 +FLAGS (\Deleted)")
    r = m("EXPUNGE")
    check(r.numbered(b"EXPUNGE") in ([(1, []), (1, [])], [(2, []), (1, [])]), "each EXPUNGE counts after the one before", r)
    check(m("FETCH 1:* UID").status in ("OK", "BAD"), "an empty mailbox")
    check(m("SEARCH ALL").numbers() == [] and len(m("SEARCH ALL").named(b"SEARCH")) == 1, "SEARCH in an empty mailbox has an empty answer")
    says(m("UID FETCH 1:* FLAGS"), "OK", "UID FETCH in an empty mailbox is OK")
    r = m("APPEND Box ", OTHER)
    check(r.code and r.code[0] == b"APPENDUID" and r.code[2] == b"5", "UIDPLUS: APPENDUID; uids are not used again", r)
    check(r.numbered(b"EXISTS") == [(1, [])], "APPEND to the open mailbox tells EXISTS", r)
    m.close()


def copies(w):
    m = fresh(w)
    m("DELETE Other")
    says(m("COPY 1 Other"), "NO", "COPY to no mailbox is NO, with a hint", b"TRYCREATE")
    m("CREATE Other")
    r = m("COPY 2:3 Other")
    check(r.code[0] == b"COPYUID" and r.code[2:] == [b"2:3", b"1:2"], "UIDPLUS: COPYUID", r)
    check(m("STATUS Other (MESSAGES)").named(b"STATUS")[0][1][1] == b"2", "COPY copies")
    says(m("COPY 9 Other"), "BAD", "COPY of no place is BAD")
    r = m("UID COPY 99 Other")
    check(r.ok and not r.code, "UID COPY of no message is OK, without COPYUID", r)
    r = m("MOVE 1 Other")
    check(any(b"COPYUID" in x.octets for x in r.lines) and r.numbered(b"EXPUNGE") == [(1, [])], "MOVE: COPYUID, then EXPUNGE", r)
    r = m("UID MOVE 4 Other")
    check(r.ok and r.numbered(b"EXPUNGE") == [(3, [])], "UID MOVE", r)
    check(m("UID SEARCH ALL").numbers() == [2, 3], "what is left")
    m("SELECT Other")
    got = m("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").fetched()
    check([got[n][b"BODY[]"] for n in (1, 2, 3, 4)] == [REPLY, MULTI, SIMPLE, OTHER], "the copies are the messages, octet by octet")
    check(got[1][b"INTERNALDATE"] == b" 2-Mar-2025 12:00:00 +0000" and b"$Forwarded" in got[2][b"FLAGS"] and rb"\Flagged" in got[2][b"FLAGS"] and rb"\Answered" in got[4][b"FLAGS"], "with date, flags and keywords", got)
    check(rb"\Recent" in got[1][b"FLAGS"], "and are recent")
    r = m("DELETE Other")
    check(r.ok and any(b"[CLOSED]" in x.octets for x in r.lines), "DELETE of the open mailbox closes it, and says so", r)
    says(m("FETCH 1 FLAGS"), "BAD", "then none is open")
    says(m("NOOP"), "OK", "and the session goes on")
    m.close()


def append(w):
    m = fresh(w)
    m("DELETE Nope")
    m.send(b"a APPEND Nope {10}\r\n")
    r = m.finish(b"a")
    check(r.status == "NO" and r.code == [b"TRYCREATE"], "APPEND to no mailbox is refused before the literal", r)
    m.send(b"b APPEND Box (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {%d}\r\n" % len(SIMPLE))
    check(m.response().octets.startswith(b"+ "), "APPEND: the literal is asked for")
    m.send(SIMPLE)
    m.send(b"\r\n")
    r = m.finish(b"b")
    check(r.ok and r.code[0] == b"APPENDUID", "APPEND", r)
    got = m("FETCH * (FLAGS INTERNALDATE)").fetched()[5]
    check(got[b"INTERNALDATE"] == b"17-Jul-1996 02:44:25 -0700", "with its date, in the zone that was named", got)
    # The day that SEARCH looks at is the one that INTERNALDATE shows.
    m("APPEND Box \"31-Dec-2019 23:30:00 -0500\" ", OTHER)
    check(m("SEARCH ON 31-Dec-2019").numbers() == [6] and m("SEARCH SINCE 1-Jan-2020 BEFORE 2-Jan-2020").numbers() == [], "a day in its own zone")
    m("COPY 6 Box")
    check(m("FETCH 7 INTERNALDATE").fetched()[7][b"INTERNALDATE"] == b"31-Dec-2019 23:30:00 -0500", "which a copy keeps")
    m(r"STORE 6:7 +FLAGS.SILENT (\Deleted)")
    m("EXPUNGE")
    check(rb"\Seen" in got[b"FLAGS"], "and flags")
    for wrong in (b"APPEND Box", b"APPEND Box \"text\"", b"APPEND Box (\\Seen {3+}\r\nabc", b"APPEND Box \"32-Foo-2025 00:00:00 +0000\" {3+}\r\nabc", b"APPEND Box {3+}\r\nabcX"):
        m.send(b"w " + wrong + b"\r\n")
        check(m.finish(b"w").status == "BAD", f"{wrong} is BAD")
    says(m("NOOP"), "OK", "and the session goes on")
    check(m("STATUS Box (MESSAGES)").named(b"STATUS")[0][1][1] == b"5", "nothing was stored by what was wrong")
    m.send(b"h APPEND Box {4000000000}\r\n")
    r = m.finish(b"h")
    check(r.status in ("NO", "BAD"), "a literal of 4 GB is refused before it is sent", r)
    m.send(b"h2 APPEND Box {99999999999999999999}\r\n")
    check(m.finish(b"h2").status in ("NO", "BAD"), "a literal beyond all numbers is refused")
    r = m("APPEND Box ", b"From: a\r\n\r\nz\0z\r\n")
    check(r.status in ("NO", "BAD"), "a NUL in a message is refused", r)
    r = m("APPEND Box ", "From: a\r\nSubject: Grüße\r\n\r\nü\r\n".encode())
    check(r.ok, "eight bits are taken", r)
    m.close()
    d = Imap(w, "dave")
    r = d("GETQUOTAROOT INBOX")
    check(r.ok and r.named(b"QUOTAROOT") and r.named(b"QUOTA") and r.named(b"QUOTA")[0][1][0] == b"STORAGE", "QUOTA: GETQUOTAROOT", r)
    limit = int(r.named(b"QUOTA")[0][1][2])
    check(limit in (19, 20), "QUOTA: in units of 1024 octets", r)
    r = d("APPEND INBOX ", b"Subject: big\r\n\r\n" + b"x" * 30000)
    says(r, "NO", "QUOTA: what does not fit is refused", b"OVERQUOTA")
    says(d("GETQUOTA \"\""), "OK", "QUOTA: GETQUOTA")
    says(d("GETQUOTA nosuch"), "NO", "QUOTA: GETQUOTA of no root is NO")
    r = d("SETQUOTA \"\" (STORAGE 1)")
    check(r.status in ("NO", "BAD"), "QUOTA: a user cannot set it", r)
    d.close()


# ---- several sessions, and what may be told when ----

def sessions(w):
    a, b = fresh(w), Imap(w, "alice")
    b("SELECT Box")
    a(r"STORE 1 +FLAGS (\Flagged)")
    r = b("NOOP")
    check(r.fetched().get(1) and rb"\Flagged" in r.fetched()[1][b"FLAGS"], "flags set elsewhere are told", r)
    # A keyword that is new in the mailbox is told with FLAGS, before the first message that has it, once.
    first = lambda r: [x.words[1] for x in r.lines if x.words[1] == b"FLAGS" or b"FETCH" in x.octets]
    r = a("STORE 1 +FLAGS (fresh)")
    check(first(r) == [b"FLAGS", b"1"] and b"fresh" in r.lines[0].octets, "STORE of a new keyword tells FLAGS first", r)
    check(first(a("STORE 3 +FLAGS (fresh)")) == [b"3"], "and once")
    r = b("FETCH 1 FLAGS")
    check(first(r)[0] == b"FLAGS" and b"fresh" in r.lines[0].octets, "the other session is told with its first FETCH", r)
    check(first(b("FETCH 1 FLAGS")) == [b"1"], "and once, too")
    a("APPEND Box (newest) ", OTHER)
    r = b("NOOP")
    check(b"FLAGS" not in first(r), "new mail alone says nothing of keywords", r)
    check(first(b("FETCH 5 FLAGS")) == [b"FLAGS", b"5"], "its first FETCH does")
    a(r"STORE 5 +FLAGS.SILENT (\Deleted)")
    a("EXPUNGE")
    b("NOOP")
    a(r"STORE 2 +FLAGS.SILENT (\Deleted)")
    a("EXPUNGE")
    for command in ("FETCH 1 FLAGS", r"STORE 1 +FLAGS (\Seen)", "SEARCH ALL"):
        check(not b(command).numbered(b"EXPUNGE"), f"no EXPUNGE during {command.split()[0]}")
    check(b("FETCH 4 UID").fetched()[4][b"UID"] == b"4", "places have not moved")
    r = b("FETCH 2 BODY.PEEK[]")
    check(r.status in ("OK", "NO"), "what was expunged elsewhere is shown for the last time, or refused", r)
    r = b("SEARCH UID 1:*")
    check(r.ok and set(r.numbers()) <= {1, 2, 3, 4}, "SEARCH in the old numbering", r)
    r = b(r"STORE 2 +FLAGS (\Seen)")
    check(r.status == "NO" and not r.numbered(b"EXPUNGE"), "STORE on a message that is gone is NO", r)
    r = b("COPY 2 INBOX")
    check(r.status == "NO" and r.code == [b"EXPUNGEISSUED"], "COPY of a message that is gone is NO, and copies nothing", r)
    check(r.numbered(b"EXPUNGE") == [(2, [])], "and may tell EXPUNGE", r)
    check(b("FETCH 1:* UID").fetched()[3][b"UID"] == b"4", "and the places move up")
    a("APPEND Box ", OTHER)
    r = b("NOOP")
    check(r.numbered(b"EXISTS") == [(4, [])], "new mail: EXISTS", r)
    # Expunge and new mail in one go: EXISTS must count what the client will have then.
    a(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    a("EXPUNGE")
    a("APPEND Box ", OTHER)
    r = b("NOOP")
    order = [x.words[2] for x in r.lines if x.words[2] in (b"EXPUNGE", b"EXISTS")]
    check(order == [b"EXPUNGE", b"EXISTS"] and r.numbered(b"EXISTS") == [(4, [])] or order == [b"EXISTS", b"EXPUNGE"] and r.numbered(b"EXISTS") == [(5, [])], "EXPUNGE and EXISTS together make sense", r)
    # ---- IDLE ----
    tag, early = b.idle()
    a("APPEND Box ", OTHER)
    check(b.response().words[1:] == [b"5", b"EXISTS"], "IDLE: new mail is told at once")
    a(r"STORE 2 +FLAGS (told)")
    line = b.response()
    while b"RECENT" in line.octets:
        line = b.response()
    check(line.octets.startswith(b"* FLAGS (") and b"told" in line.octets, "IDLE: FLAGS, with the new keyword", line)
    line = b.response()
    check(b"* 2 FETCH (FLAGS (" in line.octets, "IDLE: flags", line)
    a(r"STORE 2 +FLAGS.SILENT (\Deleted)")
    a("EXPUNGE")
    line = b.response()
    while b"FETCH" in line.octets:
        line = b.response()
    check(line.octets == b"* 2 EXPUNGE\r\n", "IDLE: expunge", line)
    r = b.done(tag)
    check(r.ok, "IDLE ends with DONE", r)
    tag, _ = b.idle()
    b.send(b"NOOP\r\n")
    check(b.finish(tag).status == "BAD", "anything but DONE is BAD")
    a("DELETE Box")
    heard = b""
    b.send(b"n NOOP\r\n")
    while True:
        try:
            heard += b.response().octets
        except (EOFError, OSError):
            break
    check(heard.startswith(b"* BYE "), "a session whose mailbox another deletes is sent away", heard)
    b.close()
    a.close()


def numbered_changes(w):
    a, b = fresh(w), Imap(w, "alice")
    r = b("ENABLE CONDSTORE")
    check([b"CONDSTORE"] in r.named(b"ENABLED"), "ENABLE CONDSTORE", r)
    r = b("SELECT Box")
    highest = int(next(x.words[2][1] for x in r.lines if b"HIGHESTMODSEQ" in x.octets))
    check(highest > 0, "CONDSTORE: HIGHESTMODSEQ", r)
    r = b("FETCH 1 (MODSEQ)")
    one_seq = int(r.fetched()[1][b"MODSEQ"][0])
    check(0 < one_seq <= highest, "CONDSTORE: MODSEQ", r)
    a(r"STORE 3 +FLAGS (\Seen)")
    r = b("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % highest)
    check(list(r.fetched()) == [3] and b"MODSEQ" in r.fetched()[3], "CONDSTORE: CHANGEDSINCE has what changed, with MODSEQ", r)
    r = b(r"STORE 3 (UNCHANGEDSINCE %d) +FLAGS (\Draft)" % highest)
    check(r.code and r.code[0] == b"MODIFIED" and r.code[1] == b"3", "CONDSTORE: UNCHANGEDSINCE fails with MODIFIED", r)
    check(rb"\Draft" not in b("FETCH 3 FLAGS").text, "and changes nothing")
    r = b(r"STORE 1 (UNCHANGEDSINCE %d) +FLAGS.SILENT (\Draft)" % highest)
    check(r.ok and r.fetched().get(1, {}).get(b"MODSEQ"), "CONDSTORE: it works for the others, and tells MODSEQ", r)
    r = b("SEARCH MODSEQ %d" % (highest + 1))
    check(r.ok and b"(MODSEQ " in r.text and set(r.numbers()) >= {1, 3}, "CONDSTORE: SEARCH MODSEQ", r)
    check(b"HIGHESTMODSEQ" in b("STATUS Box (HIGHESTMODSEQ)").text, "CONDSTORE: STATUS HIGHESTMODSEQ")
    says(b(r"STORE 1 (UNCHANGEDSINCE x) FLAGS ()"), "BAD", "CONDSTORE: a wrong number is BAD")
    # The first command that shows it brings HIGHESTMODSEQ, itself: of what was told, not of an expunge that waits.
    late = Imap(w, "alice")
    late("SELECT Box")
    a("APPEND Box ", OTHER)
    a(r"UID STORE 5 +FLAGS.SILENT (\Deleted)")
    late("NOOP")
    a("EXPUNGE")
    r = late("FETCH 1 MODSEQ")
    told = [int(x.words[2][1]) for x in r.lines if b"HIGHESTMODSEQ" in x.octets]
    check(len(told) == 1 and not r.numbered(b"EXPUNGE"), "CONDSTORE: FETCH MODSEQ brings HIGHESTMODSEQ", r)
    after = int(a("STATUS Box (HIGHESTMODSEQ)").named(b"STATUS")[0][1][1])
    check(told and told[0] == after - 1, "and not the number of an expunge that the client does not know", (told, after))
    r = late("NOOP")
    check(r.numbered(b"EXPUNGE") == [(5, [])], "which comes with the next command", r)
    check(b"HIGHESTMODSEQ" not in late("FETCH 1 MODSEQ").text, "HIGHESTMODSEQ comes once")
    late("ENABLE QRESYNC")
    r = late("SELECT Box (QRESYNC (%d %d))" % (int(late("STATUS Box (UIDVALIDITY)").named(b"STATUS")[0][1][1]), told[0] if told else 1))
    check(b"VANISHED (EARLIER) 5" in r.text, "who comes back with that number is told of it", r)
    late.close()
    # ---- QRESYNC ----
    q = Imap(w, "alice")
    says(q("SELECT Box (QRESYNC (1 1))"), "BAD", "QRESYNC before ENABLE is BAD")
    r = q("ENABLE QRESYNC")
    check(any(b"QRESYNC" in x for x in r.named(b"ENABLED")), "ENABLE QRESYNC", r)
    r = q("SELECT Box")
    validity = int(next(x.words[2][1] for x in r.lines if b"UIDVALIDITY" in x.octets))
    since = int(next(x.words[2][1] for x in r.lines if b"HIGHESTMODSEQ" in x.octets))
    a(r"STORE 2 +FLAGS.SILENT (\Deleted)")
    a("EXPUNGE")
    a("APPEND Box ", OTHER)
    r = q("NOOP")
    check(b"* VANISHED 2\r\n" in r.text and not r.numbered(b"EXPUNGE"), "QRESYNC: VANISHED instead of EXPUNGE", r)
    q("UNSELECT")
    a(r"UID STORE 4 +FLAGS (\Flagged)")
    r = q("SELECT Box (QRESYNC (%d %d))" % (validity, since))
    check(b"* VANISHED (EARLIER) 2\r\n" in r.text and {int(x[b"UID"]) for x in r.fetched().values()} >= {4, 6}, "QRESYNC: SELECT tells what vanished and what changed", r)
    r = q("SELECT Box (QRESYNC (%d %d))" % (validity + 1, since))
    check(r.ok and b"EARLIER" not in r.text, "QRESYNC: another UIDVALIDITY, nothing is told", r)
    r = q("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)" % since)
    check(b"VANISHED (EARLIER) 2" in r.text, "QRESYNC: UID FETCH ... VANISHED", r)
    says(q("FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)"), "BAD", "QRESYNC: VANISHED without UID is BAD")
    for m in (a, b, q):
        m.close()


# ---- the rest ----

def odds(w):
    m = Imap(w, "alice")
    r = m("ID (\"name\" \"test\" \"version\" NIL)")
    check(r.ok and r.named(b"ID"), "ID", r)
    says(m("ID NIL"), "OK", "ID NIL")
    says(m("ID (\"name\")"), "BAD", "ID with half a pair is BAD")
    r = m("ENABLE BOGUS")
    check(r.ok and all(b"BOGUS" not in x for x in r.named(b"ENABLED")), "ENABLE of something unknown is OK and not told", r)
    r = m("ENABLE IMAP4rev2")
    check(any(b"IMAP4rev2" in x for x in r.named(b"ENABLED")), "ENABLE IMAP4rev2", r)
    r = m("SELECT INBOX")
    check(not r.numbered(b"RECENT"), "IMAP4rev2: no RECENT", r)
    r = m("SEARCH ALL")
    check(r.ok and not r.named(b"SEARCH") and r.named(b"ESEARCH"), "IMAP4rev2: ESEARCH instead of SEARCH", r)
    r = m("STATUS INBOX (SIZE DELETED)")
    check(r.ok and b"SIZE" in r.text and b"DELETED" in r.text, "STATUS=SIZE, DELETED", r)
    m.close()
    m = fresh(w)
    size = int(m("STATUS Box (SIZE)").named(b"STATUS")[0][1][1])
    check(size == sum(map(len, LETTERS)), "STATUS=SIZE is the sum", size)
    check(b"APPENDLIMIT" in m("STATUS Box (APPENDLIMIT)").text, "APPENDLIMIT in STATUS")
    # Quoting: whatever stands in a header comes back as a string that can be read.
    nasty = b'From: "quo\\"te \\\\ back" <a@b>\r\nSubject: "quotes" and \\ and {5}\r\n\r\nx\r\n'
    m("APPEND Box ", nasty)
    e = m("FETCH * ENVELOPE").fetched()[5][b"ENVELOPE"]
    check(e[1] == b'"quotes" and \\ and {5}' and e[2][0][0] == b'quo"te \\ back', "quotes and backslashes in ENVELOPE", e)
    # Long lines and many arguments are refused, not suffered.
    m.send(b"x " + b"(" * 10000 + b"\r\n")
    check(m.finish(b"x").status == "BAD", "ten thousand parentheses are BAD")
    m.send(b"x SEARCH " + b"NOT " * 5000 + b"ALL\r\n")
    check(m.finish(b"x").status in ("BAD", "NO"), "five thousand NOTs are refused")
    m.send(b"x SEARCH " + b"(" * 3000 + b"ALL" + b")" * 3000 + b"\r\n")
    check(m.finish(b"x").status in ("BAD", "NO"), "three thousand parentheses in SEARCH are refused")
    m.send(b"x FETCH " + b"1," * 3000 + b"1 UID\r\n")
    r = m.finish(b"x")
    check(r.status in ("OK", "BAD", "NO"), "a set of three thousand numbers is answered", r.status)
    says(m("NOOP"), "OK", "the session goes on")
    m.send(b"y NOOP \r\n")
    check(m.finish(b"y").status == "BAD", "NOOP with a space behind it is BAD")
    m.send(b"y LOGOUT now\r\n")
    check(m.finish(b"y").status == "BAD", "LOGOUT with an argument is BAD")
    m.close()
    # Errors do not go on for ever.
    m = Imap(w)
    try:
        for n in range(200):
            m("BOGUS")
        check(False, "who does nothing but err is shown out")
    except (EOFError, OSError) as e:
        check(n > 2, "who does nothing but err is shown out", e)
    m.close()


TESTED = {"IMAP4rev1": fetch, "IMAP4rev2": odds, "LITERAL+": append, "SASL-IR": before_login, "ID": odds, "ENABLE": odds, "IDLE": sessions, "NAMESPACE": names, "UIDPLUS": store, "MOVE": copies, "UNSELECT": select,
          "CHILDREN": names, "SPECIAL-USE": names, "LIST-EXTENDED": names, "LIST-STATUS": names, "ESEARCH": search, "SEARCHRES": search, "STATUS=SIZE": odds, "BINARY": structure, "CONDSTORE": numbered_changes,
          "QRESYNC": numbered_changes, "QUOTA": append, "QUOTA=RES-STORAGE": append, "SORT": search, "THREAD=ORDEREDSUBJECT": search, "THREAD=REFERENCES": search, "UTF8=ACCEPT": names, "APPENDLIMIT=67108864": odds}


def all_is_tested(w):
    m = Imap(w, "alice")
    offered = [x.decode() for x in m("CAPABILITY").named(b"CAPABILITY")[0]]
    for name in offered:
        check(name in TESTED, "each capability has a test of what it does", name)
    m.close()


with world.World("tests/interop/plain.json") as w:
    for part in (before_login, many_at_once, names, select, fetch, structure, search, store, copies, append, sessions, numbered_changes, odds, all_is_tested):
        try:
            part(w)
        except Exception as error:
            check(False, f"{part.__name__} goes through", repr(error))
            import traceback
            traceback.print_exc()
    check(w.stop() == 0, "serve ends cleanly", w.errors)
report.end()
