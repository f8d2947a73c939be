"""A private redis-server, a small client for it, and timed programs: what the benchmarks share.

The server is a process of ours in a temporary directory, without persistence, on a Unix socket and on
a free port of the loopback interface. Only the standard library is used.
"""
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
BUILT_REDKEEP = PROJECT / "build" / "release" / "redkeep"
DATA = PROJECT.parent / "shared" / "data"


class Client:
    """RESP2 over a Unix socket; replies are bytes, int, None or lists."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.replies = self.socket.makefile("rb", buffering=1 << 20)

    def close(self):
        self.replies.close()
        self.socket.close()

    def call(self, *arguments):
        return self.call_all([arguments])[0]

    def call_all(self, commands):
        """One round trip; keep what is asked at once below some thousand commands."""
        self.socket.sendall(b"".join(wire_form(command) for command in commands))
        return [self._read() for _ in commands]

    def info(self, section):
        text = self.call("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def _read(self):
        line = self.replies.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.replies.read(size + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        raise RuntimeError(f"the server answered {line!r}")


def wire_form(arguments):
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        text = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PrivateRedis:
    """`with PrivateRedis() as server:` - an empty server, gone with its directory afterwards.

    `settings` are the server's own, by name: {"maxmemory": "200mb"}. `url` and `cli` (the begin of a
    redis-cli command) lead to it over `over`: "tcp", which redis-cli takes when told nothing, or "unix".
    """

    def __init__(self, settings=None, over="unix"):
        self.over = over
        self.settings = [word for name, value in (settings or {}).items()
                         for word in (f"--{name}", str(value))]

    def __enter__(self):
        if not shutil.which("redis-server"):
            sys.exit("redis-server is missing: install the package redis-server")
        self.directory = tempfile.TemporaryDirectory(prefix="redkeep-bench-")
        self.socket_path = pathlib.Path(self.directory.name) / "redis.sock"
        self.port = str(free_port())
        self.process = subprocess.Popen(
            ["redis-server", "--port", self.port, "--bind", "127.0.0.1",
             "--unixsocket", self.socket_path, "--save", "", "--appendonly", "no",
             "--dir", self.directory.name, "--enable-debug-command", "yes",
             *self.settings],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client = Client(self.socket_path)
                self.client.call("PING")
                return self
            except (OSError, RuntimeError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self._end()
                    sys.exit("the private redis-server did not start")
                time.sleep(0.01)

    def __exit__(self, *_):
        self.client.close()
        self._end()

    def _end(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}" if self.over == "tcp" else f"unix://{self.socket_path}"

    @property
    def cli(self):
        if self.over == "tcp":
            return ["redis-cli", "-p", self.port]
        return ["redis-cli", "-s", str(self.socket_path)]

    def write(self, commands):
        """Commands as tuples, through redis-cli, which writes faster than this process could."""
        with tempfile.TemporaryFile() as wire:
            wire.writelines(wire_form(command) for command in commands)
            wire.seek(0)
            subprocess.run([*self.cli, "--pipe"], stdin=wire, stdout=subprocess.DEVNULL, check=True)

    def cpu_seconds(self):
        cpu = self.client.info("cpu")
        return float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])

    def digest(self):
        """Redis's own digest of all keys, types, values and expiries: whatever their order and
        encoding, the same for the same contents."""
        return self.client.call("DEBUG", "DIGEST").decode()


def state_of(client, guard_keys=b"reed:guard:*"):
    """How many keys there are and Redis's digest of them, without what a guard writes about itself: that
    is removed first."""
    for key in client.call("KEYS", guard_keys):
        client.call("DEL", key)
    return client.call("DBSIZE"), client.call("DEBUG", "DIGEST").decode()


class TimedRun:
    """A program run to its end: `seconds`, `cpu_seconds`, `peak_rss_bytes`, `output`.

    The kernel counts the memory of the process that started it too, so measure before this process
    itself gathers much. An exit code that is not among `fine` ends the benchmark.
    """

    def __init__(self, command, stdin=subprocess.DEVNULL, fine=(0,)):
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            process = subprocess.Popen(command, stdin=stdin, stdout=output)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            self.peak_rss_bytes = usage.ru_maxrss * 1024
            output.seek(0)
            self.output = output.read()
        if process.returncode not in fine:
            sys.exit(f"{command[0]} ended with {process.returncode}: {self.output.decode()[-500:]}")


def walk(client, page_keys=1000):
    """(key, type, milliseconds to live, value) of every key, each once. Strings are bytes, hashes
    dicts, sets sets; types that the graph does not use have the value None."""
    seen = set()
    cursor = b"0"
    while True:
        cursor, keys = client.call("SCAN", cursor, "COUNT", page_keys)
        keys = [key for key in keys if key not in seen]
        seen.update(keys)
        asked = client.call_all([c for key in keys for c in (("TYPE", key), ("PTTL", key))])
        types = [kind.decode() for kind in asked[0::2]]
        read = {"string": "GET", "hash": "HGETALL", "set": "SMEMBERS"}
        values = client.call_all([(read.get(kind, "TYPE"), key) for kind, key in zip(types, keys)])
        for key, kind, ttl, value in zip(keys, types, asked[1::2], values):
            yield key, kind, ttl, as_value(kind, value)
        if cursor == b"0":
            return


def as_value(kind, reply):
    if kind == "hash":
        return dict(zip(reply[0::2], reply[1::2]))
    return {"string": reply, "set": set(reply)}.get(kind) if kind in ("string", "set") else None


def describe_machine():
    with open("/proc/cpuinfo") as cpus:
        models = [line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")]
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout
    load = os.getloadavg()[0]
    return (f"machine  {os.cpu_count()} cores, {models[0] if models else 'unknown CPU'}, load "
            f"{load:.1f}; Redis {version.split('v=')[-1].split()[0]}")


def median(numbers):
    return statistics.median(numbers)


def verdict(met):
    return "met" if met else "MISSED"


def add_shared_flags(parser):
    parser.add_argument("--rounds", type=int, default=5, help="rounds, alternating (default %(default)s)")
    parser.add_argument("--over", choices=("tcp", "unix"), default="tcp",
                        help="how both sides connect (default %(default)s, as redis-cli by itself)")
    parser.add_argument("--redkeep", default=BUILT_REDKEEP, type=pathlib.Path,
                        help="the program (default build/release/redkeep)")


def require_program(path):
    if not path.is_file():
        sys.exit(f"{path} is missing: build it first (cmake --build build/release)")
