#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every object that --json prints, over all commands, against docs/json.schema.json; and
docs/json.md and the manual's page of section 5, which are made from that schema.  TAP on
standard output.

usage: json_lines.py            the test
       json_lines.py --write    both pages from the schema
"""
import json
import os
import subprocess
import sys
import tempfile
import textwrap

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
SCHEMA = os.path.join(SOURCE, "docs", "json.schema.json")
PAGE = os.path.join(SOURCE, "docs", "json.md")
MANUAL = os.path.join(SOURCE, "docs", "otabench-json.5")

AIR = "--sim=devices=3,seed=3,state=air"
LOSING = "--sim=devices=1,seed=3,state=air,fault=disconnect@100000"
PIPE = "--sim=flash=ideal,speed=20,seed=3"
# Lines that a program writes to serve, with a defect or two.
CLIENT = """{"do":"connect","mtu":247}
{"do":"read","uuid":"%(info)s","id":1}
{"do":"write","uuid":"%(control)s","value":"05","id":2}
{"do":"subscribe","uuid":"%(control)s"}
{"do":"write","uuid":"%(control)s","value":"05","id":3}
{"do":"write","uuid":"%(data)s","value":"0000e9","response":false}
{"do":"write","uuid":"none","value":"05"}
{"do":"fly"}
nonsense
{"do":"write","uuid":"%(control)s","value":"77","id":4}
""" % {name: "fb1e400%d-54ae-4a28-9f74-dfccb248601d" % number
       for name, number in (("control", 2), ("data", 3), ("info", 4))}
# Each command, in this order in one folder; what it ends with is another test's matter.
COMMANDS = """
sample-image a.bin --size=300000
sample-image --like=a.bin b.bin
sample-image --kind=mcuboot m.bin --version-text=1.2.3+4
inspect m.bin
--sim scan
--sim=devices=2,dialect=basic scan
AIR info esp-sim-01
AIR status esp-sim-01
inspect a.bin
AIR inspect a.bin esp-sim-01
AIR -vv flash esp-sim-01 a.bin
AIR flash esp-sim-01 a.bin
LOSING flash esp-sim-01 b.bin --bundle=x.zip
LOSING -s retries=0 flash esp-sim-01 a.bin
AIR status esp-sim-01
AIR info esp-sim-01
AIR scan
AIR diagnose esp-sim-01
AIR resume esp-sim-01
AIR flash esp-sim-03 a.bin --no-confirm
AIR recover esp-sim-03 --yes
AIR rollback esp-sim-03
AIR confirm esp-sim-01
AIR cancel esp-sim-01
AIR reboot esp-sim-01
AIR prepare esp-sim-01
AIR bench esp-sim-01 --parts=link,flash,update --image=a.bin --runs=2 --warm-up=1 --yes --bytes=100000 --flash-bytes=65536
AIR sweep esp-sim-01 --runs=2
AIR sweep esp-sim-01
AIR disconnect esp-sim-01
AIR forget esp-sim-01
adapter power-cycle
doctor
--sim doctor
AIR doctor esp-sim-01
history
history show 1
history compare 1 2
history trend esp-sim-01
history export 1
history export 1 --output=h.ndjson --format=ndjson
history delete 1
AIR history rerun last
profile list
profile show
profile check default
profile diff default reliable
profile set default chunk=100
profile set default chunk=1
profile set default window=8192 --dry-run
key new k.pem --no-passphrase
key show k.pem
sign --key k.pem a.bin
verify --key k.pem a.bin
delta a.bin b.bin -o p.patch
inspect p.patch
images list
images prune
known list
known forget esp-sim-01
AIR --trace=t.trace flash esp-sim-01 b.bin --restart
replay t.trace
diagnose --trace=t.trace
AIR --btsnoop=t.snoop flash esp-sim-01 a.bin
diagnose --btsnoop=t.snoop
--sim=devices=1,public_key=k.pem flash esp-sim-01 a.bin
--sim=devices=1,public_key=k.pem flash esp-sim-01 b.bin
--sim=devices=1,fault=no-boot flash esp-sim-01 b.bin
--sim=devices=1,dialect=basic flash esp-sim-01 b.bin
--sim=devices=1,dialect=foreign flash esp-sim-01 b.bin
--sim=devices=1,loss=60 flash esp-sim-01 b.bin
--sim=devices=1,fault=drop-data%5 flash esp-sim-01 b.bin
--sim=devices=1,security=passkey,passkey=123456 --passkey=123456 flash esp-sim-01 b.bin
--sim=devices=1,interval=4000,supervision=420 -s retries=1 flash esp-sim-01 b.bin
--sim=devices=1 -s stream=deflate flash esp-sim-01 b.bin
--sim flash nobody a.bin
PIPE serve --pipe --grade
serve --pipe --data=nonsense
flash nobody no-file
flash
nonsense
--sim=nonsense=1 scan
--sim -s chunk=1 flash esp-sim-01 a.bin
"""

# The names of long work in its progress; it is told of by tenths, from the beginning.
WORK = {
    "--sim=devices=1 -s stream=deflate flash esp-sim-01 b.bin": "compressing",
    "delta a.bin b.bin -o p.patch": "comparing",
}


def lines_of(program, words, folder):
    env = {"PATH": os.environ["PATH"], "HOME": folder}
    for name in ("STATE", "CONFIG", "CACHE"):
        env[f"XDG_{name}_HOME"] = os.path.join(folder, name.lower())
    given = {"input": CLIENT} if "PIPE" in words else {"stdin": subprocess.DEVNULL}
    words = [{"AIR": AIR, "LOSING": LOSING, "PIPE": PIPE}.get(word, word) for word in words]
    return subprocess.run([program, "--json", *words], cwd=folder, env=env, text=True, **given, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout.splitlines()


class Tap:
    """Numbered results."""

    def __init__(self):
        self.count = 0

    def check(self, title, problems):
        self.count += 1
        for problem in problems[:8]:
            print("# " + problem[:300].replace("\n", " "))
        print(("not ok " if problems else "ok ") + f"{self.count} - {title}", flush=True)

    def skip(self, title, why):
        self.count += 1
        print(f"ok {self.count} - {title} # SKIP {why}")


def wrong_in(objects, validator):
    """Mistakes that a reader of one command's lines would stumble over."""
    found = [f"{o.get('event')}: {error.message}" for o in objects
             for error in validator.iter_errors(o)]
    if not objects:
        return ["no line"]
    if "schema" not in objects[0]:
        found.append("the first object has no schema")
    if [o["event"] for o in objects].count("result") != 1 or objects[-1]["event"] != "result":
        found.append("not one result at the end")
    return found


def work_in(objects, phase):
    """Mistakes in the progress of long work."""
    told = [o for o in objects if o["event"] == "progress" and o.get("phase") == phase]
    tenths = [o["phase_done"] * 10 // o["phase_total"] for o in told]
    if not told:
        return ["no progress of " + phase]
    if len(set(tenths)) < len(tenths) or tenths != sorted(tenths):
        return [f"{phase}: {tenths}"]
    ends = next(i for i, o in enumerate(objects) if o["event"] in ("ready", "result"))
    return [] if objects.index(told[-1]) < ends else [phase + " goes on behind its end"]


# --- docs/json.md

HEAD = """# JSON

With `--json` standard output is one object a line (NDJSON), the result last, and text goes to
standard error. [json.schema.json](json.schema.json) is the contract, and
`tests/unit/json_lines.py` holds every command to it; this page is made from it
(`make json-page`). The first object has `"schema": 1`. Events and keys may be added under that
number; what is here keeps its name, its type and its meaning.

Sizes are bytes, rates bytes per second, times seconds unless the name has a unit.
"""


def type_of(spec):
    if "$ref" in spec:
        return spec["$ref"].rsplit("/", 1)[-1]
    kind = spec.get("type")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return "array of " + type_of(spec["items"]) if "items" in spec else "array"
    if "anyOf" in spec:
        return " or ".join(type_of(one) for one in spec["anyOf"])
    return kind or "any"


def rows(part):
    text = "| key | type | meaning |\n|---|---|---|\n"
    for name, spec in part["properties"].items():
        text += f"| `{name}` | {type_of(spec)} | {spec.get('description', '')} |\n"
    return text


def page(schema):
    parts = schema["$defs"]
    events = {name[len("event-"):]: part for name, part in parts.items()
              if name.startswith("event-")}
    own = {"t", "event", "schema"}
    text = HEAD + "\n## Events\n\nEach has `t` and `event`.\n"
    for name, part in events.items():
        also = [one["$ref"].rsplit("/", 1)[-1] for one in part.get("allOf", [])]
        keys = {"properties": {key: spec for key, spec in part["properties"].items()
                               if key not in own}}
        text += f"\n### {name}\n\n{part['description']}"
        if also:
            text += " Keys of " + ", ".join(f"[{one}](#{one}-keys)" for one in also) + "."
        text += "\n"
        if keys["properties"]:
            text += "\n" + rows(keys)
    text += "\n## Keys that events share\n"
    for name, part in parts.items():
        if not name.startswith("event-"):
            text += f"\n### {name} keys\n\n{part['description']}\n\n" + rows(part)
    return text


# --- docs/otabench-json.5

MANUAL_HEAD = """.\\" SPDX-License-Identifier: Apache-2.0
.\\" Made from docs/json.schema.json: make json-page
.TH OTABENCH\\-JSON 5 2026-11-29 "otabench 0.1.0" "File Formats"
.SH NAME
otabench\\-json \\- what otabench \\-\\-json prints
.SH DESCRIPTION
With
.B \\-\\-json
every command of
.BR otabench (1)
prints one JSON object a line on standard output, the result last, and text on standard error.
The first object has
.B schema
1.
Events and keys may be added under that number; what is here keeps its name, its type and its
meaning.
A JSON Schema of all events is docs/json.schema.json of the source.
.PP
Sizes are bytes, rates bytes per second, times seconds unless the name has a unit.
"""

MANUAL_TAIL = """.SH EXAMPLES
The rate of an update, for a script that reads JSON with Python:
.PP
.EX
otabench sample\\-image new.bin
otabench \\-\\-sim \\-\\-json flash esp\\-sim\\-01 new.bin > run.ndjson
tail \\-n 1 run.ndjson | python3 \\-c 'import json; print(json.loads(input())["goodput"])'
.EE
.SH SEE ALSO
.BR otabench (1),
.BR otabench\\-trace (5)
"""


def roff(text):
    lines = textwrap.wrap(text.replace("\\", "\\e").replace("-", "\\-"), 79,
                          break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in lines) + "\n"


def manual_part(name, part):
    own = {"t", "event", "schema"}
    also = [one["$ref"].rsplit("/", 1)[-1] for one in part.get("allOf", [])]
    words = part["description"] + (" Keys of %s, too." % ", ".join(also) if also else "")
    text = ".SS %s\n%s" % (name, roff(words))
    for key, spec in part["properties"].items():
        if key not in own:
            text += ".TP\n.BR %s \" (%s)\"\n%s" % (key.replace("-", "\\-"), type_of(spec),
                                                roff(spec.get("description", "")) or "\\&\n")
    return text


def manual(schema):
    parts = schema["$defs"]
    text = MANUAL_HEAD + ".SH EVENTS\nEach has t and event.\n"
    text += "".join(manual_part(name[len("event-"):], part) for name, part in parts.items()
                    if name.startswith("event-"))
    text += ".SH KEYS THAT EVENTS SHARE\n"
    text += "".join(manual_part(name, part) for name, part in parts.items()
                    if not name.startswith("event-"))
    return text + MANUAL_TAIL


def main():
    with open(SCHEMA, encoding="ascii") as file:
        schema = json.load(file)
    if sys.argv[1:] == ["--write"]:
        for path, made in ((PAGE, page), (MANUAL, manual)):
            with open(path, "w", encoding="ascii") as file:
                file.write(made(schema))
        return 0
    tap = Tap()
    for path, made in ((PAGE, page), (MANUAL, manual)):
        with open(path, encoding="ascii") as file:
            tap.check("docs/%s is the schema's (make json-page)" % os.path.basename(path),
                      [] if file.read() == made(schema) else ["it is not"])
    try:
        import jsonschema
    except ImportError:
        tap.skip("every command", "python3-jsonschema is not installed")
        print(f"1..{tap.count}")
        return 0
    program = os.path.abspath(os.path.join(os.environ["OTABENCH_BUILDDIR"], "otabench"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS.strip().splitlines():
            objects = [json.loads(line) for line in
                       lines_of(program, command.split(), folder)]
            seen |= {o["event"] for o in objects}
            tap.check(command, wrong_in(objects, validator))
            if command in WORK:
                tap.check("... tells how far it is", work_in(objects, WORK[command]))
        with open(os.path.join(folder, "h.ndjson"), encoding="utf-8") as file:
            tap.check("an exported file", [error.message for line in file
                                           for error in validator.iter_errors(json.loads(line))])
    # Events that need a real adapter, or a fault of this machine.
    rare = {"fix"}
    tap.check("each event of the schema is seen",
              sorted(set(schema["properties"]["event"]["enum"]) - seen - rare))
    print(f"1..{tap.count}")
    return 0


sys.exit(main())
