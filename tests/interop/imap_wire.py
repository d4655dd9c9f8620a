"""An IMAP client as thin as can be, for tests: sends octets, splits what comes into responses, understands lists and literals."""
import re
import socket

import world


class Line:
    """One response: its octets, and what it is made of."""

    def __init__(self, octets):
        self.octets = octets
        self.words = parse(octets)

    def __repr__(self):
        return repr(self.octets)


def parse(octets):
    """Atoms as bytes, strings as str subclass Quoted, NIL as None, lists as lists."""
    at, stack = 0, [[]]
    while at < len(octets):
        c = octets[at:at + 1]
        if c in b"([":
            stack.append([])
            at += 1
        elif c in b")]" and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == b'"':
            text, at = b"", at + 1
            while at < len(octets) and octets[at:at + 1] != b'"':
                at += octets[at:at + 1] == b"\\"
                text, at = text + octets[at:at + 1], at + 1
            stack[-1].append(Quoted(text))
            at += 1
        elif c in b"{~" and re.match(rb"~?\{(\d+)\}\r\n", octets[at:]):
            m = re.match(rb"~?\{(\d+)\}\r\n", octets[at:])
            n = int(m.group(1))
            stack[-1].append(Quoted(octets[at + m.end():at + m.end() + n]))
            at += m.end() + n
        elif c in b" \r\n":
            at += 1
        else:
            # BODY[HEADER.FIELDS (To)]<0> and the like are one word.
            m = re.match(rb"(?:BODY|BINARY(?:\.SIZE)?)\[[^]]*\](?:<\d+>)?|[^ ()\[\]\r\n\"]+", octets[at:])
            if not m:
                at += 1
                continue
            word = m.group(0)
            stack[-1].append(None if word == b"NIL" else word)
            at += m.end()
    while len(stack) > 1:
        done = stack.pop()
        stack[-1].append(done)
    return stack[0]


class Quoted(bytes):
    pass


class Imap:
    def __init__(self, w, user=None, host=None, password=None):
        self.socket = socket.create_connection(("127.0.0.1", w.port("imap", host)), timeout=20 * world.SLOW)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.number = b"", 0
        self.greeting = self.response()
        if user:
            assert self("LOGIN %s %s" % (user, password or world.PASSWORDS[user])).ok

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError(self.buffer)
        self.buffer += piece

    def response(self):
        """One response, with its literals."""
        at = 0
        while True:
            end = self.buffer.find(b"\r\n", at)
            if end < 0:
                self.more()
                continue
            m = re.search(rb"\{(\d+)\}$", self.buffer[:end])
            if not m:
                octets, self.buffer = self.buffer[:end + 2], self.buffer[end + 2:]
                return Line(octets)
            at = end + 2 + int(m.group(1))
            while len(self.buffer) < at:
                self.more()

    def send(self, octets):
        self.socket.sendall(octets)

    def start(self, command):
        """Sends a command; literals in it as ("...", b"literal", "..."). Returns its tag."""
        self.number += 1
        tag = b"t%d" % self.number
        parts = command if isinstance(command, (tuple, list)) else (command,)
        octets = tag + b" "
        for part in parts:
            octets += part.encode() if isinstance(part, str) else b"{%d+}\r\n" % len(part) + part
        self.send(octets + b"\r\n")
        return tag

    def finish(self, tag):
        lines = []
        while True:
            r = self.response()
            if r.octets.startswith(tag + b" "):
                return Answer(lines, r)
            lines.append(r)

    def __call__(self, *command):
        return self.finish(self.start(command))

    def idle(self):
        tag = self.start("IDLE")
        lines = []
        while True:
            r = self.response()
            if r.octets.startswith(b"+"):
                return tag, lines
            lines.append(r)

    def done(self, tag):
        self.send(b"DONE\r\n")
        return self.finish(tag)

    def close(self):
        self.socket.close()


class Answer:
    def __init__(self, lines, end):
        self.lines, self.end = lines, end
        self.ok = end.words[1] == b"OK"
        self.status = end.words[1].decode()

    @property
    def code(self):
        return self.end.words[2] if len(self.end.words) > 2 and isinstance(self.end.words[2], list) else []

    @property
    def text(self):
        return b"".join(x.octets for x in self.lines)

    def named(self, name):
        """The words behind "* NAME", of each such line."""
        return [x.words[2:] for x in self.lines if len(x.words) > 1 and x.words[1] == name]

    def numbered(self, name):
        """[(n, rest)] of "* n NAME rest"."""
        return [(int(x.words[1]), x.words[3:]) for x in self.lines if len(x.words) > 2 and x.words[2] == name and x.words[1].isdigit()]

    def fetched(self):
        """{place: {item: value}} of all FETCH lines."""
        found = {}
        for n, rest in self.numbered(b"FETCH"):
            items = found.setdefault(n, {})
            for k, v in zip(rest[0][::2], rest[0][1::2]):
                items[k] = v
        return found

    def numbers(self, name=b"SEARCH"):
        return [int(x) for rest in self.named(name) for x in rest if isinstance(x, bytes) and x.isdigit()]

    def __repr__(self):
        return f"{[x.octets for x in self.lines]} {self.end.octets!r}"
