"""README.md and docs/ARCHITECTURE.md show true output: each line of a ```console block is printed by the command above it, in that order and
without a gap but at [...]. The table of lessons is the catalogue's, links lead to files."""
import os
import re
import subprocess

import trace

report = trace.Report()


def blocks(page):
    """[(command, [line])] of all console blocks."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.S | re.M):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown, printed):
    """The first line that is not where it should be; None: all are."""
    at, gap = 0, False
    for line in shown:
        if line == "[...]":
            gap = True
            continue
        if gap:
            while at < len(printed) and printed[at] != line:
                at += 1
        if at == len(printed) or printed[at] != line:
            return line
        at, gap = at + 1, False
    return None


def check_command(page, command, shown, folder):
    real = re.sub(r"\bbuild/mailwalk\b", trace.MAILWALK, command)
    report.check(real != command, "a command runs mailwalk", command)
    p = subprocess.run(["sh", "-c", real], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=120)
    printed = [line.rstrip() for line in p.stdout.decode().splitlines()]
    wrong = matches([line.rstrip() for line in shown], printed)
    report.check(shown and wrong is None, f"{page} shows what is printed", f"{command}\n    not printed there: {wrong}")


def check_page(page, least, folder):
    with open(page, encoding="utf-8") as f:
        text = f.read()
    commands = blocks(text)
    report.check(len(commands) >= least, "a page shows commands", f"{page}: {len(commands)}")
    for command, shown in commands:
        check_command(page, command, shown, folder)
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        report.check(os.path.exists(os.path.join(os.path.dirname(page), target)), "a link leads to a file", f"{page}: {target}")
    return text


with trace.scratch() as place:
    readme = check_page("README.md", 8, place)
    check_page("docs/ARCHITECTURE.md", 1, place)
lessons = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \|", readme, re.M)
titles = [line.strip() for line in trace.mailwalk("list").stdout.decode().splitlines() if not line.startswith("    -")]
report.check([x for pair in lessons for x in pair] == titles, "the table of lessons is the catalogue", f"{lessons}\n{titles}")
report.end()
