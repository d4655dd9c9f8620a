"""The examples of docs/TESTING-WITH-MAILWALK.md, as they stand there: each must run and say that it is ok. And what docs/DOORS.md says
to a world that is served on the default ports, to one on other ports."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/interop")
import world  # noqa: E402

report = world.Report()
PAGE = "docs/TESTING-WITH-MAILWALK.md"
RUNS = {"shell": ("sh", ["sh", "curl"]), "python": (sys.executable, []), "node": ("node", ["node"])}
with open(PAGE, encoding="utf-8") as f:
    text = f.read()
examples = dict(re.findall(r"<!-- example: (\w+) -->\n```\w+\n(.*?)```", text, re.S))
report.check(set(examples) == set(RUNS), "the page has an example of each kind", sorted(examples))
folder = tempfile.mkdtemp(prefix="mailwalk-examples-")
try:
    for i, (name, (program, needed)) in enumerate(RUNS.items()):
        missing = [n for n in needed if not shutil.which(n)]
        if missing:
            print(f"the {name} example is not run: {missing[0]} is not installed")
            continue
        path = os.path.join(folder, name + (".cjs" if name == "node" else ""))
        with open(path, "w", encoding="utf-8") as f:
            f.write(examples.get(name, "exit 1"))
        for turn in range(20):  # another port if that one is in use
            env = {**os.environ, "MAILWALK": world.MAILWALK, "PORT": str(14000 + (os.getpid() * 7 + i * 1301 + turn * 613) % 40000)}
            try:
                p = subprocess.run([program, path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=60 * world.SLOW)
            except subprocess.TimeoutExpired as e:
                report.check(False, f"the {name} example ends", (e.stdout, e.stderr))
                break
            if p.returncode and b"in use" in p.stderr:
                continue
            report.check(p.returncode == 0 and p.stdout.endswith(f"{name} example: ok\n".encode()), f"the {name} example runs", (p.returncode, p.stdout[-500:], p.stderr[-1500:]))
            break
finally:
    shutil.rmtree(folder, ignore_errors=True)
help_ = subprocess.run([world.MAILWALK, "ctl", "help"], stdout=subprocess.PIPE).stdout.decode()
for command in re.findall(r"^  ([a-z]+)", help_, re.M):
    report.check(re.search(rf"`{command}[ `]", text), f"the page knows {command}", "")


def doors():
    with open("docs/DOORS.md", encoding="utf-8") as f:
        commands = re.findall(r"^\$ ((?:curl|openssl|python3|dig) .*(?:localhost|127\.0\.0\.1).*)$", f.read(), re.M)
    report.check(len(commands) >= 5, "DOORS.md has commands", commands)
    with world.World() as w:
        base = w.port("smtp") - 25
        with open(os.path.join(w.folder, "lunch.eml"), "w", newline="\n") as f:
            f.write("From: alice@example.com\nTo: dave@example.org\nSubject: Lunch\n\nAt noon?\n")
        for command in commands:
            program = command.split()[0]
            if not shutil.which(program):
                print(f"not run: {program} is not installed")
                continue
            here = re.sub(r"\b10(\d\d\d)\b", lambda m: str(base + int(m[1])), command)
            p = subprocess.run(["sh", "-c", here], cwd=w.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * world.SLOW)
            report.check(p.returncode == 0, "a command of DOORS.md does as it says", (here, p.returncode, p.stdout[-300:], p.stderr[-300:]))


doors()
report.end()
