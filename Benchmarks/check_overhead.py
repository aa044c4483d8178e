#!/usr/bin/env python3
"""What `bindstorm check` costs, as ratios: each workload plain, under an empty seccomp filter, and checked.

Rounds are interleaved, so that drift hits all alike; the ratio is that of the fastest runs. Ends with 1 when a
ratio is over its target. What is not installed is left out and named.
"""
import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time

SOCKETS = "import socket\nfor _ in range(20000): socket.socket().close()"
BINDS = ("import socket\nfor _ in range(5000):\n s = socket.socket()\n s.bind(('127.0.0.1', 0))\n s.close()")
SOURCE = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <math.h>\n" + "".join(
    f"double f{i}(double x) {{ for (int i = 0; i < 100; i++) x = sin(x) * {i}.5 + sqrt(x * x + i); return x; }}\n"
    for i in range(400))


def empty_filter():
    """In the child: a filter that allows everything, the floor that any filter costs."""

    class Instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]

    libc = ctypes.CDLL(None, use_errno=True)
    code = (Instruction * 1)(Instruction(0x06, 0, 0, 0x7FFF0000))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(Program(1, code)), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot install the empty filter")


def seconds(command, before=None):
    start = time.perf_counter()
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, preexec_fn=before)
    spent = time.perf_counter() - start
    if ended.returncode != 0:
        sys.exit(f"{command} ended with {ended.returncode}: {ended.stderr.decode()[-500:]}")
    return spent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bindstorm", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="bindstorm-bench-")
    try:
        source = os.path.join(folder, "work.c")
        with open(source, "w") as file:
            file.write(SOURCE)
        work = [
            ("find", 1.15, ["find", "/usr/lib", "/usr/share", "-type", "f"]),
            ("python socket+close x20000", 2.0, [sys.executable, "-S", "-c", SOCKETS]),
            ("python bind(0) x5000", 6.0, [sys.executable, "-S", "-c", BINDS]),
            ("gcc -c", 1.10, ["gcc", "-O2", "-c", "-o", os.path.join(folder, "work.o"), source]),
            ("python imports", 1.10, [sys.executable, "-c",
                                      "import asyncio, json, http.server, xml.dom.minidom, unittest, email.mime.text"]),
            ("node", 1.10, ["node", "-e", "let x = 0; for (let i = 0; i < 2e7; i++) x += i"]),
        ]
        over = []
        print("What `bindstorm check` costs: fastest of", options.rounds, "interleaved rounds")
        print(f"{'workload':30}{'plain ms':>10}{'filter':>9}{'check':>9}{'check/filter':>14}{'target':>9}")
        for name, target, command in work:
            if shutil.which(command[0]) is None:
                print(f"{name:30}  left out: {command[0]} is not installed")
                continue
            checked = [options.bindstorm, "check", "-q", "--stacks", "0", "--"] + command
            best = [float("inf")] * 3
            for _ in range(options.rounds):
                best[0] = min(best[0], seconds(command))
                best[1] = min(best[1], seconds(command, empty_filter))
                best[2] = min(best[2], seconds(checked))
            # The empty filter's cost is the kernel's; the target holds for what it adds, and for all of it.
            ratio = max(best[2] / best[0], best[2] / best[1])
            verdict = "ok" if ratio <= target else "OVER"
            print(f"{name:30}{best[0] * 1e3:10.1f}{best[1] / best[0]:9.2f}{best[2] / best[0]:9.2f}{best[2] / best[1]:14.2f}"
                  f"{target:9.2f}  {verdict}", flush=True)
            if ratio > target:
                over.append(name)
        if over:
            print("over the target: " + ", ".join(over))
        return 1 if over else 0
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
