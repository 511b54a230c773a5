#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual's lists - commands, options, keys of --sim, faults, exit status, keys of
profiles - are what the program itself says: this test compares them, and with --write puts
them in place (make manual).

usage: manual.py [--write]     TAP on standard output
"""
import os
import re
import subprocess
import sys
import textwrap

BUILD = os.environ.get("OTABENCH_BUILDDIR", ".")
DOCS = os.path.join(os.environ.get("OTABENCH_SRCDIR", "."), "docs")
RIGHT = 28  # the column of an entry's text (cli_print_entry())


def program_help(*arguments):
    command = [os.path.join(BUILD, "otabench"), *arguments, "--help"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def entries(lines):
    """Pairs of (left, text) of lines as cli_print_entry() writes them."""
    found = []
    for line in lines:
        if not line.startswith("  "):
            break
        left, right = line[:RIGHT].strip(), line[RIGHT:].strip()
        if line.startswith(" " * RIGHT):
            found[-1][1] = (found[-1][1] + " " + line.strip()).strip()
        elif len(line) > RIGHT and line[RIGHT - 1] != " ":
            found.append([line.strip(), ""])  # its text begins on the next line
        else:
            found.append([left, right])
    return found


def after(text, title):
    """The lines that follow a line which begins so."""
    lines = text.split("\n")
    at = next((i for i, line in enumerate(lines) if line.startswith(title)), None)
    return [] if at is None else lines[at + 1:]


def roff(text):
    """Lines of at most 80 bytes; a control character must not begin one."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    lines = textwrap.wrap(text, 79, break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in lines)


def one_line(text):
    return roff(text).replace("\n", " ")


def listed(pairs):
    return "".join(".TP\n.B %s\n%s\n" % (one_line(left), roff(text)) for left, text in pairs)


def commands():
    text = ""
    for name, _ in entries(after(program_help(), "Commands:")):
        page = program_help(name)
        head, *rest = page.split("\n\n")
        usage = " ".join(head.split()).split("[OPTIONS] ", 1)[1]
        body = []
        for block in rest:
            if block.startswith(("Options of", "'otabench --help'")):
                break
            body.append(block)
        summary, words = body[0].replace("\n", " ").strip(), body[1] if len(body) > 1 else ""
        text += ".TP\n.B %s\n%s\n" % (one_line(usage), roff(summary + "."))
        if words:
            text += "".join(".br\n%s\n" % roff(line) for line in sentences(words))
        options = entries(after(page, "Options of this command:"))
        if options:
            text += ".RS\n" + listed(options) + ".RE\n"
    return text


def sentences(words):
    """The paragraphs of a wrapped text: a line that ends before its neighbour's first word
    would have had to be wrapped ends a paragraph."""
    lines, out = words.split("\n"), [""]
    for i, line in enumerate(lines):
        out[-1] = (out[-1] + " " + line.strip()).strip()
        following = lines[i + 1].split(" ")[0] if i + 1 < len(lines) else None
        if following is not None and len(line) + 1 + len(following) <= 79:
            out.append("")
    return out


def checks():
    text = program_help()
    start = text.index("Checks, for --force: ")
    words = " ".join(text[start:].split("\n\n")[0].split())
    return roff(words[len("Checks, for --force: "):]) + "\n"


def statuses():
    pairs = [line.split(None, 1) for line in after(program_help(), "Exit status:") if line.strip()]
    return listed(pairs)


def profile_keys():
    """Keys with their comments, out of a profile that the program prints: a title is a comment
    that begins with dashes, and a block of comments belongs to the key behind it."""
    command = [os.path.join(BUILD, "otabench"), "profile", "show", "default"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True,
                           env={**os.environ, "XDG_CONFIG_HOME": os.devnull}).stdout
    text, words = "", []
    for line in shown.split("\n"):
        if line.startswith("# --- "):
            text += ".SS %s\n" % one_line(line[len("# --- "):])
        elif line.startswith("# "):
            words.append(line[2:])
        elif not line:
            words = []
        elif words:
            takes = next((i for i, one in enumerate(words) if one.startswith("Takes ")),
                         len(words))
            text += listed([(line.split(":")[0], " ".join(words[:takes]))])
            if words[takes:]:
                text += ".br\n%s\n" % roff(" ".join(words[takes:]))
            words = []
    return text


PAGES = {"otabench.1": {
    "commands": commands,
    "options": lambda: listed(entries(after(program_help(), "Options, before"))),
    "checks": checks,
    "sim": lambda: listed(entries(after(program_help(), "Keys of --sim"))),
    "faults": lambda: listed(entries(after(program_help(), "Faults, for"))),
    "exit status": statuses,
}, "otabench-profile.5": {"profile keys": profile_keys}}


def check_page(name, lists, first):
    path = os.path.join(DOCS, name)
    with open(path, encoding="utf-8") as page:
        text = page.read()
    for number, (title, make) in enumerate(lists.items(), first):
        begin, end = '.\\" list: %s\n' % title, '.\\" end of list\n'
        found = re.search(re.escape(begin) + "(.*?)" + re.escape(end), text, re.S)
        meant = make()
        good = found is not None and found.group(1) == meant and meant != ""
        if not good and found is not None and "--write" in sys.argv:
            text = text[:found.start(1)] + meant + text[found.end(1):]
            good = True
        if not good:
            print("# docs/%s: the list '%s' is not the program's; make manual" % (name, title))
        print("%sok %d - %s: %s are the program's" % ("" if good else "not ", number, name, title))
    if "--write" in sys.argv:
        with open(path, "w", encoding="utf-8") as page:
            page.write(text)


def check_widths(number):
    names = [name for name, _ in entries(after(program_help(), "Commands:"))]
    wide = [line for name in names for line in program_help(name).split("\n") if len(line) > 79]
    for line in wide:
        print("# wider than a terminal: %s" % line)
    good = names and not wide
    print("%sok %d - the help of %d commands fits a terminal" % ("" if good else "not ", number,
                                                                len(names)))


def main():
    print("1..%d" % (sum(len(lists) for lists in PAGES.values()) + 1))
    first = 1
    for name, lists in PAGES.items():
        check_page(name, lists, first)
        first += len(lists)
    check_widths(first)


main()
