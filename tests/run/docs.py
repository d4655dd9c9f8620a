"""README.md, docs/GUIDE.md and docs/ARCHITECTURE.md are true: each line of a ```console block is printed by the command above it, in that
order and without a gap but at [...]; files, functions and structs that they name exist; the table of lessons is the
catalogue's; links lead to files; the man page has the options that there are.

With MAILWALK_WRITE_DOCS=1 in the environment what is shown is taken anew from what is printed: each stretch between two
[...] from the line most like its first to the one most like its last. Read the difference before you commit it."""
import difflib
import glob
import os
import re
import shutil
import subprocess

import trace

report = trace.Report()
WRITE = os.environ.get("MAILWALK_WRITE_DOCS") == "1"
GAP = "[...]"


def printed_by(command, folder):
    """The lines that a command prints, ends trimmed."""
    real = re.sub(r"\bbuild/mailwalk\b", trace.MAILWALK, command)
    report.check(real != command, "a command runs mailwalk", command)
    p = subprocess.run(["sh", "-c", real], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=120)
    return [line.rstrip() for line in p.stdout.decode().splitlines()]


def stretches(shown):
    """[(is there a gap before it, [line])]"""
    found, gap = [], False
    for line in shown:
        if line == GAP:
            gap = True
        elif gap or not found:
            found.append((gap, [line]))
            gap = False
        else:
            found[-1][1].append(line)
    return found


def missing(shown, printed):
    """The first line that is not where it should be; None: all are."""
    at = 0
    for gap, lines in stretches(shown):
        while gap and at < len(printed) and printed[at] != lines[0]:
            at += 1
        for line in lines:
            if at == len(printed) or printed[at] != line:
                return line
            at += 1
    return None


def nearest(line, printed, places):
    """Where among the places a printed line is most like this one; the first of equals."""
    return max(places, key=lambda i: (difflib.SequenceMatcher(None, line, printed[i]).ratio(), -i), default=0)


def renewed(shown, printed):
    """The same stretches, from their first line to their last, as they are printed now."""
    new, at = [], 0
    for gap, lines in stretches(shown):
        if gap:
            new.append(GAP)
            at = nearest(lines[0], printed, range(at, len(printed)))
        end = nearest(lines[-1], printed, range(at, min(at + len(lines) + 6, len(printed)))) if len(lines) > 1 else at
        new += printed[at:end + 1]
        at = end + 1
    return new + [GAP] * (shown[-1:] == [GAP])


def check_console(page, text, least, folder):
    """Returns the page as it would be right."""
    commands = 0

    def block(match):
        nonlocal commands
        out = []
        for part in re.split(r"^\$ ", match[1], flags=re.M)[1:]:
            command, *shown = part.splitlines()
            commands += 1
            printed = printed_by(command, folder)
            shown = [line.rstrip() for line in shown]
            if WRITE:
                shown = renewed(shown, printed)
            report.check(shown and missing(shown, printed) is None, f"{page} shows what is printed",
                         f"{command}\n    not printed there: {missing(shown, printed)}")
            out += ["$ " + command, *shown]
        return "```console\n" + "\n".join(out) + "\n```\n"

    right = re.sub(r"^```console\n(.*?)^```\n", block, text, flags=re.S | re.M)
    report.check(commands >= least, "a page shows commands", f"{page}: {commands}")
    return right


def check_names(page, text, words, files):
    """`f()`, `struct x`, `A_CONSTANT`, `record.field` and `file.c` are in the source; x in a name stands for any word."""
    text = re.sub(r"^```.*?^```\n", "", text, flags=re.S | re.M)

    def paths(name):
        return [f for f in files if f == name or f.endswith("/" + name)]

    for name in re.findall(r"`([^`\n]+)`", text):
        if re.search(r"(\b|_)x(_|\b)|NAME", name):
            continue
        if re.fullmatch(r"[a-z_0-9]+\(\)", name):
            report.check(name[:-2] in words, "a function exists", f"{page}: {name}")
        elif re.fullmatch(r"[\w./-]*\w\.(c|h|sh|py|json|md|1)", name):
            report.check(paths(name), "a file exists", f"{page}: {name}")
        elif re.fullmatch(r"struct [a-z_0-9]+|[a-z_0-9]+\.[a-z_]{2,}|[A-Z0-9]+_[A-Z0-9_]+", name):
            report.check(words.keys() >= set(re.findall(r"\w+", name)), "a name exists", f"{page}: {name}")
    for function, path in re.findall(r"`((?!\w*_x\b)\w+)\(\)`\s(?:\(|in )`([\w/.]+\.c)", text):
        report.check(words.get(function, set()) & set(paths(path)), "a function is in its file", f"{page}: {function}() in {path}")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        report.check(os.path.exists(os.path.join(os.path.dirname(page), target)), "a link leads to a file", f"{page}: {target}")


def source():
    """All words of the program and its tests, each with the files that have it, and the paths of all files."""
    files, words = set(), {}
    for top in ("*", "docs/*", "scenarios/**/*", "sim/**/*", "protocols/**/*", "ui/**/*", "tests/**/*", ".ci/*"):
        for path in glob.glob(top, recursive=True):
            if os.path.isfile(path):
                files.add(path)
                if path.endswith((".c", ".h", ".sh", "Makefile")):
                    with open(path, encoding="utf-8") as f:
                        for word in set(re.findall(r"\w+", f.read())):
                            words.setdefault(word, set()).add(path)
    return words, files


def check_man_page():
    """The man page and the usage know the same options and commands; groff, where it is there, has no complaint."""
    with open("docs/mailwalk.1", encoding="utf-8") as f:
        page = f.read()
    shown = set(re.findall(r"--[a-z][a-z-]*", page.replace("\\-", "-")))
    usage = trace.mailwalk("help").stdout.decode()
    report.check(set(re.findall(r"--[a-z][a-z-]*", usage)) <= shown, "an option of the usage is in the man page", shown)
    known = set()
    for path in ("main.c", "sim/bench/bench.c", "ui/play.c", "sim/gateway/options.c"):
        with open(path, encoding="utf-8") as f:
            known |= set(re.findall(r"--[a-z][a-z-]*", f.read()))
    report.check(shown <= known, "an option of the man page is one of the program", sorted(shown - known))
    for command in re.findall(r"^  ([a-z]+) ", usage, re.M):
        report.check(re.search(rf"^\.(TP\n\.)?B[RI]? {command}\b", page, re.M), "a command is in the man page", command)
    if shutil.which("groff"):
        p = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "docs/mailwalk.1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        report.check(p.returncode == 0 and not p.stderr, "groff has no complaint", p.stderr.decode())


all_words, all_files = source()
with trace.scratch() as place:
    for page, least in (("README.md", 8), ("docs/GUIDE.md", 2), ("docs/ARCHITECTURE.md", 1)):
        with open(page, encoding="utf-8") as f:
            text = f.read()
        right = check_console(page, text, least, place)
        if WRITE and right != text:
            with open(page, "w", encoding="utf-8") as f:
                f.write(right)
            print(f"{page} is written anew")
        check_names(page, text, all_words, all_files)
with open("README.md", encoding="utf-8") as f:
    lessons = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \|", f.read(), re.M)
titles = [line.strip() for line in trace.mailwalk("list").stdout.decode().splitlines() if not line.startswith("    -")]
check_man_page()
report.check([x for pair in lessons for x in pair] == titles, "the table of lessons is the catalogue", f"{lessons}\n{titles}")
report.end()
