"""`run --ladder`: every lesson as text, Mermaid and SVG; twice the same; well-formed; bad names and folders are told."""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import trace

report = trace.Report()
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "rect", "text", "line", "path", "circle", "g"}
ATTRIBUTES = {"role", "aria-labelledby", "width", "height", "viewBox", "id", "class", "fill", "x", "y", "x1", "y1", "x2",
              "y2", "rx", "cx", "cy", "r", "d", "text-anchor"}
MERMAID = re.compile(r"    (title .+|participant h\d+ as .+|Note over h\d+(,h\d+)?: .+|h\d+(->>|-->>|--\)|--x)h\d+: .+)$")


def ladder(scenario, path, *more):
    return subprocess.run([trace.MAILWALK, "run", scenario, "--ladder", path, *more], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def check_svg(scenario, octets):
    root = ET.fromstring(octets)
    report.check(root.tag == SVG + "svg" and root.get("role") == "img", "an SVG for people who do not see it", scenario)
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    report.check(set(root.get("aria-labelledby").split()) <= ids, "its title and description are there", scenario)
    odd = {e.tag for e in root.iter() if e.tag[len(SVG):] not in ELEMENTS} | \
        {a for e in root.iter() for a in e.attrib if a not in ATTRIBUTES}
    report.check(not odd, "no script, link, font or event in it", f"{scenario}: {odd}")
    width, height = float(root.get("width")), float(root.get("height"))
    out = [e.attrib for e in root.iter() for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2"))
           if e.get(x) and not (0 <= float(e.get(x)) <= width and 0 <= float(e.get(y)) <= height)]
    report.check(not out, "nothing lies outside of the picture", f"{scenario}: {out[:1]}")


def check_mermaid(scenario, text):
    lines = text.decode().split("\n")
    report.check(lines[0] == "sequenceDiagram" and lines[-1] == "", "a sequenceDiagram", scenario)
    wrong = [line for line in lines[1:-1] if not MERMAID.match(line)]
    report.check(not wrong, "each line is one of Mermaid's", f"{scenario}: {wrong[:1]}")
    known = {m.group(1) for m in re.finditer(r"participant (h\d+) as", text.decode())}
    used = set(re.findall(r"\bh\d+(?=(?:->>|-->>|--\)|--x|,|:))", "\n".join(line.split(": ")[0] + ":" for line in lines[1:-1])))
    report.check(used <= known, "everybody who speaks is a participant", f"{scenario}: {used - known}")


def main():
    scenarios = trace.catalogue()
    report.check(len(scenarios) > 10, "there are lessons", scenarios)
    with tempfile.TemporaryDirectory() as folder:
        for scenario in scenarios:
            for ending, check in ((".svg", check_svg), (".mmd", check_mermaid), (".txt", None)):
                path = os.path.join(folder, "l" + ending)
                p = ladder(scenario, path)
                report.check(p.returncode == 0 and not p.stderr, "the diagram is written", f"{scenario}: {p.stderr}")
                if check:
                    check(scenario, contents(path))
                else:
                    long = [x for x in contents(path).decode().splitlines() if len(x) > 200]
                    report.check(not long, "no row is longer than 200 columns", scenario)
        once, twice = os.path.join(folder, "a.svg"), os.path.join(folder, "b.svg")
        for path in (once, twice):
            ladder("lossy-link", path, "--level", "packet")
        report.check(contents(once) == contents(twice), "the same run gives the same octets", "lossy-link")
        report.check(os.listdir(folder).count("a.svg.part") == 0, "nothing is left lying about", folder)
        p = ladder("first-message", os.path.join(folder, "l.png"))
        report.check(p.returncode == 2 and b".txt, .mmd or .svg" in p.stderr, "another ending is refused", p.stderr)
        p = ladder("first-message", os.path.join(folder, "none", "l.txt"))
        report.check(p.returncode == 3 and b"No such file" in p.stderr, "a folder that is not there is told", p.stderr)


main()
report.end()
