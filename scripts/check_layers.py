#!/usr/bin/env python3
"""The include direction between the folders of src/: a folder includes only folders above it in
LAYERS, never a neighbour on the same line. Public headers include only each other, the standard
library and Asio. The list is explained in docs/architecture.md."""
import pathlib
import re
import sys

LAYERS = [
    {"error", "sizes"},
    {"redis"},
    {"keys"},
    {"content", "cache"},
    {"pressure", "census"},
    {"shed", "recovery", "discover", "plan"},
    {"drift"},
    {"guard"},
    {"doctor"},
    {"memory_manager.cpp"},
    {"app"},
]
RANK = {folder: rank for rank, folders in enumerate(LAYERS) for folder in folders}
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#include\s+[<"]([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1)


def check_source(path):
    own = path.relative_to(ROOT / "src").parts[0]
    if own not in RANK:
        yield f"{path.relative_to(ROOT)}: the folder {own} is not in LAYERS"
        return
    for number, target in includes(path):
        folder = target.split("/")[0]
        if folder in RANK and folder != own and RANK[folder] >= RANK[own]:
            yield f"{path.relative_to(ROOT)}:{number}: {own} must not include {target}"


def check_public_header(path):
    for number, target in includes(path):
        allowed = "/" not in target or target.startswith(("redkeep/", "boost/asio/"))
        if not allowed or target.endswith(".h") and not target.startswith("redkeep/"):
            yield f"{path.relative_to(ROOT)}:{number}: a public header must not include {target}"


def main():
    problems = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in (".h", ".cpp"):
            problems += check_source(path)
    for path in sorted((ROOT / "include").rglob("*.h")):
        problems += check_public_header(path)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
