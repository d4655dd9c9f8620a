"""Same program, scenario and seed: the same octets in every output, in any folder, zone and language, from any compiler.
Another seed is another run. Arguments: more programs that must say the same."""
import hashlib
import os
import shutil
import sys

import trace

report = trace.Report()
OTHERS = [os.path.abspath(p) for p in sys.argv[1:]]
ABROAD = {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "HOME": "/nowhere", "USER": "nobody", "HOSTNAME": "elsewhere",
          "TERM": "xterm", "COLUMNS": "40", "LINES": "7", "NO_COLOR": "1", "MALLOC_PERTURB_": "165", "TMPDIR": "/tmp", "SOURCE_DATE_EPOCH": "1"}


def outputs(program, scenario, folder, cwd, env, *more):
    """The octets of each output, by name."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    got = {}
    keep, trace.MAILWALK = trace.MAILWALK, program
    try:
        for name, args in (("text", ["--level", "line"]), ("packets", ["--level", "packet"]),
                           ("jsonl", ["--format", "jsonl", "--level", "packet", "--pcap", folder + "/x.pcap", "--pcapng", folder + "/x.pcapng",
                                      "--keylog", folder + "/x.keys", "--logs", folder + "/logs"])):
            p = trace.mailwalk("run", scenario, *args, *more, cwd=cwd, env={**os.environ, **env})
            got[name] = p.stdout
            got[name + " exit"] = p.returncode, p.stderr
    finally:
        trace.MAILWALK = keep
    for place, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(place, f)
            got[os.path.relpath(path, folder)] = open(path, "rb").read()
    return got


def differences(a, b):
    return sorted(set(a) ^ set(b)) + [k for k in a if k in b and a[k] != b[k]]


with trace.scratch() as place:
    os.makedirs(place + "/deep/down")
    for scenario in trace.catalogue():
        first = outputs(trace.MAILWALK, scenario, place + "/a", None, {})
        for name in ("text", "packets", "jsonl"):
            report.check(first[name + " exit"] == (0, b"") and len(first[name]) > 1000, "a lesson meets what it expects", f"{scenario} {first[name + ' exit']}")
        report.check({"x.pcap", "x.pcapng", "x.keys"} <= set(first) and any(k.startswith("logs/") for k in first), "all outputs are there", scenario)
        again = outputs(trace.MAILWALK, scenario, place + "/a-much-longer-name", place + "/deep/down", ABROAD)
        report.check(not differences(first, again), "two runs are one", f"{scenario} {differences(first, again)}")
        alone = trace.mailwalk("run", scenario, "--format", "jsonl", "--level", "packet").stdout
        report.check(alone == first["jsonl"], "what is recorded does not change the run", scenario)
        other = outputs(trace.MAILWALK, scenario, place + "/a", None, {}, "--seed", "4242")
        report.check(other["jsonl"].split(b"\n", 1)[1] != first["jsonl"].split(b"\n", 1)[1], "another seed is another run", scenario)
        report.check(other["x.pcap"] != first["x.pcap"], "with other octets on the wire", scenario)
        report.check(other["jsonl exit"][0] == 0, "and still a whole one", f"{scenario} {other['jsonl exit']}")
        for program in OTHERS:
            theirs = outputs(program, scenario, place + "/a", None, {})
            report.check(not differences(first, theirs), "two compilers make one run", f"{scenario} {program} {differences(first, theirs)}")
        print(scenario, hashlib.sha256(first["jsonl"]).hexdigest()[:16])
report.end()
