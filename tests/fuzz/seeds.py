#!/usr/bin/env python3
"""Writes tests/fuzz/seeds from the transcripts of the tests and a few lines here: what honest peers say.

Each seed is the target's options, then the octets of one peer. Fuzzing finds the rest.
"""
import glob
import json
import os
import struct

ROOT = "tests/fuzz/seeds"


def write(target, name, octets):
    os.makedirs(f"{ROOT}/{target}", exist_ok=True)
    with open(f"{ROOT}/{target}/{name}", "wb") as f:
        f.write(octets)


def said(path, who):
    """The lines of one peer in a transcript, each with CRLF."""
    with open(path, "rb") as f:
        lines = f.read().split(b"\n")
    return b"".join(x[3:].rstrip(b"\r") + b"\r\n" for x in lines if x[:2] == who)


def transcripts(folder, who, target, options, most):
    for path in sorted(glob.glob(f"tests/transcripts/{folder}/*.txt"))[:most]:
        octets = said(path, who)
        if 0 < len(octets) < 1500:
            write(target, os.path.basename(path)[:-4], options + octets)


transcripts("smtp", b"C:", "smtp_server", b"\x02\x06", 40)
transcripts("pop3", b"C:", "pop3_server", b"\x03\x06", 20)
transcripts("imap", b"C:", "imap_server", b"\x00\x06", 40)
transcripts("smtp", b"S:", "smtp_client", b"\x05\x00\x06", 12)
transcripts("pop3", b"S:", "pop3_client", b"\x3b\x06", 12)
transcripts("imap", b"S:", "imap_client", b"\x00\x06", 12)

# SASL: options, mechanism, messages with their length in units of four octets (the target cuts the last one short)
def messages(*texts):
    return b"".join(bytes([(len(t) + 3) // 4]) + t.ljust((len(t) + 3) // 4 * 4, b"=") for t in texts)


write("sasl", "plain", b"\x00\x00" + messages(b"\0alice\0sec"))
write("sasl", "login", b"\x08\x01" + messages(b"alic", b"word"))
write("sasl", "cram", b"\x08\x02" + messages(b"alic b913a602c7eda7a495b4e6e7334d3890"))
write("sasl", "scram", b"\x00\x03" + messages(b"n,,n=alice,r=abc", b"c=biws,r=abcservernonce,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
write("sasl", "scram_plus", b"\x01\x04" + messages(b"p=tls-exporter,,n=alice,r=abc", b"c=cD10,r=abcservernonce,p=dHzb"))
write("sasl", "client", b"\x20\x03\x03" + messages(b"r=clientnonceabc,s=c2FsdA==,i=4096", b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
write("sasl", "between", b"\x11\x00" + bytes(16))

# DNS: a query and a reply, as they travel
def name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\0"


def dns(flags, answers=(), qtype=15, qname="example.org", extra=b"", nextra=0):
    m = struct.pack(">6H", 0x1234, flags, 1, len(answers), 0, nextra) + name(qname) + struct.pack(">2H", qtype, 1)
    for kind, rdata in answers:
        m += b"\xc0\x0c" + struct.pack(">2HIH", kind, 1, 3600, len(rdata)) + rdata
    return m + extra


OPT = b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0)
MX = struct.pack(">H", 10) + b"\x02mx\xc0\x0c"
write("dns_message", "query", dns(0x0100, extra=OPT, nextra=1))
write("dns_message", "mx", dns(0x8580, [(15, MX), (15, MX)]))
write("dns_message", "txt", dns(0x8580, [(16, b"\x0bv=spf1 -all")], 16))
write("dns_message", "soa", dns(0x8583, [(6, b"\xc0\x0c\x01h\xc0\x0c" + struct.pack(">5I", 1, 2, 3, 4, 5))], 6))
write("dns_message", "a", dns(0x8580, [(1, b"\xc0\0\2\1"), (28, bytes(16)), (5, name("b.example")), (33, bytes(6) + name("s.example"))], 255))
for qname, kind in (("mx.example.org", 1), ("www.example.org", 1), ("a.sub.example.org", 28), ("nothing.example.org", 15), ("big.org", 16)):
    write("dns_auth", qname.replace(".", "_"), b"\x00" + dns(0x0100, (), kind, qname, OPT, 1))
write("dns_stub", "mx", b"\x00\x0f" + b"\x01" + struct.pack(">H", len(dns(0x8580, [(15, MX)]))) + dns(0x8580, [(15, MX)]))
write("dns_stub", "truncated", b"\x00\x0f" + b"\x01" + struct.pack(">H", len(dns(0x8780))) + dns(0x8780))
for i, text in enumerate((b"\x00\x00\x00\x00", b"\x03\x01\x02\x0c\x55", b"\x07\x02" + dns(0x8580, [(15, MX)]))):
    write("dns_resolver", f"r{i}", text)

# Messages
PLAIN = (b"Received: from a.example by b.example;\r\n Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: Ann <ann@example.org>\r\n"
         b"To: friends: \"Bob (x)\" <bob@example.org>, carol@[192.0.2.1];\r\nDate: Mon, 1 Jan 2024 09:05:00 +0100 (CET)\r\n"
         b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?5Pb8?=\r\n\r\nHello.\r\n")
write("message", "plain", PLAIN)
write("message", "bare", PLAIN.replace(b"\r\n", b"\n"))
MULTI = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b;1\"\r\n\r\npre\r\n--b;1\r\nContent-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9=\r\n!\r\n--b;1\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\r\nin\r\n--b;1\r\n"
         b"Content-Type: application/pdf;\r\n name*0*=utf-8''pl%C3%A4;\r\n name*1=n.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b;1--\r\n")
write("mime", "multi", b"\x00" + MULTI)
REPORT = (b"Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\nsorry\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n"
          b"Reporting-MTA: dns;mx.example.org\r\n\r\nFinal-Recipient: rfc822;bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp;550 5.1.1 no\r\n\r\n"
          b"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n\r\n--r--\r\n")
write("mime", "report", b"\x01" + REPORT)
for i, text in enumerate((b"<ann@example.org>", b"<@a.example,@b.example:\"x y\\\" z\"@[IPv6:2001:db8::1]>", b"Ann (c) <a@b.example>, \"x\" <y@z>, g: a@b, c@d;",
                          b"<>", b"<Postmaster>", "<gr\u00fc\u00dfe@b\u00fccher.example>".encode())):
    write("address", f"a{i}", b"\x01" + text)
for i, text in enumerate((b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?us-ascii?B?QUJD?=", "Gr\u00fc\u00dfe \u4e2d\u6587".encode(), b"caf=C3=A9 =\r\n x=20\r\n", b"QUJD\r\nREVG\r\nRw==",
                          b"\x1b[2J hi \xff\xe2\x80\xae")):
    write("text", f"t{i}", bytes([i, 5]) + text)

# The network: see the targets for what the octets mean
write("tcp", "talk", bytes([0, 1, 9, 40, 3, 1, 9, 40, 8, 0, 16, 0, 0, 4, 97, 98, 99, 100, 9, 40, 4, 1, 9, 40]))
write("tcp", "forged", bytes([0, 1, 9, 40, 8, 0, 4, 0, 0, 0, 8, 0, 1, 1, 0, 0, 8, 0, 2, 2, 1, 0, 9, 200]))
IP4 = bytes([0x45, 0, 0, 28, 0, 0, 64, 0, 64, 1, 0, 0, 203, 0, 113, 9, 192, 0, 2, 10, 8, 0, 0, 0, 0, 1, 0, 1])
write("packet", "ping", bytes([0, len(IP4)]) + IP4)
UDP = bytes([0x45, 0, 0, 32, 0, 0, 64, 0, 64, 17, 0, 0, 203, 0, 113, 9, 192, 0, 2, 10, 0, 53, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4])
write("packet", "udp", bytes([0, len(UDP)]) + UDP)
IP6 = bytes([0x60, 0, 0, 0, 0, 8, 58, 255]) + bytes.fromhex("20010db8000400000000000000000009") + bytes.fromhex("20010db8000100000000000000000010") + bytes([128, 0, 0, 0, 0, 1, 0, 1])
write("packet", "ping6", bytes([0, len(IP6)]) + IP6)
ARP = bytes.fromhex("000108000604000102000000000ac0000214000000000000c000020a")
write("packet", "arp", bytes([2, len(ARP)]) + ARP)
NS = bytes([0x60, 0, 0, 0, 0, 32, 58, 255]) + bytes.fromhex("20010db8000100000000000000000020") + bytes.fromhex("20010db8000100000000000000000010") + \
    bytes([135, 0, 0, 0, 0, 0, 0, 0]) + bytes.fromhex("20010db8000100000000000000000010") + bytes([1, 1, 2, 0, 0, 0, 0, 9])
write("packet", "solicit", bytes([5, len(NS)]) + NS)

# A kernel behind the TUN door: ping, a question, and a connection to port 25 that talks
def tun4(proto, l4, to="c6336419"):
    return bytes([0x45, 0, 0, 20 + len(l4), 0, 0, 64, 0, 64, proto, 0, 0]) + bytes.fromhex("c6120002" + to) + l4


def syn(port):
    return bytes([0x9c, 0x40, port >> 8, port & 255, 0, 0, 0, 9, 0, 0, 0, 0, 0x60, 2, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4])


def says(data, flags=0x18, how=5):
    return bytes([how, len(data), flags]) + data


def packet(octets, how=0):
    return bytes([how, len(octets)]) + octets


write("tun", "ping", packet(tun4(1, bytes([8, 0, 0, 0, 0, 1, 0, 1]) + b"hello")))
QUESTION = bytes.fromhex("123401000001000000000000") + b"\x07example\x03org\x00" + bytes([0, 15, 0, 1])
write("tun", "dns", packet(tun4(17, bytes([0x9c, 0x40, 0, 53, 0, 8 + len(QUESTION), 0, 0]) + QUESTION, "c6336435")))
write("tun", "smtp", packet(tun4(6, syn(25)), 4) + says(b"", 0x10) + says(b"EHLO x\r\n") + says(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n") +
      says(b"Subject: x\r\n\r\nhi\r\n.\r\n") + says(b"QUIT\r\n", 0x19))
write("tun", "imap", packet(tun4(6, syn(143)), 4) + says(b"", 0x10) + says(b"a LOGIN bob pw\r\n") + says(b"b SELECT INBOX\r\n", 0x98) + says(b"c LOGOUT\r\n") + says(b"", 0x14))
write("tun", "fragment", packet(bytes([0x45, 0, 0, 28, 0, 0, 0x20, 0, 64, 17, 0, 0]) + bytes.fromhex("c6120002c6336419") + bytes(8)))
write("tun", "listener", packet(bytes.fromhex("6000000000240001fe80000000000000000000000000000" "1ff020000000000000000000000000016" "3a000502000001008f00000000000001040000" "00ff0200000000000000000001ff000001")))

# Scenarios: the smallest of the catalogue, and one that names a little of everything
small = {"title": "t", "links": {"a": {"delay": "1ms", "faults": [{"kind": "loss", "percent": 5}]}},
         "hosts": {"x": {"interfaces": ["a 192.0.2.1/24"], "mta": {"domains": ["example.org"]}, "store": {"users": {"bob": "pw"}}},
                   "y": {"interfaces": ["a 192.0.2.2/24"], "client": {"accounts": [{"address": "al@example.org", "submit": {"server": "192.0.2.1"}}]}}},
         "messages": {"m": {"from": "al@example.org", "to": "bob@example.org", "text": "hi"}},
         "actions": [{"do": "send", "host": "y", "message": "m", "at": "1s"}]}
write("scenario", "small", json.dumps(small).encode())
edits = [("1s", "/zones/b.t/records/1", "@ MX 5 y"), ("1s", "/hosts/x/store/users/bob", None), ("2s", "/hosts/x/store/users/zoe", "pw"),
         ("2s", "/hosts/x/mta/services", ["relay 26"]), ("2s", "/hosts/y/client/accounts/0/submit/port", 26), ("2s", "/hosts/x/down", {"until": "3s"}),
         ("3s", "/links/a/faults/0", None), ("3s", "/links/a/delay", "9ms"), ("3s", "/hosts/y/firewall/-", {"action": "drop"}),
         ("3s", "/hosts/x/mta/refusals/-", {"command": "RCPT", "code": 450, "first": 1}), ("1500ms", "/actions/1/at", "4s"), ("4s", "/hosts/x/dns/fault", "drop")]
changing = {"title": "t", "until": "9s", "links": {"a": {"delay": "1ms", "faults": [{"fault": "loss", "chance": "5%"}]}},
            "hosts": {"x": {"fqdn": "x.b.t", "interfaces": ["a 192.0.2.1/24"], "mta": {"domains": ["b.t"], "services": ["relay", "submission"]},
                            "store": {"users": {"bob": "pw", "al": "pw"}}, "dns": {"zones": ["b.t"]}},
                      "y": {"interfaces": ["a 192.0.2.2/24"], "client": {"accounts": [{"address": "al@b.t", "password": "pw", "submit": {"server": "192.0.2.1"}}]}}},
            "zones": {"b.t": {"records": ["@ NS x", "@ MX 10 x", "x A 192.0.2.1"]}}, "messages": {"m": {"to": "bob@b.t", "text": "hi"}},
            "actions": [{"do": "send", "host": "y", "message": "m", "at": at} for at in ("1s", "2s", "3s")],
            "changes": [{"at": at, "set": what, "to": to} for at, what, to in edits]}
write("scenario", "changes", json.dumps(changing).encode())
write("scenario", "syntax", b'{"title": "\\u00fc\\ud83d\\ude00", "x": [1, -2.5e3, true, false, null, {}], // no comment\n "y": "\\q"}')
write("scenario", "zone", b'{"title":"z","zones":{"example.org":{"records":["@ MX 10 mx","mx 60 A 192.0.2.1","w TXT \\"v=spf1 -all\\""]}}}')

HEAD = (b'{"mailwalk":"0.1.0","recording":1,"scenario":"mail-world","text":"0000000000000000","link":"street","doors":3,"actions":false}\n'
        b'{"set":"/links/street/delay=20ms"}\n')
write("replay", "session", HEAD + b'{"t":1200,"connect":1,"door":1,"to":"198.51.100.25","port":25}\n{"t":1300,"octets":1,"data":"EHLO me\\r\\n\\u00ff"}\n'
      b'{"t":1400,"credit":1,"n":100}\n{"t":1400,"close":1}\n{"t":1500,"reset":1}\n{"t":1600,"ask":2,"door":2,"to":"2001:db8::53","port":53}\n'
      b'{"t":1700,"datagram":2,"data":"x"}\n{"t":1800,"forget":2}\n{"t":1800,"packet":1,"data":"E\\u0000"}\n{"t":1801,"control":1,"request":"{\\"do\\":\\"down\\",\\"name\\":\\"mx\\"}"}\n{"t":9999,"end":true,"hash":"55b1c0d9a3c04a11","records":4711}\n')

# What is said to the control socket
write("control", "faults", b'{"do":"refuse","match":"bob@example.com","code":451,"status":"4.7.1","text":"Greylisted","at":"RCPT","first":2,"host":"mail","for":"90s"}\n'
      b'{"do":"delay","host":"mail","by":"1.5s","port":25}\n{"do":"drop","host":"mail","after":"DATA","octets":100,"reset":true}\n{"do":"loss","link":"com","chance":"5%","as":"text"}\n')
write("control", "others", b'{"do":"send","from":"alice@example.com","to":"b@example.com,c@example.com","subject":"\\u00e9\\ud83d\\ude00","raw":"a\\nb"}\n'
      b'{"do":"clear","what":3}\n{"do":"message","address":"bob","uid":"7","mailbox":"\xc3\xa9"}\n{"do":"nothing"}\n')

write("replay", "exits", HEAD + b'{"forward":"example.net=127.0.0.1:2525"}\n{"forward":"mail.example.net:993=[::1]:9993"}\n{"t":1200,"joined":1}\n'
      b'{"t":1300,"answer":1,"data":"220 mx\\r\\n"}\n{"t":1400,"taken":1,"n":100}\n{"t":1400,"finished":1}\n{"t":1500,"refused":2}\n{"t":1600,"broken":3}\n')


def dialogue(kind, *lines):
    """For the target lines: what one end hears begins with <, what it says with >."""
    return bytes([kind]) + b"".join(bytes([len(x) + 1 | (0x80 if x[:1] == b"<" else 0)]) + x[1:] + b"\r\n" for x in lines)


write("lines", "smtp_server", dialogue(0, b">220 mx", b"<EHLO me", b">250-mx", b">250 STARTTLS", b"<STARTTLS", b">220 2.0.0 go on"))
write("lines", "pop3_server", dialogue(1, b">+OK", b"<AUTH LOGIN", b">+ dXNlcg==", b"<x", b">+OK", b"<RETR 1", b">+OK", b">Subject: x", b">..", b">.", b"<STLS", b">+OK"))
write("lines", "imap_server", dialogue(2, b">* OK", b"<A1 FETCH 1 BODY[]", b">* 1 FETCH (BODY[] {4}", b">ab", b">)", b">A1 OK", b"<A2 STARTTLS", b">A2 OK"))
write("lines", "smtp_client", dialogue(0x80, b"<220 mx", b">AUTH LOGIN", b"<334 x", b">eA==", b"<235 2.7.0 yes", b">DATA", b"<354 go on", b">x", b">.", b">BDAT 4", b">ab"))
write("lines", "imap_client", dialogue(0x82, b">A1 LOGIN {3}", b"<+ go on", b">abc \"x\"", b"<A1 OK", b">A2 APPEND INBOX {2+}", b">", b">", b">A3 STARTTLS", b"<A3 OK"))

# TLS: handshakes that pass, that are changed, and a ClientHello alone
write("tls", "honest13", bytes(12))
write("tls", "honest12", b"\x01" + bytes(12))
write("tls", "changed", bytes([0, 1, 0, 20, 9, 0, 0, 0]))
write("tls", "noise", b"\x02\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + bytes(32) + b"\x00\x00\x02\x13\x01\x01\x00")

# Frames as they are in a capture
write("dissect", "arp", bytes.fromhex(
    "ffffffffffff02000001000008060001080006040001020000010000c000020a000000000000c0000201000000000000"
    "000000000000000000000000"))
write("dissect", "dns", bytes.fromhex(
    "0200000300040200000800000800450000670000400040113bcecb007135c000028200359c7c00535ba1360f84000001"
    "000100000002076578616d706c65036f726700000f0001c00c000f000100000e100007000a026d78c00cc02b00010001"
    "00000e100004cb00711900002904d0000000000000"))
write("dissect", "syn", bytes.fromhex(
    "0200000300020200000900000800450000300000400040064e71c6336419c000020a024bd3cafad6aff2c9015fb27012"
    "ffffee240000020405b401030300"))
write("dissect", "smtp", bytes.fromhex(
    "0200000200000200000100000800450000720005400040064e2ac000020ac6336419d3ca024bc9015feafad6b0fc5018"
    "fef6db7f00004d41494c2046524f4d3a3c616c696365406578616d706c652e636f6d3e2053495a453d313031370d0a52"
    "43505420544f3a3c626f62406578616d706c652e6f72673e0d0a444154410d0a"))
write("dissect", "imap", bytes.fromhex(
    "0200000400010200000500000800450000c00014400040063c00cb007119c000020a008fd491bcd67861d881bed05018"
    "ffff488500002a204f4b205b4341504142494c49545920494d41503472657631204c49544552414c2b205341534c2d49"
    "5220494420454e41424c452049444c45204e414d45535041434520554944504c5553204d4f564520554e53454c454354"
    "204348494c4452454e205350454349414c2d55534520415554483d504c41494e20415554483d4c4f47494e5d20494d41"
    "5034726576312072656164790d0a"))
write("dissect", "client_hello", bytes.fromhex(
    "0200000200000200000100000800450001140005400040064d88c000020ac6336419d3ca024bc9015fcffad6b0ed5018"
    "ff0516d0000016030100e7010000e30303b91ab88b02fb8c94a67604248bf7266acae9c8e576c24a35e974da6def9489"
    "8120b065bc2aab85f19fd812716b1ded6f68446563f854eca42fb6fee599d1f7b1130014130213031301c02cc030cca9"
    "cca8c02bc02f00ff010000860000001500130000106d61696c2e6578616d706c652e636f6d000b000403000102000a00"
    "080006001d001700180016000000170000000d00140012040305030807080408050806040105010601002b0005040304"
    "0303002d00020101003300260024001d002013d91ab8d13ee81a9e9b5020ce17777effbee76181f49730746f6146f310"
    "5703"))
write("dissect", "server_hello", bytes.fromhex(
    "02000003000202000009000008004500037f0004400040064b1ec6336419c000020a024bd3cafad6b0edc90160bb5018"
    "fef6b2580000160303007a020000760303378396e130a2381e0e21f24e6a6dbf1a033872dc6d86149629cb8067aa8048"
    "c320b065bc2aab85f19fd812716b1ded6f68446563f854eca42fb6fee599d1f7b113130200002e002b00020304003300"
    "24001d0020b13f4bd7ed8a92bcb09a26efbb025616a4b86490ba6bce537cde5f9cb1bac2441403030001011703030017"
    "11f9f1d3c760d868c9a80c7db71412851eefffb82f2e7e170303020321e79986574e1fc1b7fe9c6fd99ee9cdf928a08b"
    "9577494e06cfffa4c1e035962a40fa858105b437ead9ede23da81aed7183ca4854024bcfd0150097850e5cbe52e0e674"
    "d633c98f1b4d6fff33763cf5"))
write("dissect", "neighbor", bytes.fromhex(
    "3333ff00000102000006000086dd6000000000203aff20010db8000c00000000000000000025ff020000000000000000"
    "0001ff00000187001be80000000020010db8000c000000000000000000010101020000060000"))

for name, keys in (("lesson", b"\x04nnn1nn2nngn"), ("why", b"\x00!w\x0d2n3n4n5n6n"), ("search", b"\x00/RCPT\x0d>>w"),
                   ("change", b"\x00xport\x0d26\x0dco"), ("sizes", b"\x00nn\xff\x30\x20n\xff\x40\xc8n\xfe\x20\x20\xfd b"),
                   ("typed", b"\x007telnet mail 25\x0dEHLO me\x0d\x1b"), ("named", b"\x08:next-error\x0d?\x1bt a")):
    write("screen", name, keys)

# Found by fuzzing
write("message", "received_without_colon", b"Received by b.example\nX: 1\n")
write("text", "long_q_word", b"\x00\x05=?utf-8?Q?" + b"k" * 960 + b"?=")
write("smtp_server", "endless_bdat", b"\x02\x00EHLO x.example\r\nBDAT " + b"9" * 600 + b"\r\nQUIT\r\n")
write("smtp_server", "endless_ehlo", b"\x02\x00EHLO " + b"x" * 600 + b"\r\nQUIT\r\n")
write("sasl", "password_in_nonce", bytes.fromhex("20030309723d636c69656e746e6f6e636561637365637265742c733d6441"
                                                      "3d3d2c693d34333333333333"))
