#!/usr/bin/env python3
"""Prints order.txt anew: the workers' functions that a fresh API server runs, in the order of their first use.

    python3 Linking/order.py .build/release/bindstorm > order.new && mv order.new Linking/order.txt
    rm .build/release/bindstorm-worker*; make build

Runs probe-then-bind with fresh workers, attaches to the launcher (ptrace(2)) and single-steps one API server of
each kind. Functions of the standard library's one large section come last: the first of them takes the whole section
along. Needs binutils, and the right to trace one's own processes. A name that the linker does not know is
passed over, so that a list of another compiler or of older sources only helps less.
"""

import bisect
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PEEKUSER, CONT, SINGLESTEP, SEIZE = 3, 7, 9, 0x4206
TRACE_FORK, RIP_OFFSET = 2, 16 * 8  # PTRACE_O_TRACEFORK; struct user_regs_struct of x86-64


def functions(worker):
    """Start, end and name of each function, by start."""
    listing = subprocess.run(["nm", "-S", "--defined-only", worker], capture_output=True, text=True, check=True)
    found = []
    for line in listing.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tTwW":
            start = int(words[0], 16)
            found.append((start, start + int(words[1], 16), words[3]))
    return sorted(found)


def undivided():
    """Names of the functions in the standard library's section that the linker cannot divide."""
    target = json.loads(subprocess.run(["swiftc", "-print-target-info"], capture_output=True, check=True).stdout)
    library = os.path.join(target["paths"]["runtimeResourcePath"] + "_static", "linux", "libswiftCore.a")
    with tempfile.TemporaryDirectory(prefix="bindstorm-order-") as folder:
        subprocess.run(["ar", "x", library, "Swift.o"], cwd=folder, check=True)
        table = subprocess.run(["objdump", "-t", "Swift.o"], cwd=folder, capture_output=True, text=True, check=True)
    # Names with two underscores are the compiler's, and each object has its own.
    names = {line.split()[-1] for line in table.stdout.splitlines() if " .text\t" in line}
    return {name for name in names if not name.startswith("__swift_")}


def child_named(parent, name):
    """Process id of a child; waits for it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            for pid in map(int, file.read().split()):
                with open(f"/proc/{pid}/comm") as comm:
                    if comm.read().startswith(name):
                        return pid
        time.sleep(0.01)
    raise RuntimeError(f"no {name} under process {parent}")


def step(pid, request, number=0):
    if LIBC.ptrace(request, pid, None, number) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def addresses(launcher):
    """The addresses at which the launcher's next API server executes, from its fork to its exit."""
    if LIBC.ptrace(SEIZE, launcher, None, TRACE_FORK) < 0:
        raise OSError(ctypes.get_errno(), "ptrace: may this user trace processes?")
    server = None
    while True:
        pid, status = os.waitpid(-1, 0x40000000)  # __WALL
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if pid == launcher:
                raise RuntimeError("the launcher ended")
            if pid == server:
                return
            continue
        # A trap is an event of ours; everything else is the process's own signal.
        own = os.WSTOPSIG(status)
        number = 0 if own == signal.SIGTRAP or status >> 16 else own
        if pid != launcher and server is None:
            server = pid
        if pid == server:
            yield LIBC.ptrace(PEEKUSER, pid, RIP_OFFSET, None)
            step(pid, SINGLESTEP, number)
        else:
            step(pid, CONT, number)


def names_used(bindstorm, sockets, check, known):
    """The functions of one kind of API server, in order of first use."""
    starts = [start for start, _, _ in known]
    names = {}
    with tempfile.TemporaryDirectory(prefix="bindstorm-order-") as folder:
        plan = os.path.join(folder, "plan.json")
        scenario = {
            "name": "order", "trials": 100_000, "topology": {"api_servers": 1}, "workers": "fresh",
            "sockets": sockets, "ownership_check": check, "timeout_ms": 60_000,
        }
        with open(plan, "w") as file:
            json.dump(
                {"version": 1, "name": "order", "strategies": ["probe-then-bind"], "scenarios": [scenario]},
                file)
        run = subprocess.Popen(
            [bindstorm, "run", "--quiet", "--results", folder, plan], stdout=subprocess.DEVNULL)
        try:
            launcher = child_named(child_named(run.pid, "bs-host"), "bs-launcher")
            for address in addresses(launcher):
                place = bisect.bisect_right(starts, address) - 1
                if place >= 0 and address < known[place][1]:
                    names[known[place][2]] = None
        finally:
            # Whoever is still traced is let go by the end of this process; the run takes its workers along.
            run.kill()
            run.wait()
    return names


def main():
    bindstorm = os.path.abspath(sys.argv[1])
    names = {}
    for sockets, worker in (("tcp", "bindstorm-worker-plain"), ("zmq", "bindstorm-worker")):
        known = functions(os.path.join(os.path.dirname(bindstorm), worker))
        for check in ("off", "full"):
            # In a process of its own, whose end lets go of the launcher.
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                used = names_used(bindstorm, sockets, check, known)
                os.write(writer, "\n".join(used).encode())
                os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as file:
                text = file.read()
            if os.waitpid(pid, 0)[1] != 0 or not text:
                sys.exit(f"{sockets}, check {check}: nothing traced")
            names.update(dict.fromkeys(text.split("\n")))
    whole = undivided()
    print("# Functions that a fresh API server runs: side by side they cost it few page faults. Made by order.py.")
    print("\n".join(sorted(names, key=lambda name: name in whole)))


if __name__ == "__main__":
    main()
