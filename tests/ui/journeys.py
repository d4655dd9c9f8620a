#!/usr/bin/env python3
"""Journeys through the screen in a real terminal: tmux is the terminal, keys are pressed as a person would.

usage: journeys.py MAILWALK
"""
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MAILWALK = os.path.abspath(sys.argv[1])
SOCKET = ""
claims = failed = 0
PATIENCE = 15
NUMBERS = itertools.count()


def claim(holds, what, screen=""):
    global claims, failed
    claims += 1
    if not holds:
        failed += 1
        print(f"FAILED: {what}\n{screen}")


def tmux(*args, check=True):
    return subprocess.run(["tmux", "-L", SOCKET, "-f", "/dev/null", *args], check=check, capture_output=True,
                          text=True).stdout


class Terminal:
    """A shell in tmux, with mailwalk started in it."""

    def __init__(self, command, rows=24, cols=80, environment=""):
        global SOCKET
        if SOCKET:
            tmux("kill-server", check=False)
        SOCKET = f"mailwalk-{os.getpid()}-{next(NUMBERS)}"
        tmux("new-session", "-d", "-s", "t", "-x", str(cols), "-y", str(rows),
             "env PS1='ready$ ' LC_ALL=C.UTF-8 TERM=screen-256color sh")
        self.wait("ready")
        self.type(f"{environment} {MAILWALK} {command}; echo status=$?")

    def screen(self):
        return tmux("capture-pane", "-p", "-t", "t")

    def type(self, text, enter=True):
        tmux("send-keys", "-t", "t", "-l", text)
        if enter:
            tmux("send-keys", "-t", "t", "Enter")

    def keys(self, *keys):
        for key in keys:
            tmux("send-keys", "-t", "t", *(["-l", key] if len(key) == 1 and key != " " else [key if key != " " else "Space"]))

    def press(self, row, col):
        """The left button, down and up, as a terminal reports it; row and column count from 1."""
        for button in ("20", "23"):
            tmux("send-keys", "-t", "t", "-H", "1b", "5b", "4d", button, f"{col + 32:02x}", f"{row + 32:02x}")

    def wait(self, words, seconds=PATIENCE):
        end = time.time() + seconds
        while time.time() < end:
            if re.search(words, self.screen()):
                return True
            time.sleep(0.05)
        return False

    def shows(self, words, what):
        claim(self.wait(words), f"{what}: \"{words}\" is shown", self.screen())

    def size(self, rows, cols):
        tmux("resize-window", "-t", "t", "-x", str(cols), "-y", str(rows))

    def ended(self, what, status=0):
        self.shows(f"status={status}", what)


def first_message():
    t = Terminal("play --no-predict")
    t.shows("which lesson", "without a scenario the list opens")
    t.shows("first-message ", "the first lesson is in the list")
    t.keys("Enter")
    t.shows("step 0 of", "the lesson opens at its start")
    t.keys("n", "n")
    t.shows("step 2 of", "n is a step on")
    t.keys("+", "+", "+", "+", "+", " ")
    t.shows("playing", "space plays")
    t.shows("end of the run", "it plays to the end")
    t.keys("/")
    t.type("RCPT TO")
    t.shows("RCPT TO|not found", "words are searched for")
    t.keys("<")
    t.shows("RCPT TO:<bob@example.org>", "back to the RCPT")
    t.keys("p")
    t.shows("MAIL FROM", "one step back from RCPT is MAIL")
    t.keys("q")
    t.shows("Left first-message at step", "q says what it leaves")
    t.ended("q leaves")


def why():
    t = Terminal("play no-such-user --no-predict")
    t.shows("step 0 of", "it opens")
    t.keys("!", "w")
    t.shows("550 5.1.1", "why tells the reply")
    t.shows("/hosts/mx/store/users", "why leads to the setting")
    t.keys("Escape")
    t.shows("Left:", "Esc says what it leaves")
    t.keys("q")
    t.ended("q leaves")


def questions():
    t = Terminal("play no-such-user")
    t.shows("step 0 of", "it opens")
    t.keys("n", "n", "n")
    t.shows("what comes next", "a step asks first")
    t.keys("1")
    t.shows("of 1 right", "the score is kept")
    t.keys("Enter")
    t.shows("step 3 of", "Enter goes on")
    t.keys("q")
    t.ended("q leaves")


def resizing():
    t = Terminal("play lossy-link --no-predict")
    t.shows("step 0 of", "it opens")
    t.keys("+", "+", "+", "+", " ")
    for rows, cols in ((36, 120), (10, 40), (60, 200), (24, 80), (5, 20), (30, 100), (24, 80)):
        t.size(rows, cols)
        t.shows("needs 80x24" if rows < 24 and cols > 20 else "." if rows < 24 else "step [0-9]+ of", f"{cols}x{rows}")
    t.keys("2")
    t.shows(r"\*2 Ladder", "views change after resizing")
    t.keys("q")
    t.ended("q leaves")


def mouse():
    t = Terminal("play no-such-user --no-predict")
    t.shows("step 0 of", "it opens")
    t.press(24, 15)
    t.shows(r"\*2 Ladder", "a press on a view's name opens it")
    t.press(22, 40)
    t.shows("step [4-9][0-9] of", "a press on the bar of the run goes there")
    t.keys("q")
    t.ended("q leaves")


def terminal_is_given_back():
    t = Terminal("play first-message --no-predict")
    t.shows("step 0 of", "it opens")
    t.keys("C-z")
    t.shows("[Ss]topped|suspended|ready", "Ctrl-Z gives the shell back")
    t.type("echo in-the-shell")
    t.shows("\nin-the-shell", "the shell echoes what is typed")
    t.type("fg")
    t.shows("step 0 of", "fg comes back")
    t.keys("n")
    t.shows("step 1 of", "and keys work")
    pid = subprocess.run(["pgrep", "-f", f"^{MAILWALK} play first-message"], capture_output=True, text=True).stdout.split()
    for p in pid:
        os.kill(int(p), signal.SIGTERM)
    t.shows(r"status=143|Terminated", "SIGTERM ends it")
    t.type("echo still-$((40+2))-here")
    t.shows("\nstill-42-here", "after a signal the shell echoes what is typed")
    t = Terminal("play first-message --no-predict")
    t.shows("step 0 of", "it opens again")
    for p in subprocess.run(["pgrep", "-f", f"^{MAILWALK} play first-message"], capture_output=True, text=True).stdout.split():
        os.kill(int(p), signal.SIGSEGV)
    t.shows("status=139|[Ss]egmentation", "a crash ends it")
    t.type("echo still-$((40+3))-here")
    t.shows("\nstill-43-here", "after a crash the shell echoes what is typed")


def looks():
    t = Terminal("play first-message --no-predict", environment="NO_COLOR=1")
    t.shows("step 0 of", "NO_COLOR: it opens")
    coloured = tmux("capture-pane", "-p", "-e", "-t", "t")
    claim(not re.search(r"\x1b\[[0-9;]*(3[0-7]|38;5|9[0-7])[;m]", coloured), "NO_COLOR: no colours", coloured)
    t.keys("a")
    t.shows("ASCII", "lines in ASCII")
    claim(t.screen().isascii(), "ASCII alone is shown", t.screen())
    t.keys("t")
    t.shows("Theme: light", "the theme changes")
    t.keys("b")
    t.shows("projector", "large")
    t.keys("?")
    t.shows("What the keys do", "help")
    t.keys("Escape", ":")
    t.type("next-er", enter=False)
    t.keys("Tab")
    t.shows("next-error", "Tab completes")
    t.keys("Enter")
    t.shows("Nothing goes wrong|step [1-9]", "an action by its name")
    t.keys("q")
    t.ended("q leaves")


def by_hand():
    """An SMTP session is typed, saved as a script, and the script runs it again."""
    script = os.path.join(tempfile.mkdtemp(), "by-hand.sh")
    t = Terminal("play first-message --no-predict")
    t.shows("step 0 of", "it opens")
    t.keys("7", "Enter")
    for line, answer in (("telnet mail.example.com 25", "220 mail.example.com"), ("EHLO laptop.example.com", "250 BINARYMIME"),
                         ("MAIL FROM:<alice@example.com>", "250 2.1.0"), ("RCPT TO:<postmaster@example.com>", "250 2.1.5"),
                         ("DATA", "354 "), ("Subject: typed", "Subject: typed"), ("", "\\n│ ▸ +│"), ("Hello.", "Hello."),
                         (".", "250 2.0.0 queued"), ("QUIT", "221 2.0.0"), (f"save {script}", "saved: sh")):
        t.type(line)
        t.shows(answer, f"by hand: {line}")
    t.keys("Escape", "q")
    t.ended("q leaves after Esc")
    runs = [subprocess.run(["sh", script, "run"], capture_output=True, text=True, env={**os.environ, "MAILWALK": MAILWALK})
            for _ in range(2)]
    claim("Subject: typed" in runs[0].stdout and "221 2.0.0" in runs[0].stdout, "the script types it again", runs[0].stdout)
    claim(runs[0].stdout == runs[1].stdout, "and each time the same")
    shutil.rmtree(os.path.dirname(script))


def what_if():
    """The port is changed in wrong-port, and it arrives."""
    t = Terminal("play wrong-port --no-predict")
    t.shows("step 0 of", "it opens")
    t.keys("x")
    t.shows("What if", "x lists the settings")
    t.type("alice/client/accounts/0/submit/port")
    t.shows("submit/port = \\?", "Enter asks for the new value")
    t.keys("C-u")
    t.type("four")
    t.shows("--set:1:", "a bad value is explained")
    t.keys("C-u")
    t.type("587")
    t.shows("CHANGED.*it differs|it differs", "the new run goes to where it differs")
    t.keys("c")
    t.shows("from here on they differ", "both runs stand side by side")
    t.keys("Escape", "/")
    t.type("250 2.0.0")
    t.shows("250 2.0.0", "the message is accepted now")
    t.keys("o")
    t.shows("The original run", "o goes back")
    t.keys("q")
    t.ended("q leaves")


def plain():
    for command, environment in (("play no-such-user --plain", {}), ("play no-such-user", {"TERM": "dumb"})):
        p = subprocess.run([MAILWALK, *command.split()], input="\n\n\n1\n\n!\nw\n\nq\n", capture_output=True, text=True,
                           env={**os.environ, **environment}, timeout=60)
        claim(p.returncode == 0, f"{command}: status 0", p.stderr)
        claim("550 5.1.1 No such user here" in p.stdout, f"{command}: the failure is told", p.stdout)
        claim("/hosts/mx/store/users" in p.stdout, f"{command}: why", p.stdout)
        claim("\x1b" not in p.stdout and "\r" not in p.stdout, f"{command}: nothing is redrawn", p.stdout)
        claim("of 1 right" in p.stdout, f"{command}: an answer is marked", p.stdout)
    def dialogue(scenario, *lines):
        return subprocess.run([MAILWALK, "play", scenario, "--plain", "--no-predict"], input="\n".join(lines) + "\n", capture_output=True,
                              text=True, timeout=60).stdout
    said = dialogue("no-such-user", "", "", "", "x", "nobb", "11", "bob", "1", "", "q")
    claim('11  /messages/typo/to = "nobbody@example.org"' in said, "a word finds what is in a list", said)
    claim("(an empty line leaves)" in said and said.rstrip().endswith("q leaves)"), "a value that is refused is no trap", said)
    said = dialogue("first-message", "", "", "", "2", "4", "7", "telnet mail.example.com 587", "EHLO x", "", "q")
    claim("1.004 s alice asks resolver: A? mail.example.com" in said, "the ladder is told in sentences", said)
    claim("Setting  client/accounts/0/submit/port = 587" in said, "so is a host", said)
    claim("250-mail.example.com pleased to meet you" in said, "the terminal is typed to", said)
    claim(not re.search("[\u2500-\u25ff]", said), "nothing is drawn", said)
    p = subprocess.run([MAILWALK, "play", "no-such-lesson"], capture_output=True, text=True, input="")
    claim(p.returncode == 2 and "no lesson has this name" in p.stderr, "an unknown lesson is refused", p.stderr)
    p = subprocess.run([MAILWALK, "play", "--theme", "pink"], capture_output=True, text=True, input="")
    claim(p.returncode == 2 and "contrast" in p.stderr, "an unknown theme is refused", p.stderr)


def capture():
    """A capture up to here holds the frame of the line that is shown."""
    with tempfile.TemporaryDirectory() as folder:
        p = subprocess.run([os.path.abspath(MAILWALK), "play", "no-such-user", "--no-predict", "--keys", "! e <Enter> <Enter>"],
                           capture_output=True, text=True, cwd=folder, timeout=60)
        names = os.listdir(folder)
        claim(names == ["no-such-user-to-1478ms.pcapng"], "a capture is saved at the cursor", p.stdout)
        with open(os.path.join(folder, names[0]), "rb") as file:
            octets = file.read()
        claim(b"550 5.1.1 No such user here" in octets, "the line of the cursor is in it", names)


def main():
    try:
        for journey in (first_message, why, questions, resizing, mouse, terminal_is_given_back, looks, by_hand, what_if, plain, capture):
            journey()
    finally:
        tmux("kill-server", check=False)
    print(f"{claims} claims, {failed} failed")
    return failed != 0


sys.exit(main())
