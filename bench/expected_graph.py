#!/usr/bin/env python3
"""Compares a loaded server with what its content directory says, by the rules of docs/data-model.md
written down a second time, and names every difference.

Words are cut by PyICU (the package python3-icu) on each whole text at once; without it the words and
their number are not checked, which is said. The servers' other keys must be exactly those expected.
"""
import argparse
import csv
import json
import pathlib
import sys

import private_redis as bench

try:
    import icu
except ImportError:
    icu = None

SHORT_SCRIPTS = ("Hani", "Hira", "Kana", "Hang", "Thai", "Laoo", "Khmr", "Mymr")
ADDITIONAL_CUTS = "'\u2019._-"
MOST_SHOWN_BYTES = 200


class Words:
    """The words of a text: NFKC_Casefold, UAX #29, then the additional cuts."""

    def __init__(self):
        self.folding = icu.Normalizer2.getNFKCCasefoldInstance()
        self.breaks = icu.BreakIterator.createWordInstance(icu.Locale.getRoot())
        self.cuts = str.maketrans({cut: " " for cut in ADDITIONAL_CUTS})

    def of(self, text):
        folded = icu.UnicodeString(self.folding.normalize(text))
        self.breaks.setText(folded)
        start = 0
        found = set()
        for end in self.breaks:
            piece = str(folded[start:end])
            start = end
            found.update(word for word in piece.translate(self.cuts).split(" ")
                         if self.is_word(word))
        return found

    @staticmethod
    def is_word(piece):
        if not any(icu.Char.isalnum(c) for c in piece) or len(piece.encode()) > 64:
            return False
        return len(piece) >= 3 or any(
            icu.Script.getScript(c).getShortName() in SHORT_SCRIPTS for c in piece)


def encoded(component):
    return "".join(f"%{ord(c):02X}" if c in ":%{}" or ord(c) < 0x20 or ord(c) == 0x7F else c
                   for c in component)


def searched_text(entity):
    members = json.loads(entity["data"], object_pairs_hook=list)
    texts = [value for name, value in members
             if name in ("title", "description", "content") and isinstance(value, str)]
    return "\n".join([*texts, entity["semantic_name"]])


def rows_of(directory, name):
    csv.field_size_limit(1 << 27)
    with open(directory / name, newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file, strict=True)


class ExpectedGraph:
    """Every key that a load must write, with its value, as walk() gives them."""

    def __init__(self, directory, prefix):
        self.prefix = prefix
        self.keys = {}
        words = Words() if icu else None
        associations = list(rows_of(directory, "associations.csv"))
        paths = {row["child_id"]: row["path"] for row in associations if row["type"] == "contains"}
        for row in rows_of(directory, "entities.csv"):
            self.add_entity({"semantic_name": "", **row}, paths.get(row["id"], ""), words)
        for row in associations:
            self.add_association(row)

    def key(self, *parts):
        return (self.prefix + ":".join(parts)).encode()

    def put(self, key, value):
        if key in self.keys:
            sys.exit(f"{key.decode()} is written twice: the content has a row that a load refuses")
        self.keys[key] = value

    def add_to(self, key, member):
        self.keys.setdefault(key, set()).add(member.encode())

    def add_entity(self, row, path, words):
        own, kind, name = row["id"], row["type"], row["semantic_name"]
        columns = ("semantic_name", "created_by", "created_at", "updated_at")
        optional = {column: row.get(column, "") for column in columns} | {"path": path}
        fields = {"type": kind, "data": row["data"]} | {k: v for k, v in optional.items() if v}
        self.put(self.key("entity", kind, own),
                 {k.encode(): v.encode() for k, v in fields.items()})
        self.put(self.key("type_of", own), kind.encode())
        if name:
            self.put(self.key("semantic", kind, name), own.encode())
        self.add_to(self.key("type_index", kind), own)
        for word in words.of(searched_text(row)) if words else ():
            self.add_to(self.key("word", encoded(word)), own)

    def add_association(self, row):
        fields = ("parent_id", "child_id", "type", "weight")
        self.put(self.key("assoc", encoded(row["path"])),
                 {field.encode(): row[field].encode() for field in fields})
        if row["type"] == "contains":
            self.add_to(self.key("children", row["parent_id"]), row["child_id"])
            self.put(self.key("parent", row["child_id"]), row["parent_id"].encode())
        else:
            for end in ("parent_id", "child_id"):
                self.add_to(self.key("links", row[end]), row["path"])


def shown(value):
    text = repr(value)
    return text if len(text) <= MOST_SHOWN_BYTES else text[:MOST_SHOWN_BYTES] + "..."


def difference(there, expected):
    """What is wrong with a value, in words; empty if nothing is."""
    if there == expected:
        return ""
    if isinstance(there, set) and isinstance(expected, set):
        return f"lacks {shown(expected - there)}, has {shown(there - expected)} besides"
    return f"is {shown(there)} instead of {shown(expected)}"


def compare(graph, client):
    """A sentence for each difference."""
    words_start = graph.key("word", "")
    for key, _, ttl, value in bench.walk(client):
        if icu is None and key.startswith(words_start):
            continue
        name = key.decode(errors="backslashreplace")
        if ttl != -1:
            yield f"{name} has a TTL of {ttl} ms"
        if key not in graph.keys:
            yield f"{name} must not be there: {shown(value)}"
        elif wrong := difference(value, graph.keys.pop(key)):
            yield f"{name} {wrong}"
    for key, value in graph.keys.items():
        yield f"{key.decode()} is missing: {shown(value)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=pathlib.Path, help="the content directory")
    parser.add_argument("socket", type=pathlib.Path,
                        help="Unix socket of a server that holds this content and nothing else")
    parser.add_argument("--prefix", default="reed:", help="prefix of the keys (default reed:)")
    options = parser.parse_args()
    graph = ExpectedGraph(options.content, options.prefix)
    expected_keys = len(graph.keys)
    differences = 0
    for sentence in compare(graph, bench.Client(options.socket)):
        differences += 1
        print(sentence)
    how = f"words by ICU {icu.ICU_VERSION}" if icu else \
        "words NOT checked: PyICU is missing (package python3-icu)"
    print(f"graph    {expected_keys:,} keys expected from the CSV, {differences:,} differences; {how}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
