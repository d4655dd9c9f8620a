"""docs/TRACE.md tells the truth: each record of each lesson has a row in its table, with all of its attributes and
values; and each word of the table is a word of the program."""
import glob
import re
import sys

import trace

report = trace.Report()


def rows(page, name):
    """The rows of the table between two marks: lists of cells."""
    part = re.search(rf"<!-- {name}: begin.*?-->\n(.*?)<!-- {name}: end -->", page, re.S)
    lines = part[1].splitlines()[2:] if part else []
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


class Table:
    def __init__(self, page):
        self.rows = []  # (kind, events, attributes)
        for kind, events, attributes, _ in rows(page, "records"):
            self.rows.append((words(kind)[0], set(words(events)) or {None}, set(words(attributes))))
        self.values = {words(name)[0]: set(words(values)) for name, values in rows(page, "values")}

    def holds(self, kind, event, attributes):
        """One row must have all: attributes of two kinds of session do not mix."""
        return any(kind == k and event in e and attributes <= a for k, e, a in self.rows)


def why(table, kind, event, attributes):
    fit = [a for k, e, a in table.rows if k == kind and event in e]
    if not fit:
        return "no row has this kind and event"
    return f"its row has no {sorted(min((attributes - a for a in fit), key=len))}"


def check_records(table, scenario):
    status, records, err = trace.run(scenario)
    report.check(status == 0 and len(records) > 1, "the lesson runs", f"{scenario}: {status} {err}")
    seen = set()
    for r in records:
        if r["kind"] == "opening":
            continue
        attributes = dict(r.get("attrs", {}))
        event = attributes.pop("event", None)
        shape = (r["kind"], event, tuple(sorted(attributes)))
        if shape not in seen:
            seen.add(shape)
            report.check(table.holds(r["kind"], event, set(attributes)), "a record is in the table",
                         f"{scenario}, seq {r['seq']}: {r['kind']} {event}: {why(table, r['kind'], event, set(attributes))}")
        for name, value in attributes.items():
            allowed = table.values.get(f"{r['kind']}.{name}")
            if allowed is not None and ("value", r["kind"], name, value) not in seen:
                seen.add(("value", r["kind"], name, value))
                report.check(value in allowed, "a value is in the table", f"{scenario}, seq {r['seq']}: {r['kind']}.{name} {value}")
    return {s[:2] for s in seen if s[0] != "value"}


def check_words(table):
    """What the program does not say is not in the table: events, attributes and values are string constants."""
    source = ""
    for pattern in ("main.c", "sim/**/*.[ch]", "scenarios/load/*.[ch]", "protocols/dns/*.[ch]"):
        for path in sorted(glob.glob(pattern, recursive=True)):
            with open(path, encoding="utf-8") as f:
                source += f.read()
    known = set(re.findall(r'"([^"\n]*)"', source))
    for kind, events, attributes in table.rows:
        for word in {kind} | (events - {None}) | attributes:
            report.check(word in known, "a word of the table is a word of the program", f"{kind}: {word}")
    for name, values in table.values.items():
        for word in values:
            report.check(word in known, "a value of the table is a word of the program", f"{name}: {word}")


with open("docs/TRACE.md", encoding="utf-8") as f:
    doc = Table(f.read())
report.check(len(doc.rows) > 30 and len(doc.values) > 8, "the tables are there", f"{len(doc.rows)} and {len(doc.values)} rows")
kinds = set()
for name in sys.argv[1:] or trace.catalogue():
    kinds |= check_records(doc, name)
report.check(len(kinds) > 40 or len(sys.argv) > 1, "the lessons show most of the table", f"{len(kinds)} kinds and events")
check_words(doc)
report.end()
