"""Recorded requests of real sites, as lines `id size` that `flood_load --trace` reads."""
import lzma
import struct

import private_redis as bench

TRACES = bench.DATA / "traces"


def page_bytes(number):
    """The sizes of the flood's pages, for a trace that has none of its own."""
    return 500 + 7919 * number % 3500


def adapt_size(recorded):
    """Lines `sequence id size`."""
    for line in recorded.decode().splitlines():
        _, page, size = line.split()
        yield int(page), int(size)


def web07(recorded):
    """32-bit big-endian ids."""
    for (page,) in struct.iter_unpack(">I", recorded):
        yield page, page_bytes(page)


READERS = {
    "adapt_size": ("adapt_size_request.trace.xz", adapt_size),
    "web07": ("cache2k_web07.trace.xz", web07),
}


def write_lines(name, path):
    """Whether the trace is there, and so was written to `path`."""
    file_name, read = READERS[name]
    recorded = TRACES / file_name
    if not recorded.is_file():
        print(f"trace {name}: {recorded} is not there: skipped")
        return False
    with open(path, "w", encoding="ascii") as lines:
        for page, size in read(lzma.decompress(recorded.read_bytes())):
            lines.write(f"{page} {size}\n")
    return True
