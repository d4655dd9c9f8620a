"""The line records of a trace are the octets of the TCP connections: nothing added, nothing left out, and each
record names the frame in which its first octet left for the first time. DNS records name a DNS packet."""
import os
import re
import sys

import trace

report = trace.Report()
totals = {"connections": 0, "octets": 0, "lines": 0, "masked": 0, "encrypted": 0}


def covers(wire, line, record):
    """True if the octets on the wire are those of the line. Stars stand for a secret only where the record says so;
    such a line ends with the next CRLF, and what stands before the stars is exact."""
    if not record.get("masked"):
        return wire == line
    open_part = line[:line.index(b"*")]
    return wire.startswith(open_part) and wire.endswith(b"\r\n") and wire != line


def compare(name, key, flow, lines, broken):
    """Walks one direction of one connection. Returns after the first difference: what follows is noise. The last line of a
    connection that was reset may have left in part."""
    at = 0
    data = bytes(flow.data)
    for n, r in enumerate(lines, 1):
        line = trace.exact(r)
        size = len(line)
        if r.get("masked"):
            end = data.find(b"\r\n", at)
            size = (end + 2 if end >= 0 else len(data)) - at
            totals["masked"] += 1
        if broken and n == len(lines) and line.startswith(data[at:]):
            size = len(data) - at
            line = line[:size]
        if not report.check(covers(data[at:at + size], line, r), "a line record is what was on the wire",
                            f"{name} {key} seq {r['seq']} octet {at}: wire {data[at:at + 60]!r} record {line[:60]!r}"):
            return
        if at < len(flow.at):
            report.check(r.get("frame") == flow.at[at], "a line's frame carries its first octet",
                         f"{name} {key} seq {r['seq']} {line[:40]!r}: record {r.get('frame')}, wire {flow.at[at]}")
        at += size
        totals["lines"] += 1
    kinds(name, key, lines)
    report.check(at == len(data), "all octets of a connection have line records",
                 f"{name} {key}: {len(data) - at} octets without a record, from {data[at:at + 60]!r}")
    totals["octets"] += len(data)


def kinds(name, key, lines):
    """What a literal of IMAP holds is content; what is not content has words for the learner, but for the rest of a
    line behind a literal."""
    literal, behind = 0, False
    for r in lines:
        line = trace.exact(r)
        where = f"{name} {key} seq {r['seq']} {r['kind']} {line[:40]!r}"
        inside, literal = literal > 0, max(0, literal - len(line))
        report.check(inside == (r["kind"] == "content") or r["proto"] != "imap", "the lines of an IMAP literal are content", where)
        if not inside and r["kind"] != "content" and not behind:
            report.check({"title", "lesson", "section"} <= set(r), "a command or reply has words for the learner", where)
        announced = re.search(rb"\{(\d+)\+?\}\r\n$", line)
        behind = inside
        if r["proto"] == "imap" and not inside and announced:
            literal = int(announced.group(1))


def check(name, folder):
    path = os.path.join(folder, "x.pcap")
    status, records, err = trace.run(name, "--pcap", path)
    if not report.check(status == 0, "exit status 0", f"{name}: {status} {err}"):
        return
    frames = trace.read_pcap(path)
    flows = trace.reassemble(frames, trace.changed_frames(records))
    by_start = {f.syn: f for f in flows}
    # A connection's number is that of the packet records that carry its SYN.
    conns = {}
    for r in records:
        if r["kind"] == "sent" and r.get("frame") in by_start and "conn" in r:
            conns[r["conn"], "S" if by_start[r["frame"]].answer else "C"] = by_start[r["frame"]]
    reset = {r["conn"] for r in trace.select(records, "sent")
             if r.get("proto") == "tcp" and "conn" in r and trace.Packet(bytes.fromhex(r["bytes"])).flags & trace.RST}
    lines = {}
    last = {}
    for r in records:
        if r["level"] != "line":
            continue
        if r.get("proto") == "dns":
            p = trace.Packet(frames[r["frame"] - 1][1]) if r.get("frame", 0) in range(1, len(frames) + 1) else None
            report.check(p and 53 in (p.sport, p.dport), "a DNS record's frame is a DNS packet",
                         f"{name} seq {r['seq']} {r['kind']} {r.get('text')!r} frame {r.get('frame')}")
            continue
        if r.get("proto") == "tls":
            continue
        report.check("conn" in r and r.get("dir") in ("C", "S"), "a line knows its connection", f"{name} {r['seq']}")
        lines.setdefault((r.get("conn"), r.get("dir")), []).append(r)
        report.check(r.get("frame", 0) >= last.get((r.get("conn"), r.get("dir")), 0), "lines are in the order of frames",
                     f"{name} seq {r['seq']}")
        last[r.get("conn"), r.get("dir")] = r.get("frame", 0)
    report.check(set(lines) <= set(conns), "every line belongs to a connection that was opened with a SYN",
                 f"{name}: {set(lines) - set(conns)}")
    for key, flow in conns.items():
        totals["connections"] += flow.answer
        tls = any(bytes(f.data[:2]) == b"\x16\x03" or b"\r\n\x16\x03" in f.data for f in (flow, flow.reverse) if f)
        if tls:
            totals["encrypted"] += 1
            continue
        compare(name, key, flow, lines.get(key, []), key[0] in reset)


with trace.scratch() as folder:
    for scenario in sys.argv[1:] or trace.catalogue():
        check(scenario, folder)
report.check(totals["octets"] > 0, "something was compared")
print(", ".join(f"{n} {what}" for what, n in totals.items()))
report.end()
