"""One run of the flood: a private server under one of the modes, with or without a guard beside it."""
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import private_redis as bench

# Frequency is kept only under an LFU policy, and with the least factor it tells pages apart soonest;
# lazyfree-lazy-expire is what the guard turns on where it may.
GUARDED_SERVER = {"maxmemory-policy": "volatile-lfu", "lfu-log-factor": 0,
                  "lazyfree-lazy-expire": "yes"}
HIGH_MARKS = {"stop_shedding": "93%", "start_shedding": "95%", "leave_emergency": "96%",
              "emergency": "98%"}


@dataclasses.dataclass(frozen=True)
class Mode:
    name: str
    policy: str = ""       # Of a server without a guard.
    guarded: bool = False
    high_marks: bool = False
    stopped: bool = False  # The guard is stopped for the middle third of the run.
    no_ttl_pct: float = 0  # So many fills forget their TTL.

    @property
    def only_floods(self):
        """Whether it has no meaning for a recorded trace."""
        return self.stopped or self.no_ttl_pct > 0


PLAIN_POLICIES = ("noeviction", "allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu",
                  "volatile-ttl")
MODES = (
    *(Mode(policy, policy=policy) for policy in PLAIN_POLICIES),
    Mode("guard-high", guarded=True, high_marks=True),
    Mode("guard-default", guarded=True),
    Mode("guard-stopped", guarded=True, high_marks=True, stopped=True),
    Mode("no-ttl-volatile-lru", policy="volatile-lru", no_ttl_pct=5),
    Mode("no-ttl-volatile-ttl", policy="volatile-ttl", no_ttl_pct=5),
    Mode("no-ttl-guard-high", guarded=True, high_marks=True, no_ttl_pct=5),
)


class Guard:
    """`redkeep guard` on a server, as a process of ours; its log is in the server's directory."""

    def __init__(self, redkeep, server, high_marks, log_path):
        config = pathlib.Path(server.directory.name) / "redkeep.toml"
        marks = HIGH_MARKS if high_marks else {}
        config.write_text("[pressure]\n" + "".join(f'{k} = "{v}"\n' for k, v in marks.items()))
        self.log_path = log_path or pathlib.Path(server.directory.name) / "guard.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [redkeep, "guard", "--url", server.url, "--http", "off", "--config", config],
                stdout=log, stderr=log)
        self._wait_until_connected(server)

    def _wait_until_connected(self, server):
        deadline = time.monotonic() + 10
        while int(server.client.info("clients")["connected_clients"]) < 2:
            self.check_alive()
            if time.monotonic() > deadline:
                self.end()
                sys.exit("the guard did not connect within ten seconds")
            time.sleep(0.01)

    def check_alive(self):
        if self.process.poll() is not None:
            sys.exit(f"the guard ended with {self.process.returncode}: "
                     f"{self.log_path.read_text()[-1000:]}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_rss_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def server_settings(mode, limit_bytes, overridden):
    settings = {"maxmemory": limit_bytes}
    if mode.guarded:
        return settings | GUARDED_SERVER | overridden
    return settings | {"maxmemory-policy": mode.policy}


def run_once(options, mode, load, limit_bytes, log_path=None):
    """What `flood_load` told, with the costs of the server and the guard. `load` are flags for it."""
    with bench.PrivateRedis(server_settings(mode, limit_bytes, options.set)) as server:
        guard = Guard(options.redkeep, server, mode.high_marks, log_path) if mode.guarded else None
        try:
            command = [options.flood_load, "--socket", server.socket_path, *map(str, load)]
            if mode.no_ttl_pct:
                command += ["--no-ttl-pct", str(mode.no_ttl_pct)]
            if mode.stopped:
                command += ["--pause-pid", str(guard.process.pid)]
            server_cpu = server.cpu_seconds()
            guard_cpu = guard.cpu_seconds() if guard else 0
            told = json.loads(bench.TimedRun(command).output)
            told["server_cpu"] = server.cpu_seconds() - server_cpu
            told["evicted_keys"] = int(server.client.info("stats")["evicted_keys"])
            memory = server.client.info("memory")
            told["peak_pct"] = 100 * int(memory["used_memory_peak"]) / max(limit_bytes, 1)
            if guard:
                guard.check_alive()
                told["guard_cpu"] = guard.cpu_seconds() - guard_cpu
                told["guard_rss_mib"] = guard.peak_rss_mib()
            return told
        finally:
            if guard:
                guard.end()
