#!/usr/bin/env python3
"""Trials per second of bindstorm beside hand-written peers, as ratios from one interleaved run.

README.md beside this file says what is compared and why it is equal work. Standard library only.
"""

import argparse
import ctypes
import fcntl
import json
import os
import random
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
BIN = os.path.join(PEERS, "bin")
TARGET_RATIO = 0.9
# A build without a linker's special cases is worth more than this row.
FRESH_TCP_TARGET_RATIO = 0.5
HELP_TARGET_MS = 30.0
WORKER_START_TARGET_MS = 6.0
WORKER_SIZE_TARGET_MIB = 12.0
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, CLONE_NEWUSER, PR_SET_PDEATHSIG = 0x40000000, 0x10000000, 1


def note(text):
    print(text, file=sys.stderr, flush=True)


# --- Contenders ------------------------------------------------------------------------------------------


def build_peers():
    """Compiles the C peers."""
    os.makedirs(BIN, exist_ok=True)
    for loop in ("fork", "pooled"):
        variants = (
            ("zmq", "zmq", ["-lzmq"]), ("tcp", "tcp", []),
            # Loaded though not called: what one program for both kinds of sockets pays.
            ("tcp", "tcp-libzmq", ["-Wl,--no-as-needed", "-lzmq"]))
        for sockets, suffix, libraries in variants:
            sources = [f"{loop}.c", "peer.c", f"sockets_{sockets}.c"]
            # Symbols bound at start: bound lazily, every forked process would look them up again.
            command = [os.environ.get("CC", "gcc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
            command += ["-Wl,-z,now", "-o", os.path.join(BIN, f"{loop}-{suffix}")]
            subprocess.run(command + sources + libraries, cwd=PEERS, check=True)


def find_python_with_pyzmq(path):
    """The interpreter that runs the Python peers, or the reason why there is none."""
    if not os.path.exists(path):
        return None, f"{path} does not exist (no Python venv, or no package registry)"
    probe = subprocess.run([path, "-c", "import zmq"], capture_output=True, text=True)
    if probe.returncode != 0:
        return None, (probe.stderr.strip().splitlines() or ["import zmq fails"])[-1]
    return path, None


def write_text(path, text):
    with open(path, "w") as file:
        file.write(text)


def enter_private_network():
    """In the child, before exec: a network namespace like that of bindstorm's run, with loopback up and no
    TIME_WAIT sockets, which would take ports out of the pool for a minute; and the peer dies with this
    script. Fails where no namespace is allowed, as bindstorm's own runs then do."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    user, group = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWNET) != 0:
        if LIBC.unshare(CLONE_NEWNET | CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        write_text("/proc/self/setgroups", "deny")
        write_text("/proc/self/uid_map", f"0 {user} 1")
        write_text("/proc/self/gid_map", f"0 {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        SIOCSIFFLAGS, IFF_UP = 0x8914, 1
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    write_text("/proc/sys/net/ipv4/tcp_max_tw_buckets", "0")


class Peer:
    """A program under Benchmarks/peers."""

    def __init__(self, name, command, check, first_trials):
        self.name, self.first_trials = name, first_trials
        self.command = command + ["--check", check]

    def run(self, trials):
        done = subprocess.run(
            self.command + ["--trials", str(trials)], capture_output=True, text=True, timeout=300,
            preexec_fn=enter_private_network,
            # libzmq's own symbols bound before the first fork, for the same reason as -z now.
            env={**os.environ, "LD_BIND_NOW": "1"})
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: exit {done.returncode}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        return result["trials"] / result["seconds"]


class Bindstorm:
    """One arm, through a generated plan, with everything that a run does: history, verdicts, files."""

    def __init__(self, executable, folder, name, first_trials, settings):
        self.executable, self.folder, self.name = executable, folder, name
        self.first_trials, self.settings = first_trials, settings
        self.history_bytes = None

    def plan(self, trials):
        path = os.path.join(self.folder, "plan.json")
        scenario = {"name": "bench", "trials": trials, "topology": {"api_servers": 16}, **self.settings}
        with open(path, "w") as file:
            json.dump(
                {"version": 1, "name": "bench", "strategies": ["probe-then-bind"], "scenarios": [scenario]},
                file)
        return path

    def command(self, trials):
        return [self.executable, "run", "--quiet", "--require-isolation", "--results", self.folder,
                self.plan(trials)]

    def run(self, trials):
        done = subprocess.run(self.command(trials), capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: exit {done.returncode}: {done.stderr.strip()}")
        latest = os.path.join(self.folder, "bench", "latest")
        with open(os.path.join(latest, "timing.json")) as file:
            timing = json.load(file)["arms"][0]
        if timing["trials"] != trials:
            raise RuntimeError(f"{self.name}: {timing['trials']} of {trials} trials")
        self.history_bytes = os.path.getsize(os.path.join(latest, "events.jsonl")) / trials
        return timing["trials_per_second"]


class Group:
    """One kind of trial, and everybody who runs it. Members run back to back, so that a ratio is taken
    between neighbours in time."""

    def __init__(self, workers, sockets, check):
        self.workers, self.sockets, self.check = workers, sockets, check
        self.bindstorm, self.target_peer, self.others = None, None, []

    @property
    def name(self):
        return f"{self.workers}, {self.sockets}, check {self.check}"

    def members(self):
        return [self.bindstorm, self.target_peer] + self.others


def make_groups(executable, folder, python):
    groups = []
    for workers, loop in (("fresh", "fork"), ("pooled", "pooled")):
        for sockets in ("zmq", "tcp"):
            for check in ("off", "on"):
                group = Group(workers, sockets, check)
                settings = {
                    "workers": workers, "sockets": sockets,
                    "ownership_check": "full" if check == "on" else "off",
                }
                group.bindstorm = Bindstorm(executable, folder, f"bindstorm {workers}", 30, settings)
                group.target_peer = Peer(f"C {loop}", [os.path.join(BIN, f"{loop}-{sockets}")], check, 30)
                if workers == "fresh" and sockets == "tcp":
                    command = [os.path.join(BIN, f"{loop}-tcp-libzmq")]
                    group.others.append(Peer(f"C {loop}, libzmq loaded", command, check, 30))
                if workers == "fresh" and sockets == "zmq":
                    command = [os.path.join(BIN, f"{loop}-zmq"), "--used-before", "on"]
                    group.others.append(Peer(f"C {loop}, libzmq used before", command, check, 30))
                if python and workers == "fresh" and sockets == "zmq":
                    script = os.path.join(PEERS, "python_peer.py")
                    for method, first in (("fork", 4), ("spawn", 1)):
                        command = [python, script, "--method", method]
                        group.others.append(Peer(f"Python {method}", command, check, first))
                groups.append(group)
    return groups


# --- Measuring -------------------------------------------------------------------------------------------


def measure(groups, rounds, seconds, generator):
    """Rates of every member by round. A first, uncounted run of each finds how many trials fill the time."""
    rates, trials = {}, {}
    for group in groups:
        for member in group.members():
            rate = member.run(member.first_trials)
            trials[member] = max(member.first_trials, round(rate * seconds))
            rates[member] = []
    for number in range(rounds):
        note(f"round {number + 1} of {rounds}")
        order = groups[:]
        generator.shuffle(order)
        for group in order:
            members = group.members()
            generator.shuffle(members)
            for member in members:
                rates[member].append(member.run(trials[member]))
    return rates


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def measure_help(executable, times=21):
    """Milliseconds of `bindstorm --help`, from start to end."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([executable, "--help"], stdout=subprocess.DEVNULL, check=True)
        spent.append((time.perf_counter() - started) * 1e3)
    return summary(spent)


def measure_worker_start(executable, namespace, times=15):
    """Milliseconds from the start of a worker executable to its first word on the control channel."""
    worker = os.path.join(os.path.dirname(os.path.abspath(executable)), "bindstorm-worker")
    spent = []
    for _ in range(times):
        region = os.memfd_create("bench-region")
        os.ftruncate(region, 64 << 20)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        actions = [
            (os.POSIX_SPAWN_DUP2, region, 100), (os.POSIX_SPAWN_DUP2, theirs.fileno(), 101),
            (os.POSIX_SPAWN_DUP2, 100, 3), (os.POSIX_SPAWN_DUP2, 101, 4),
        ]
        arguments = [worker, str(os.getpid()), "namespace" if namespace else "no-namespace"]
        started = time.perf_counter()
        pid = os.posix_spawn(worker, arguments, os.environ, file_actions=actions)
        theirs.close()
        ours.settimeout(5)
        hello = ours.recv(65536)
        spent.append((time.perf_counter() - started) * 1e3)
        if not hello:
            raise RuntimeError("the worker ended without a word")
        ours.close()  # it ends when its channel does
        os.close(region)
        os.waitpid(pid, 0)
    return summary(spent)


def resident_kib(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return lines["Name"].strip(), int(lines["PPid"]), int(lines["VmRSS"].split()[0])
    except (OSError, KeyError):
        return None


def measure_worker_size(bindstorm, trials):
    """Largest resident size in MiB of each kind of worker while a run is under way."""
    process = subprocess.Popen(
        bindstorm.command(trials), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sizes = {}
    while process.poll() is None:
        seen = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (found := resident_kib(entry)):
                seen[int(entry)] = found
        for pid, (name, _, size) in seen.items():
            if not name.startswith("bs-"):
                continue
            ancestor = pid
            while ancestor in seen and ancestor != process.pid:
                ancestor = seen[ancestor][1]
            if ancestor == process.pid:
                kind = "-".join(name.split("-")[:2])
                sizes[kind] = max(sizes.get(kind, 0), size / 1024)
        time.sleep(0.02)
    if process.returncode != 0 or not sizes:
        raise RuntimeError(f"no worker sizes (exit {process.returncode})")
    return sizes


# --- Reporting -------------------------------------------------------------------------------------------


def judge(is_met):
    return "met" if is_met else "NOT met"


def report_groups(groups, rates, results):
    print(f"{'trials/s, 16 API servers, depth bind':38}{'median':>8}   min..max            bindstorm / it")
    for group in groups:
        print(f"\n{group.name}")
        own = rates[group.bindstorm]
        for member in group.members():
            values = summary(rates[member])
            line = f"  {member.name:36}{values['median']:8.1f}   "
            line += f"{values['min']:.1f}..{values['max']:.1f}".ljust(20)
            entry = {"group": group.name, "contender": member.name, "trials_per_second": values}
            if member is not group.bindstorm:
                ratio = summary([mine / theirs for mine, theirs in zip(own, rates[member])])
                entry["ratio"] = ratio
                line += f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})"
            if member is group.target_peer:
                target = FRESH_TCP_TARGET_RATIO if group.name.startswith("fresh, tcp") else TARGET_RATIO
                entry["target"], entry["met"] = target, ratio["median"] >= target
                line += f"  target {target}: {judge(entry['met'])}"
            results["contenders"].append(entry)
            print(line)


def report_figure(results, name, value, unit, target=None, spread=""):
    entry = {"name": name, "value": value, "unit": unit}
    text = f"{name:52}{value:10.1f} {unit}{spread}"
    if target is not None:
        entry["target"], entry["met"] = target, value < target
        text += f"  target < {target:g}: {judge(entry['met'])}"
    results["figures"].append(entry)
    print(text)


def report_figures(bindstorm, folder, quick, results):
    def spread(values):
        return f" ({values['min']:.1f}..{values['max']:.1f})"

    executable = bindstorm
    print("\nother figures (median, or largest size seen)")
    values = measure_help(executable)
    report_figure(results, "bindstorm --help", values["median"], "ms", HELP_TARGET_MS, spread(values))
    for namespace in (False, True):
        values = measure_worker_start(executable, namespace)
        report_figure(
            results, "worker start" + (", with a network namespace" if namespace else ""),
            values["median"], "ms", None if namespace else WORKER_START_TARGET_MS, spread(values))
    sizes = {}
    for workers, trials in (("fresh", 60), ("pooled", 200)):
        arm = Bindstorm(executable, folder, workers, 1, {"workers": workers})
        for kind, size in measure_worker_size(arm, trials).items():
            sizes[kind] = max(sizes.get(kind, 0), size)
    for kind, size in sorted(sizes.items()):
        report_figure(results, f"resident size, {kind}", size, "MiB", WORKER_SIZE_TARGET_MIB)
    allocate = Bindstorm(executable, folder, "allocate", 1, {"depth": "allocate"})
    rates = [allocate.run(1_000 if quick else 10_000) for _ in range(3)]
    report_figure(results, "depth allocate", statistics.median(rates), "trials/s", None, spread(summary(rates)))
    # Everything the harness does for a trial, the launcher's 32 probes included, fits in this.
    report_figure(results, "depth allocate, whole trial", 1e6 / statistics.median(rates), "us")
    report_figure(results, "history, depth allocate", allocate.history_bytes, "bytes/trial")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bindstorm", required=True, help="the release executable")
    parser.add_argument("--python", default=".venv/bin/python", help="interpreter that has pyzmq")
    parser.add_argument("--rounds", type=int, help="default 7, with --quick 3")
    parser.add_argument("--seconds", type=float, help="of one run in a round; default 0.7, with --quick 0.2")
    parser.add_argument("--quick", action="store_true", help="a first look: fewer and shorter rounds")
    parser.add_argument("--only", default="", help="only groups whose name contains this")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 7)
    seconds = options.seconds or (0.2 if options.quick else 0.7)

    build_peers()
    python, reason = find_python_with_pyzmq(options.python)
    results = {"rounds": rounds, "seconds": seconds, "contenders": [], "figures": [], "skipped": []}
    with tempfile.TemporaryDirectory(prefix="bindstorm-bench-") as folder:
        groups = [
            group for group in make_groups(options.bindstorm, folder, python)
            if options.only in group.name
        ]
        rates = measure(groups, rounds, seconds, random.Random(options.seed))
        report_groups(groups, rates, results)
        if not python:
            print(f"\nPython peers skipped: {reason}")
            results["skipped"].append({"contender": "Python", "reason": reason})
        if not options.only:
            report_figures(options.bindstorm, folder, options.quick, results)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=2)
    missed = [e for e in results["contenders"] + results["figures"] if e.get("met") is False]
    print(f"\n{len(missed)} target(s) missed" if missed else "\nevery target is met")
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
