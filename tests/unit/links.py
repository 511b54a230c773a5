#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links within the documents lead somewhere: to a file of the tree, and to a heading of it
where they name one; and every document can be reached from README.md.  TAP on standard output."""
import os
import re
import subprocess
import sys

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return re.sub(r"^```.*?^```", "", file.read(), flags=re.M | re.S)


def anchors(path):
    """As forges make them: lower case, blanks to hyphens, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text_of(path), re.M)}


def documents():
    found = subprocess.run(["find", ".", "-name", "*.md", "-not", "-path", "*/build*"],
                           cwd=SOURCE, check=True, capture_output=True, text=True).stdout
    return sorted(os.path.normpath(line) for line in found.splitlines())


def targets(path):
    for link in LINK.findall(text_of(path)):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            yield link, os.path.normpath(os.path.join(os.path.dirname(path), file)) \
                if file else path, anchor


def main():
    pages = documents()
    reached, ahead = set(), ["README.md"]
    while ahead:
        page = ahead.pop()
        if page in pages and page not in reached:
            reached.add(page)
            ahead += [target for _, target, _ in targets(page)]
            ahead += [os.path.join(target, "README.md") for _, target, _ in targets(page)]
    for number, page in enumerate(pages, 1):
        wrong = [link for link, target, anchor in targets(page)
                 if not os.path.exists(os.path.join(SOURCE, target))
                 or anchor and target.endswith(".md") and anchor not in anchors(target)]
        if page not in reached and not page.startswith(("tests/", ".")):
            wrong.append("no way from README.md leads here")
        for link in wrong:
            print(f"# {page}: {link}")
        print(f"{'not ' if wrong else ''}ok {number} - links of {page}")
    print(f"1..{len(pages)}")


sys.exit(main())
