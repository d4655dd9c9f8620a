"""What the scripts of this folder share: runs of mailwalk, the records of a trace, pcap and pcapng files, TCP.

Everything here reads files that mailwalk has written, with nothing of mailwalk's own code: a mistake in an
exporter cannot hide in its test.
"""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile

MAILWALK = os.path.abspath(os.environ.get("MAILWALK", os.path.join(os.environ.get("BUILD", "build"), "mailwalk")))
LEVELS = ("phase", "line", "packet", "state")


class Report:
    """Counts claims; prints those that do not hold, at most `most` of each heading."""

    def __init__(self, most=6):
        self.claims, self.failures, self.most, self.shown = 0, 0, most, {}

    def check(self, ok, heading, detail=""):
        self.claims += 1
        if ok:
            return True
        self.failures += 1
        n = self.shown[heading] = self.shown.get(heading, 0) + 1
        if n <= self.most:
            print(f"FAILED: {heading}: {detail}")
        return False

    def end(self):
        for heading, n in self.shown.items():
            if n > self.most:
                print(f"FAILED: {heading}: {n - self.most} more")
        print(f"{self.claims} claims, {self.failures} failed")
        sys.exit(1 if self.failures or not self.claims else 0)


def mailwalk(*args, timeout=120, **kw):
    """Runs the program; stdout and stderr as octets."""
    return subprocess.run([MAILWALK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=timeout, **kw)


def catalogue():
    """The names that `mailwalk list` prints."""
    p = mailwalk("list")
    names = [line for line in p.stdout.decode().splitlines() if line and not line[0].isspace()]
    if p.returncode != 0 or not names:
        sys.exit(f"mailwalk list: exit {p.returncode}, {len(names)} names")
    return names


def parse(octets):
    return [json.loads(line) for line in octets.decode("utf-8").splitlines()]


def run(scenario, *args):
    """Runs a scenario at the packet level. Returns exit status, records (the opening first) and stderr."""
    p = mailwalk("run", scenario, "--format", "jsonl", "--level", "packet", *args)
    return p.returncode, parse(p.stdout), p.stderr.decode("utf-8", "replace")


def exact(record):
    """The octets of a line record as they were on the wire, its end included."""
    octets = base64.b64decode(record["octets"]) if "octets" in record else record.get("text", "").encode()
    return octets + (b"" if record.get("eol") == "none" else b"\r\n")


def attr(record, key, default=None):
    return record.get("attrs", {}).get(key, default)


def select(records, kind, **attrs):
    """Records of a kind whose attributes have these values."""
    return [r for r in records if r["kind"] == kind and all(attr(r, k) == v for k, v in attrs.items())]


# ---- files ------------------------------------------------------------------------------------------------


def read_pcap(path):
    """[(time in ns, frame)] of a classic pcap file with nanoseconds."""
    data = open(path, "rb").read()
    magic, major, minor, _, _, snaplen, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, major, minor, link) == (0xA1B23C4D, 2, 4, 1), f"{path}: {magic:x} {major}.{minor} link {link}"
    frames, at = [], 24
    while at < len(data):
        s, ns, caplen, length = struct.unpack("<IIII", data[at:at + 16])
        assert caplen == length <= snaplen and ns < 10**9, f"{path}: octet {at}"
        frames.append((s * 10**9 + ns, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    assert at == len(data), f"{path}: cut off"
    return frames


def options(data, at, end):
    """[(code, value)] of a pcapng block."""
    found = []
    while at + 4 <= end:
        code, length = struct.unpack("<HH", data[at:at + 4])
        if code == 0:
            break
        found.append((code, data[at + 4:at + 4 + length]))
        at += 4 + (length + 3) // 4 * 4
    return found


def read_pcapng(path):
    """{"frames": [(ns, frame, [comment])], "names": {address: [name]}, "section": [(code, value)], "secrets": n,
    "interfaces": [name], "on": [interface of each frame]}"""
    data = open(path, "rb").read()
    out, at = {"frames": [], "names": {}, "section": None, "secrets": 0, "blocks": [], "interfaces": [], "on": []}, 0
    while at < len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        end = at + length
        assert length % 4 == 0 and length >= 12 and data[end - 4:end] == data[at + 4:at + 8], f"{path}: octet {at}"
        body = at + 8
        out["blocks"].append(kind)
        if kind == 0x0A0D0D0A:
            assert struct.unpack("<IHH", data[body:body + 8]) == (0x1A2B3C4D, 1, 0)
            out["section"] = options(data, body + 16, end - 4)
        elif kind == 1:
            assert struct.unpack("<H", data[body:body + 2]) == (1,), "not Ethernet"
            described = options(data, body + 8, end - 4)
            assert (9, b"\x09") in described, "if_tsresol is not 9: nanoseconds"
            out["interfaces"].append(dict(described)[2].decode())
        elif kind == 4:
            while True:
                code, n = struct.unpack("<HH", data[body:body + 4])
                if code == 0:
                    break
                size = {1: 4, 2: 16}[code]
                value = data[body + 4:body + 4 + n]
                out["names"][value[:size]] = [s.decode() for s in value[size:].split(b"\0") if s]
                body += 4 + (n + 3) // 4 * 4
        elif kind == 6:
            interface, high, low, caplen, size = struct.unpack("<IIIII", data[body:body + 20])
            assert caplen == size and interface < len(out["interfaces"])
            out["on"].append(out["interfaces"][interface])
            opts = options(data, body + 20 + (caplen + 3) // 4 * 4, end - 4)
            out["frames"].append(((high << 32) + low, data[body + 20:body + 20 + caplen],
                                  [v.decode() for c, v in opts if c == 1]))
        elif kind == 10:
            out["secrets"] += 1
        at = end
    return out


# ---- frames -----------------------------------------------------------------------------------------------


class Packet:
    """An Ethernet frame, as far as the tests look at it."""

    __slots__ = ("proto", "src", "dst", "sport", "dport", "seq", "ack", "flags", "payload", "ttl")

    def __init__(self, frame):
        kind = struct.unpack("!H", frame[12:14])[0]
        self.proto, self.payload, self.sport, self.dport, self.flags = None, b"", 0, 0, 0
        if kind == 0x0800:
            ihl, total = (frame[14] & 15) * 4, struct.unpack("!H", frame[16:18])[0]
            self.ttl, proto = frame[22], frame[23]
            self.src, self.dst = frame[26:30], frame[30:34]
            body = frame[14 + ihl:14 + total]
        elif kind == 0x86DD:
            total = struct.unpack("!H", frame[18:20])[0]
            proto, self.ttl = frame[20], frame[21]
            self.src, self.dst = frame[22:38], frame[38:54]
            body = frame[54:54 + total]
        else:
            return
        self.proto = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}.get(proto)
        if self.proto == "tcp":
            self.sport, self.dport, self.seq, self.ack, offset, self.flags = struct.unpack("!HHIIBB", body[:14])
            self.payload = body[(offset >> 4) * 4:]
        elif self.proto == "udp":
            self.sport, self.dport = struct.unpack("!HH", body[:4])
            self.payload = body[8:]

    def flow(self):
        return self.src, self.sport, self.dst, self.dport


FIN, SYN, RST = 1, 2, 4


def changed_frames(records):
    """{number: the number it had before} of the frames that a router has written over."""
    return {r["frame"]: attr(r, "instead_of") for r in select(records, "sent") if "instead_of" in r.get("attrs", {})}


def reassemble(frames, changed=()):
    """The octets of each direction of each TCP connection, from what its maker has sent: without the frames in `changed`.

    Returns a list of flows in the order of their SYNs; each has `syn` (frame number), `data`, `at` (for each
    octet the first frame that carried it), `again` (segments that carry nothing new), `reverse` (flow or None),
    `starts` (sequence space used).
    """
    class Flow:
        pass

    live, flows = {}, []
    for number, (_, frame) in enumerate(frames, 1):
        p = Packet(frame)
        if p.proto != "tcp" or number in changed:
            continue
        f = live.get(p.flow())
        if p.flags & SYN and (f is None or (p.seq + 1) % 2**32 != f.first):
            f = Flow()
            f.syn, f.first, f.data, f.at, f.again, f.fin, f.key = number, (p.seq + 1) % 2**32, bytearray(), [], [], None, p.flow()
            f.answer = p.flags & 16 != 0
            live[p.flow()] = f
            flows.append(f)
            f.reverse = live.get((p.dst, p.dport, p.src, p.sport)) if f.answer else None
            if f.reverse:
                f.reverse.reverse = f
            continue
        if f is None:
            continue
        if p.flags & SYN:
            f.again.append(number)
            continue
        offset = (p.seq - f.first + 2**31) % 2**32 - 2**31
        new = offset + len(p.payload) - len(f.data)
        if p.payload:
            if new <= 0:
                f.again.append(number)
                overlap = bytes(f.data[offset:offset + len(p.payload)])
                if offset >= 0 and overlap != p.payload:
                    raise ValueError(f"frame {number}: other octets than the first time")
            else:
                if offset < 0 or offset > len(f.data):
                    raise ValueError(f"frame {number}: a gap in what the sender has sent")
                if offset < len(f.data):
                    f.again.append(number)
                f.data += p.payload[len(p.payload) - new:]
                f.at += [number] * new
        if p.flags & FIN:
            if f.fin is not None and not p.payload:
                f.again.append(number)
            f.fin = number if f.fin is None else f.fin
    return flows


def scratch():
    """A folder that goes away with the process."""
    return tempfile.TemporaryDirectory(prefix="mailwalk-")
