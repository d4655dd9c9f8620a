"""Several sessions on one mailbox, doing at random what mail programs do, with commands of all under way at once. Each keeps the picture that RFC 3501
has a client keep: how many messages, which uid in which place, which flags, and which names flags can have. No line may contradict it, and in the end all pictures are the mailbox."""
import os
import random
import re
import select
import sys
import time

import world
from imap_wire import Imap

report = world.Report()
SESSIONS, SECONDS = 6, 3
NO_EXPUNGE = ("FETCH", "STORE", "SEARCH", "SORT")  # RFC 3501 section 7.4.1, RFC 5256 section 3
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Draft", "blue", "$Forwarded")


class Session(Imap):
    def __init__(self, w, number, seed):
        super().__init__(w, "alice")
        self.name, self.dice = f"session {number}", random.Random(seed)
        self.qresync = number % 3 == 2
        self.command, self.tag, self.idling, self.steps = "", None, False, 0
        self.place, self.flags, self.exists = [], {}, 0  # uid of each place (None: not known yet); flags of each uid
        self.names = set()  # of flags, as FLAGS told them last
        if self.qresync:
            self("ENABLE QRESYNC")
        for line in self("SELECT Stress").lines:
            self.hear(line.octets)

    def wrong(self, claim, line):
        report.check(False, claim, f"{self.name}, in {self.command!r}: {line!r}; {self.exists} there")

    def drop(self, seq):
        self.exists -= 1
        self.flags.pop(self.place.pop(seq - 1), None)

    def stretch(self, uid):
        """A place that may be that uid's, which it has not been told: one between smaller and larger uids. They are all alike."""
        after = next((n for n, x in enumerate(self.place) if x is not None and x > uid), self.exists)
        return after - 1 if after > 0 and self.place[after - 1] is None else None

    def hear(self, octets):
        """One untagged response, held against the picture."""
        verb = self.command.replace("UID ", "").split(" ")[0] if not self.command.startswith("UID") else ""
        if m := re.match(rb"\* (\d+) EXISTS", octets):
            n = int(m.group(1))
            if n < self.exists:
                self.wrong("EXISTS never takes a message away (RFC 3501 section 7.3.1)", octets)
            self.place += [None] * (n - self.exists)
            self.exists = n
        elif m := re.match(rb"\* FLAGS \((.*)\)", octets):
            self.names = set(m.group(1).split()) | {rb"\Recent"}
        elif m := re.match(rb"\* (\d+) EXPUNGE", octets):
            n = int(m.group(1))
            if self.qresync:
                self.wrong("after ENABLE QRESYNC VANISHED takes the place of EXPUNGE (RFC 7162 section 3.2.10)", octets)
            if verb in NO_EXPUNGE or self.tag is None:
                self.wrong("EXPUNGE comes only during a command that allows it (RFC 3501 section 7.4.1)", octets)
            if not 1 <= n <= self.exists:
                self.wrong("EXPUNGE names a place that is there", octets)
            else:
                self.drop(n)
        elif m := re.match(rb"\* VANISHED ([\d:,]+)", octets):
            if verb in NO_EXPUNGE or self.tag is None:
                self.wrong("VANISHED comes only during a command that allows it", octets)
            for part in m.group(1).split(b","):
                lo, _, hi = part.partition(b":")
                for uid in range(int(lo), int(hi or lo) + 1):
                    if uid in self.place:
                        self.drop(self.place.index(uid) + 1)
                    elif (n := self.stretch(uid)) is not None:
                        self.drop(n + 1)
                    else:
                        self.wrong("VANISHED names a uid that was there", octets)
        elif m := re.match(rb"\* (\d+) FETCH \((.*)\)\r\n$", octets, re.S):
            n, items = int(m.group(1)), m.group(2)
            if not 1 <= n <= self.exists:
                return self.wrong("FETCH names a place that is there", octets)
            if u := re.search(rb"\bUID (\d+)", items):
                uid = int(u.group(1))
                if self.place[n - 1] not in (None, uid):
                    self.wrong(f"a place keeps its uid {self.place[n - 1]}", octets)
                self.place[n - 1] = uid
                known = [x for x in self.place if x is not None]
                if known != sorted(set(known)):
                    self.wrong("uids ascend with the places", octets)
            if (f := re.search(rb"FLAGS \(([^)]*)\)", items)) and not self.names.issuperset(f.group(1).split()):
                self.wrong("a flag has a name that FLAGS has told (RFC 3501 section 7.2.6)", octets)
            if f and self.place[n - 1]:
                self.flags[self.place[n - 1]] = frozenset(f.group(1).split()) - {rb"\Recent"}
            if (b := re.search(rb"BODY\[\] \{(\d+)\}\r\n(.*)", items, re.S)) and self.place[n - 1]:
                body = b.group(2)[:int(b.group(1))]
                if not re.fullmatch(rb"Subject: s\d+\r\n\r\n(x{50}\r\n)+", body):
                    self.wrong("a message is whole", octets[:300])
        elif octets.startswith(b"* BYE"):
            self.wrong("the session is not sent away", octets)

    def some(self):
        """A set of places or, with UID, of uids."""
        n = max(self.exists, 1)
        a, b = self.dice.randint(1, n), self.dice.randint(1, n)
        return self.dice.choice((f"{a}", f"{min(a, b)}:{max(a, b)}", f"{a}:*", "*"))

    def begin(self):
        """The next command goes out."""
        d = self.dice
        self.steps += 1
        flag = d.choice(FLAGS)
        choice = d.randrange(100)
        if choice < 18 or self.exists < 5:
            n = d.randint(1, 30)
            self.command = "APPEND"
            self.tag = self.start((f"APPEND Stress ({flag}) ", b"Subject: s%d\r\n\r\n" % d.randrange(1000) + (b"x" * 50 + b"\r\n") * n))
            return
        if choice < 30:
            self.command = f"STORE {self.some()} {d.choice('+-')}FLAGS{d.choice(('', '.SILENT'))} ({flag})"
        elif choice < 38:
            self.command = rf"STORE {d.randint(1, self.exists)} +FLAGS (\Deleted)"
        elif choice < 43:
            self.command = "EXPUNGE"
        elif choice < 50:
            self.command = f"FETCH {self.some()} (UID FLAGS)"
        elif choice < 56:
            self.command = f"FETCH {d.randint(1, self.exists)} (UID BODY.PEEK[])"
        elif choice < 62:
            self.command = f"UID FETCH 1:* (FLAGS)"
        elif choice < 67:
            self.command = f"SEARCH {d.choice(('UNSEEN', 'FLAGGED', 'TEXT xx', 'KEYWORD blue'))}"
        elif choice < 70:
            self.command = "SORT (REVERSE SIZE) UTF-8 ALL"
        elif choice < 74:
            self.command = f"COPY {d.randint(1, self.exists)} Stress"
        elif choice < 77:
            self.command = f"MOVE {d.randint(1, self.exists)} Stress"
        elif choice < 80:
            self.command = f"UID STORE {d.randint(1, 400)} FLAGS ({flag})"
        elif choice < 84:
            self.command = rf"UID EXPUNGE {d.randint(1, 200)}:*"
        elif choice < 92:
            self.command = "IDLE"
        else:
            self.command = d.choice(("NOOP", "CHECK"))
        self.tag = self.start(self.command)
        self.idling = self.command == "IDLE"

    def whole(self):
        """The next whole response in the buffer, or None."""
        at = 0
        while (end := self.buffer.find(b"\r\n", at)) >= 0:
            m = re.search(rb"\{(\d+)\}$", self.buffer[:end])
            if not m:
                octets, self.buffer = self.buffer[:end + 2], self.buffer[end + 2:]
                return octets
            at = end + 2 + int(m.group(1))
        return None

    def read(self, ending):
        """What the socket has. True while a command is under way."""
        piece = self.socket.recv(1 << 16)
        if not piece:
            self.wrong("the connection stays", b"")
            raise SystemExit(1)
        self.buffer += piece
        while (octets := self.whole()) is not None:
            if octets.startswith(b"+"):
                continue
            if octets.startswith(b"* "):
                self.hear(octets)
                continue
            tag, status = octets.split(b" ")[:2]
            if tag != self.tag:
                self.wrong("the tag is that of the command", octets)
            gone = b"EXPUNGEISSUED" in octets or status == b"NO" and self.command.split(" ")[0] in ("FETCH", "STORE", "COPY", "MOVE")
            if status != b"OK" and not gone:
                self.wrong("no command is refused", octets)
            self.tag = None
        if self.idling and self.tag and (ending or self.dice.random() < 0.3):
            self.send(b"DONE\r\n")
            self.idling = False
        return self.tag is not None


def run(w, seed):
    first = Imap(w, "alice")
    first("DELETE Stress")
    assert first("CREATE Stress").ok
    sessions = [Session(w, n, seed * 100 + n) for n in range(SESSIONS)]
    end = time.monotonic() + SECONDS
    for s in sessions:
        s.begin()
    idle_since = time.monotonic()
    while any(s.tag for s in sessions):
        ending = time.monotonic() > end
        ready = select.select([s.socket for s in sessions], [], [], 0.05)[0]
        if ready:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > 20 * world.SLOW:
            report.check(False, "every command is answered", [(s.name, s.command) for s in sessions if s.tag])
            break
        for s in sessions:
            if s.socket in ready and not s.read(ending) and not ending:
                s.begin()
            elif s.idling and (ending or not ready):
                s.send(b"DONE\r\n")
                s.idling = False
    # Now each asks once more, and then knows everything.
    truth = first("EXAMINE Stress") and first("UID FETCH 1:* (FLAGS)")
    want = {int(x[b"UID"]): frozenset(x[b"FLAGS"]) - {rb"\Recent"} for x in truth.fetched().values()}
    for s in sessions:
        for command in ("NOOP", "UID FETCH 1:* (FLAGS)"):
            s.command, s.tag = command, s.start(command)
            while s.read(True):
                pass
        report.check(s.place == sorted(want), "all sessions end with the same messages in the same places", f"seed {seed}, {s.name}: {len(s.place)} against {len(want)}")
        report.check({u: s.flags.get(u) for u in s.place} == want, "and the same flags", f"seed {seed}, {s.name}: {[(u, s.flags.get(u), want.get(u)) for u in s.place if s.flags.get(u) != want.get(u)][:3]}")
    steps = sum(s.steps for s in sessions)
    report.check(steps > 100, "they did something", steps)
    for s in sessions:
        s.close()
    first.close()
    return steps, len(want)


with world.World("tests/interop/plain.json", record=True) as w:
    seeds = [int(x) for x in sys.argv[1:]] or [1, 2]
    did = [run(w, seed) for seed in seeds]
    report.check(w.stop() == 0, "serve ends cleanly", w.errors)
    p, last = w.replay("--level", "phase")
    report.check(p.returncode == 0 and last and last["same"], "the replay is the same run", f"{p.returncode} {last} {p.stderr[-300:]}")
    print(f"commands and messages left, for each seed: {did}; {os.path.getsize(w.recording) >> 10} KiB of recording")
report.end()
