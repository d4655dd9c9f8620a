"""docs/GUIDE.md is true: each screen in it is what `mailwalk play` prints for the arguments above it, octet for octet; what it
says that a screen shows is shown; its keys are those of the help page; its lessons are those of the catalogue.

    <!-- screen: ARGUMENTS -->              the block below it is the screen
    <!-- shows: ARGUMENTS => WORDS -->      the screen has these words

With MAILWALK_WRITE_DOCS=1 in the environment the screens are written anew. Read the difference before you commit it."""
import os
import re
import shlex
import subprocess

import trace

PAGE = "docs/GUIDE.md"
LEAST = 10  # screens
WRITE = os.environ.get("MAILWALK_WRITE_DOCS") == "1"
report = trace.Report()


def screen(arguments):
    """What is printed, as text; empty when it ends with an error, which is a failed claim."""
    p = trace.mailwalk("play", *shlex.split(arguments))
    report.check(p.returncode == 0 and not p.stderr, "a screen can be printed", f"{arguments}\n    {p.stderr.decode()}")
    return p.stdout.decode()


def check_screens(text):
    """Returns the page as it would be right."""
    screens = 0

    def block(match):
        nonlocal screens
        screens += 1
        printed = screen(match[1])
        if WRITE:
            return f"<!-- screen: {match[1]} -->\n```text\n{printed}```\n"
        old, new = match[2].split("\n"), printed.split("\n")
        where = next((i for i, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), min(len(old), len(new)))
        report.check(match[2] == printed, "a screen of the guide is the program's",
                     f"{match[1]}\n    row {where} is now: {new[where] if where < len(new) else 'not there'}")
        return match[0]

    right = re.sub(r"^<!-- screen: (.*?) -->\n```text\n(.*?)^```\n", block, text, flags=re.S | re.M)
    report.check(screens == text.count("<!-- screen:"), "each screen has its block", screens)
    report.check(screens >= LEAST, "the guide shows screens", screens)
    return right


def check_shown(text):
    """The words may run over the end of a row: rows and the frames around them count as one space."""
    for arguments, words in re.findall(r"^<!-- shows: (.*?) => (.*?) -->$", text, re.M):
        flat = re.sub(r"\s*[│|]*\n[│|]*\s*", " ", screen(arguments))
        report.check(words in flat, "a screen shows what the guide says", f"{arguments}: {words}")
    report.check(text.count("<!-- shows:") == len(re.findall(r"^<!-- shows: .*? => .*? -->$", text, re.M)), "each claim is read")


def check_keys(text):
    """Each row of the table of keys: the key and the name are those of one row of the help page."""
    p = subprocess.run([trace.MAILWALK, "play", "first-message", "--plain", "--no-predict"], input="?\nq\n", timeout=60,
                       stdout=subprocess.PIPE, encoding="utf-8")
    help_rows = {}
    for line in p.stdout.splitlines():
        row = re.fullmatch(r"  (\S+)(?: (\S+))? +([a-z-]+)  +\S.*", line)
        if row:
            help_rows[row[3]] = {row[1], row[2]}
    report.check(p.returncode == 0 and len(help_rows) > 40, "the help page is read", len(help_rows))
    rows = re.findall(r"^\| `(\S+)`.*? \| `([a-z-]+)` \|", text, re.M)
    report.check(len(rows) >= 15, "the guide has a table of keys", len(rows))
    for key, name in rows:
        report.check(key in help_rows.get(name, ()), "a key is the one of the help page", f"{key} {name}")


def check_lessons(text):
    known = trace.catalogue()
    table = re.findall(r"^\| `([a-z0-9-]+)` \| .* \| .* \|$", text, re.M)
    lessons = [name for name in table if name in known]
    report.check(lessons == known, "the table of lessons is the catalogue", lessons)
    for name in re.findall(r"mailwalk (?:play|run|serve) ([a-z][a-z0-9-]+)", text):
        report.check(name in known, "a lesson that is named exists", name)


with open(PAGE, encoding="utf-8") as f:
    page = f.read()
right_page = check_screens(page)
if WRITE and right_page != page:
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(right_page)
    print(f"{PAGE} is written anew")
check_shown(page)
check_keys(page)
check_lessons(page)
report.end()
