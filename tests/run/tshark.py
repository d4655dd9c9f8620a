"""Wireshark's view of the exported files: nothing is malformed, every checksum is right, and what its experts note
is what the scenario did: they see retransmissions where frames were dropped, resets where a connection was refused.
pcap, pcapng and the trace hold the same frames; the comments in pcapng stand on the frames that the trace names."""
import os
import re
import subprocess
import sys

import trace

report = trace.Report()
FIELDS = ["frame.number", "frame.len", "frame.protocols", "_ws.malformed", "_ws.expert.message", "dns.flags.response",
          "dns.qry.type", "dns.qry.name", "tcp.analysis.retransmission", "tcp.analysis.out_of_order", "tcp.flags.reset",
          "ip.src_host", "ipv6.src_host", "tcp.stream", "ip.src", "ipv6.src"]
# What the experts say about any connection, about one that lost frames, about one that was refused.
ALWAYS = re.compile(r"Connection establish (request|acknowledge) \(SYN(\+ACK)?\)|Connection finish \(FIN\)|"
                    r"This frame (undergoes|initiates) the connection closing$")
LOST = re.compile(r"This frame is a \(suspected\) (fast )?retransmission$|This frame is a \(suspected\) out-of-order segment$|"
                  r"Duplicate ACK \(#\d+\)$")
DNS_LOST = re.compile(r"DNS query retransmission|DNS response (missing|retransmission)")
RESET = re.compile(r"Connection reset \(RST\)$")
# What is encrypted carries the words of no mail protocol.
NAMES = {"smtp": "smtp", "pop3": "pop", "imap": "imap", "dns": "dns"}


def dissect(path, *more):
    """One dictionary a frame, with lists of values."""
    command = ["tshark", "-r", path, "-Nn", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\x1f"]
    for pref in ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "smtp.decryption:TRUE"):
        command += ["-o", pref]
    for field in FIELDS:
        command += ["-e", field]
    p = subprocess.run(command + list(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    complaints = [line for line in p.stderr.decode().splitlines() if line and "Running as user" not in line]
    report.check(p.returncode == 0 and not complaints, "tshark reads the file", f"{path}: {p.returncode} {complaints}")
    return [{f: v.split("\x1f") if v else [] for f, v in zip(FIELDS, line.split("\t"))}
            for line in p.stdout.decode().split("\n")[:-1]]


def frames_agree(name, records, pcap, pcapng):
    epoch = records[0]["epoch"] * 10**9
    sent = trace.select(records, "sent")
    report.check(len(pcap) == len(sent) > 0, "as many frames in the pcap as were sent", f"{name}: {len(pcap)} and {len(sent)}")
    for r in sent:
        if not report.check(0 < r.get("frame", 0) <= len(pcap), "a sent record has a frame number", f"{name} {r['seq']}"):
            continue
        t, frame = pcap[r["frame"] - 1]
        report.check(frame.hex() == r["bytes"], "a sent record's octets are those of its frame", f"{name} frame {r['frame']}")
        report.check(t == epoch + r["t_ns"], "a frame's time is the world's", f"{name} frame {r['frame']}")
    report.check([f[:2] for f in pcapng["frames"]] == pcap, "pcap and pcapng hold the same frames", name)
    report.check(all(a[0] <= b[0] for a, b in zip(pcap, pcap[1:])), "frames are in the order of time", name)


def changes_agree(name, records, pcap, pcapng):
    """What a router has written over is one more frame, of the router's own: behind the one that it was, other in the data,
    under an interface with the router's name, with a comment that says so. All other frames are under the first interface."""
    changed = trace.changed_frames(records)
    sent = {r["frame"]: r for r in trace.select(records, "sent")}
    rewrote = [r for r in trace.select(records, "fault", event="rewrote")]
    report.check({r["frame"] for r in rewrote} == set(changed.values()), "each frame that is written over is in the capture twice",
                 f"{name}: {[r['frame'] for r in rewrote]} {changed}")
    report.check(pcapng["interfaces"] == ["mailwalk"] + sorted({sent[n]["host"] for n in changed}), "an interface for each router that writes",
                 f"{name}: {pcapng['interfaces']}")
    for number, on in enumerate(pcapng["on"], 1):
        report.check(on == (sent[number]["host"] if number in changed else "mailwalk"), "a changed frame is on the router's interface, the others are not",
                     f"{name} frame {number}: {on}")
    for number, was in changed.items():
        before, after = trace.Packet(pcap[was - 1][1]), trace.Packet(pcap[number - 1][1])
        report.check(before.flow() == after.flow() and before.seq == after.seq and len(before.payload) == len(after.payload) and after.ttl < before.ttl,
                     "it is the same segment, some hops later", f"{name} {was} {number}")
        words = after.payload
        for r in (r for r in rewrote if r["frame"] == was):
            find, write = trace.attr(r, "find").encode(), trace.attr(r, "write").encode()
            report.check(find in before.payload and find not in after.payload and write in after.payload, "with the new words in it, the old ones are in the first",
                         f"{name} frame {number}")
            words = words.replace(write, find)
            report.check(any(r["host"] in c and trace.attr(r, "name") in c and write.decode() in c and f"frame {was};" in c for c in pcapng["frames"][number - 1][2]),
                         "a comment says who has changed what", f"{name} frame {number}: {pcapng['frames'][number - 1][2]}")
        report.check(words == before.payload, "and nothing else is different", f"{name} frame {number}")
        later = [r for r in records if r["kind"] == "delivered" and r.get("frame") in (was, number)]
        report.check([r["frame"] for r in later] == [number], "the changed one is what arrives", f"{name} {was} {number}")
    if name == "starttls-stripped":
        report.check([sent[n]["host"] for n in changed] == ["box", "box"], "the box acts twice", f"{changed}")
    return changed


def comments_agree(name, records, pcapng):
    """Phases and lines are numbered among their like; a comment stands on the frame that the record names."""
    found = {"phase": {}, "step": {}}
    for number, (_, _, comments) in enumerate(pcapng["frames"], 1):
        for c in comments:
            if " has written over this frame: " in c:
                continue
            m = re.match(r"(phase|step)s? (\d+)(?: to (\d+))?: \S", c)
            if report.check(m, "a comment names a phase or step", f"{name} frame {number}: {c[:60]!r}"):
                for n in range(int(m[2]), int(m[3] or m[2]) + 1):
                    found[m[1]].setdefault(n, []).append((number, c))
    for what, level in (("phase", "phase"), ("step", "line")):
        numbered = [r for r in records if r["level"] == level]
        for n, r in enumerate(numbered, 1):
            places = found[what].pop(n, [])
            # What comes after the last frame has none to stand on.
            late = r["t_ns"] + records[0]["epoch"] * 10**9 >= pcapng["frames"][-1][0]
            report.check(len(places) == 1 or (not places and late), f"each {what} has one comment",
                         f"{name} {what} {n} seq {r['seq']}: {len(places)}")
            for number, c in places:
                report.check("frame" not in r or number == r["frame"], f"the comment of a {what} is on its frame",
                             f"{name} {what} {n} seq {r['seq']}: frame {r.get('frame')}, comment on {number}")
                if " to " not in c[:24] and "title" in r:
                    report.check(what == "step" or r["title"] in c, "a phase's comment has its title", f"{name}: {c[:60]}")
        report.check(not found[what], f"no comment of a {what} that is not in the trace", f"{name}: {sorted(found[what])[:5]}")


def names_agree(name, records, pcapng, rows):
    addresses = {}
    for host in records[0]["hosts"]:
        for i in host["interfaces"]:
            for family in ("ip4", "ip6"):
                if family in i:
                    addresses[i[family].split("/")[0]] = {host["name"], host["fqdn"]} - {""}
    report.check(len(pcapng["names"]) == len(addresses), "every address of the opening has a name", f"{name}: "
                 f"{len(pcapng['names'])} of {len(addresses)}")
    for row in rows:
        for kind in ("ip", "ipv6"):
            for address, shown in zip(row[kind + ".src"][:1], row[kind + ".src_host"][:1]):
                if address in addresses:
                    report.check(shown in addresses[address], "Wireshark shows hosts by their names",
                                 f"{name}: {address} is shown as {shown}, known as {addresses[address]}")


def lost_frames(records):
    """Dropped TCP segments that carry something which must be repeated, and all dropped frames by number."""
    segments, frames = [], set()
    for r in trace.select(records, "dropped"):
        frames.add(r.get("frame"))
        if r.get("proto") == "tcp" and "bytes" in r:
            p = trace.Packet(bytes.fromhex(r["bytes"]))
            if p.payload or p.flags & (trace.SYN | trace.FIN):
                segments.append(r)
    return segments, frames


def aborted_by_order(records):
    """Connections in which a server has reset, or let its client wait until that gave up, because the scenario says so."""
    ordered = {r["conn"] for r in trace.select(records, "config") if re.search(r"/(delays|drops)/\d+$", trace.attr(r, "pointer", ""))}
    return ordered & {r["conn"] for r in trace.select(records, "session") if trace.attr(r, "event") in ("lost", "timeout")}


def experts(name, records, pcap, rows, changed):
    segments, dropped = lost_frames(records)
    delayed = any(x.get("fault") in ("reorder", "duplicate") for x in (r.get("attrs", {}) for r in trace.select(records, "fault")))
    aborted = aborted_by_order(records)
    sent = {r["frame"]: r for r in trace.select(records, "sent")}
    row_of = {int(row["frame.number"][0]): row for row in rows}
    lossy = {row_of[n]["tcp.stream"][0] for n in dropped if n in row_of and row_of[n]["tcp.stream"]}
    repeated = 0
    for row in rows:
        number, stream = int(row["frame.number"][0]), (row["tcp.stream"] or [None])[0]
        report.check(not row["_ws.malformed"], "nothing is malformed", f"{name} frame {number} {row['frame.protocols']}")
        if number in changed:  # the segment for the second time: Wireshark cannot know that somebody else sends it
            report.check(row["tcp.analysis.retransmission"], "Wireshark takes a changed frame for a repeated one", f"{name} frame {number}")
            continue
        repeated += bool(row["tcp.analysis.retransmission"] or row["tcp.analysis.out_of_order"])
        for message in row["_ws.expert.message"]:
            if ALWAYS.match(message):
                continue
            if LOST.match(message):
                report.check(stream in lossy or delayed, "an expert notes a loss only where frames were dropped",
                             f"{name} frame {number}: {message}")
            elif DNS_LOST.match(message):
                report.check(dropped or delayed, "an expert misses DNS packets only where some were dropped", f"{name} frame {number}: {message}")
            elif RESET.match(message):
                p = trace.Packet(pcap[number - 1][1])
                before = [trace.Packet(f) for _, f in pcap[:number - 1]]
                asked = [q for q in before if q.proto == "tcp" and q.flow() == (p.dst, p.dport, p.src, p.sport)]
                # A port where nobody listens, or a firewall that says no; or the peer is gone (RFC 9293 section 3.5.2).
                report.check(asked and (all(q.flags & trace.SYN for q in asked) or stream in lossy or sent[number].get("conn") in aborted),
                             "a reset answers a SYN, or the scenario has ordered the end", f"{name} frame {number}")
            else:
                report.check(False, "an expert has nothing else to say", f"{name} frame {number}: {message}")
    flows = trace.reassemble(pcap, changed)
    again = sum(len(f.again) for f in flows)
    report.check(again <= len(segments) or delayed, "TCP repeats what was dropped and nothing else",
                 f"{name}: {again} repeated, {len(segments)} dropped")
    report.check(repeated == again, "Wireshark and the trace count the same retransmissions", f"{name}: {repeated} and {again}")
    if name == "lossy-link":
        report.check(again == len(segments) > 3, "each dropped segment is repeated once", f"{name}: {again} of {len(segments)}")
    return again


def protocols(name, records, rows):
    """What the trace calls SMTP, Wireshark calls SMTP; inside TLS too, with the secrets that the file carries."""
    for ours, theirs in NAMES.items():
        lines = [r for r in records if r["level"] == "line" and r.get("proto") == ours]
        seen = sum(theirs in (row["frame.protocols"] or [""])[0].split(":") for row in rows)
        report.check(bool(lines) == bool(seen), "tshark knows the protocols of the trace", f"{name}: {ours}: {len(lines)} lines, {seen} frames")
    # A query record is written when its packet leaves; a packet that finds no way is a dropped record only.
    asked = [r for r in records if r["kind"] == "query"]
    seen = [row for row in rows if row["dns.qry.type"] and row["dns.flags.response"] in (["0"], ["False"])]
    report.check(len(seen) == len(asked), "each query of the trace is a packet", f"{name}: {len(asked)} queries, {len(seen)} packets")
    mx = sum(row["dns.qry.type"] == ["15"] for row in seen)
    report.check(mx == sum(r.get("text", "").startswith("MX?") for r in asked), "each MX query is a packet with QTYPE 15", f"{name}: {mx}")
    return mx


def by_interface(name, path, changed, records):
    """The filter that the pages give to a learner shows what the clients got. With Wireshark's analysis of sequence numbers it
    would be taken for a repeated segment, and not be read."""
    if not changed:
        return
    routers = {r["host"] for r in trace.select(records, "sent") if r["frame"] in changed}
    shown = []
    for router in routers:
        p = subprocess.run(["tshark", "-r", path, "-o", "tcp.analyze_sequence_numbers:FALSE", "-Y", f'frame.interface_name == "{router}"',
                            "-T", "fields", "-e", "frame.number", "-e", "smtp.rsp.parameter"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        shown += [line.split("\t") for line in p.stdout.decode().splitlines()]
    report.check(sorted(int(n) for n, _ in shown) == sorted(changed), "frame.interface_name finds the changed frames", f"{name}: {shown}")
    if name == "starttls-stripped":
        report.check(all("XXXXXXXA" in words and "STARTTLS" not in words for _, words in shown), "and Wireshark reads the router's words in them", f"{shown}")


def capinfos(name, path, frames):
    p = subprocess.run(["capinfos", "-c", "-o", "-E", "-M", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    text = p.stdout.decode()
    report.check(p.returncode == 0 and re.search(rf"Number of packets:\s+{frames}\n", text) and
                 re.search(r"encapsulation:\s+ether", text) and re.search(r"Strict time order:\s+True", text),
                 "capinfos is content", f"{path}: {p.returncode} {text}")


def check(name, folder):
    pcap_path, pcapng_path = (os.path.join(folder, name + end) for end in (".pcap", ".pcapng"))
    status, records, err = trace.run(name, "--pcap", pcap_path, "--pcapng", pcapng_path)
    if not report.check(status == 0, "exit status 0", f"{name}: {status} {err}"):
        return
    pcap, pcapng = trace.read_pcap(pcap_path), trace.read_pcapng(pcapng_path)
    frames_agree(name, records, pcap, pcapng)
    comments_agree(name, records, pcapng)
    changed = changes_agree(name, records, pcap, pcapng)
    rows = dissect(pcapng_path)
    plain = dissect(pcap_path)
    report.check(len(rows) == len(plain) == len(pcap), "tshark sees every frame", f"{name}: {len(rows)}, {len(plain)}, {len(pcap)}")
    # Only the names of hosts come from pcapng; comments are not among the fields, but are among the experts.
    for row in rows:
        del row["_ws.expert.message"]
    for a, b in zip(rows, plain):
        a["_ws.expert.message"] = b["_ws.expert.message"]
    names_agree(name, records, pcapng, rows)
    again = experts(name, records, pcap, rows, changed)
    by_interface(name, pcapng_path, changed, records)
    mx = protocols(name, records, rows)
    capinfos(name, pcap_path, len(pcap))
    capinfos(name, pcapng_path, len(pcap))
    print(f"{name}: {len(pcap)} frames, {again} repeated, {mx} MX queries")


with trace.scratch() as place:
    for scenario in sys.argv[1:] or trace.catalogue():
        check(scenario, place)
report.end()
