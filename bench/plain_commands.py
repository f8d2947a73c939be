#!/usr/bin/env python3
"""Writes a server's contents to the standard output as the best plain commands for the same state:
MSET of many strings, HSET with all fields, SADD of whole sets. For `redis-cli --pipe`.

A program of its own, so that the benchmark that starts it stays small (see TimedRun).
"""
import sys

import private_redis as bench

KEYS_PER_MSET = 256


def write_plain_commands(client, out):
    strings = []
    for key, kind, ttl, value in bench.walk(client):
        if ttl != -1:
            sys.exit(f"{key!r} has a TTL: a load must not write one")
        if kind == "string":
            strings += [key, value]
            if len(strings) == 2 * KEYS_PER_MSET:
                out.write(bench.wire_form([b"MSET", *strings]))
                strings = []
        elif kind == "hash":
            fields = [text for field in value.items() for text in field]
            out.write(bench.wire_form([b"HSET", key, *fields]))
        elif kind == "set":
            out.write(bench.wire_form([b"SADD", key, *value]))
        else:
            sys.exit(f"{key!r} is of the type {kind}")
    if strings:
        out.write(bench.wire_form([b"MSET", *strings]))


if __name__ == "__main__":
    write_plain_commands(bench.Client(sys.argv[1]), sys.stdout.buffer)
