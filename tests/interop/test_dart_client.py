# SPDX-License-Identifier: Apache-2.0
"""clients/dart is Dart by the grammar of tree-sitter-dart, and its UUIDs and opcodes are the
protocol's.  What is not tested is that it compiles or runs: there is no Dart SDK among the
packages that these tests may install; clients/dart/test is for who has one.  TAP on standard
output."""
import glob
import os
import re

import tree_sitter
import tree_sitter_dart

SOURCE = os.environ["OTABENCH_SRCDIR"]
CLIENT = os.path.join(SOURCE, "clients", "dart")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_dart.language()))
count = 0


def tell(good, title, said=()):
    global count
    count += 1
    if not good:
        print("".join("# %s\n" % line for line in said), end="")
    print(("ok" if good else "not ok"), count, "-", title, flush=True)


def read(*path):
    with open(os.path.join(SOURCE, *path), "rb") as file:
        return file.read()


def mistakes(text):
    """The lines that the grammar has no place for."""
    found, nodes = [], [PARSER.parse(text).root_node]
    while nodes:
        node = nodes.pop()
        if node.type == "ERROR" or node.is_missing:
            found.append("line %d: %s" % (node.start_point[0] + 1, node.text[:60]))
        nodes += node.children
    return found


def constants(text):
    """Each `NAME = LITERAL` of a constant."""
    return dict(re.findall(r"(\w+) = ('[^']*'|0x[0-9a-f]+|\d+)[,;]", text))


def main():
    files = sorted(glob.glob(CLIENT + "/**/*.dart", recursive=True))
    tell(len(files) >= 3, "there are files", files)
    for path in files:
        text = read(path)
        tell(mistakes(text) == [], "%s is Dart" % os.path.relpath(path, CLIENT), mistakes(text))
        brace = text.rindex(b"{")
        tell(mistakes(text[:brace] + text[brace + 1:]) != [], "and without a brace it is not")
    client = constants(read("clients", "dart", "lib", "otabench_client.dart").decode())
    header = read("firmware", "components", "ota_core", "include", "ota", "proto.h").decode()
    opcodes = re.findall(r"OTA_(CMD|EVT)_(\w+) = (0x[0-9a-f]+)", header)
    for group, names in (("CMD", ("start", "end", "confirm", "resync")),
                         ("EVT", ("ready", "error", "done", "result", "ack", "gap"))):
        wanted = {name.lower(): value for kind, name, value in opcodes if kind == group}
        tell(all(client.get(name) == wanted[name] for name in names),
             "its opcodes are the protocol's: %s" % ", ".join(names), [client, wanted])
    protocol = read("docs", "protocol.md").decode()
    for name in ("otaService", "otaControl", "otaData", "otaInfo"):
        uuid = client.get(name, "").strip("'")
        row = re.search(r"%s\b.*%s|%s.*\b%s\b" % (name[3:], uuid, uuid, name[3:]), protocol, re.I)
        tell(len(uuid) == 36 and row is not None, "its %s is the protocol's" % name, [uuid])
    print("1..%d" % count)


main()
