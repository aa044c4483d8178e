#!/usr/bin/env python3
"""Gives damaged input to bindstorm: plans, stored runs, adapters' answers, options of `check` (`make fuzz`).

A signal, an exit code that is not documented, a refusal without its place, too much time, memory or error output is a
finding. Its input is made as small as possible and kept in a folder, with the command that repeats it. Equal seeds give
equal inputs, as far as they are made of the shipped plans; a stored run is recorded anew each time.

Exit codes: 0 if nothing was found, 1 if something was, 2 if nothing can be said.
"""

import argparse
import collections
import os
import pathlib
import random
import resource
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import damage
import targets

MOST_ERROR_OUTPUT = 256 * 1024
# Beyond what any command may take, so that a finding does not take the machine with it.
ADDRESS_SPACE = 8 << 30
FILE_SIZE = 256 << 20


class Ending:
    """How a command ended."""

    def __init__(self, status, seconds, memory, errors, is_late):
        self.status, self.seconds, self.memory, self.errors, self.is_late = status, seconds, memory, errors, is_late


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(words, seconds, folder):
    """Runs a command in a process group of its own, which is ended when its time is over. What it writes by a relative
    path lands in the folder."""
    with open(folder / "stdout", "wb") as output, open(folder / "stderr", "w+b") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=folder, preexec_fn=limit,
            start_new_session=True)
        descriptor = os.pidfd_open(process.pid)
        is_late = not select.select([descriptor], [], [], seconds)[0]
        os.close(descriptor)
        if is_late:
            os.killpg(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.monotonic() - began
        errors.seek(0)
        return Ending(process.returncode, taken, usage.ru_maxrss / 1024, errors.read(MOST_ERROR_OUTPUT + 1), is_late)


class Fuzzer:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.folder = work / "input"
        self.folder.mkdir()
        self.targets = [target(options.binary, work) for target in targets.ALL if target.name in options.targets]
        self.counts = collections.defaultdict(collections.Counter)
        self.slowest = collections.defaultdict(float)
        self.largest = collections.defaultdict(float)
        self.findings = {}

    def problem(self, target, command):
        """What is wrong with how a command ends; None if nothing is."""
        seconds = command.seconds or self.options.limit_seconds
        ending = run(command.words, seconds, self.folder)
        if not command.may_be_long:
            self.slowest[target.name] = max(self.slowest[target.name], ending.seconds)
        self.largest[target.name] = max(self.largest[target.name], ending.memory)
        self.counts[target.name]["late" if ending.is_late else f"exit {ending.status}"] += 1
        if ending.is_late:
            return None if command.may_be_long else f"more than {seconds} s"
        if ending.status < 0:
            return f"signal {-ending.status}"
        if ending.status not in command.codes:
            return f"exit code {ending.status}"
        if ending.memory > self.options.limit_memory:
            return f"more than {self.options.limit_memory} MiB"
        if len(ending.errors) > MOST_ERROR_OUTPUT:
            return f"more than {MOST_ERROR_OUTPUT} bytes of error output"
        if ending.status == 64 and not ending.errors.strip():
            return "refused without a word"
        return None

    def first_problem(self, target, data):
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        for command in target.commands(data, self.folder):
            problem = self.problem(target, command)
            if problem:
                return problem, command
        return None, None

    def shrunk(self, target, data, problem):
        """The smallest input found that has the same problem, within a time."""
        limit = time.monotonic() + self.options.shrink_seconds
        is_smaller = True
        while is_smaller:
            is_smaller = False
            for candidate in damage.smaller(data):
                if time.monotonic() > limit:
                    return data
                if len(candidate) < len(data) and self.first_problem(target, candidate)[0] == problem:
                    data, is_smaller = candidate, True
                    break
        return data

    def keep(self, target, data, problem, command):
        """Shrinks and stores a finding, and says how to repeat it; one of each kind."""
        kind = (target.name, command.words[1], problem)
        if kind in self.findings:
            self.findings[kind] += 1
            return
        self.findings[kind] = 1
        print(f"fuzz: {target.name}: {problem} of `{command.words[1]}`; shrinking {len(data)} bytes", flush=True)
        data = self.shrunk(target, data, problem)
        _, command = self.first_problem(target, data)
        place = self.options.findings / f"{target.name}-{len(self.findings)}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place, ignore=shutil.ignore_patterns("stdout", "stderr"))
        words = [word.replace(str(self.folder), str(place)) for word in (command.words if command else [])]
        line = f"{shlex.join(words)}\n"
        (place / "command").write_text(f"# {problem}\n{line}")
        print(f"fuzz: {len(data)} bytes are left: {line}", end="", flush=True)

    def fuzz(self):
        end = time.monotonic() + self.options.seconds
        weights = [target.weight for target in self.targets]
        number = 0
        while time.monotonic() < end:
            generator = random.Random(f"{self.options.seed}/{number}")
            target = generator.choices(self.targets, weights)[0]
            data = target.make(generator)
            problem, command = self.first_problem(target, data)
            self.counts[target.name]["inputs"] += 1
            if problem:
                self.keep(target, data, problem, command)
            number += 1

    def report(self):
        for name, counts in sorted(self.counts.items()):
            endings = ", ".join(f"{ending}: {count}" for ending, count in sorted(counts.items()) if ending != "inputs")
            print(f"{name}: {counts['inputs']} inputs; {endings}; slowest {self.slowest[name]:.1f} s, "
                  f"largest {self.largest[name]:.0f} MiB")
        for (name, command, problem), count in self.findings.items():
            print(f"FOUND {name}, `{command}`: {problem}, {count} times")
        print(f"{len(self.findings)} findings, seed {self.options.seed}")


def main():
    names = [target.name for target in targets.ALL]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=targets.ROOT / ".build/release/bindstorm")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", nargs="+", choices=names, default=names)
    parser.add_argument("--findings", type=pathlib.Path, default=targets.ROOT / ".build/fuzz")
    parser.add_argument("--limit-seconds", type=float, default=10, help="most time of a command that only reads")
    parser.add_argument("--limit-memory", type=float, default=400, help="most memory of a command, in MiB")
    parser.add_argument("--shrink-seconds", type=float, default=30, help="most time for making one finding smaller")
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    if not options.binary.exists():
        print(f"fuzz: there is no {options.binary}; `make build-command` makes it", file=sys.stderr)
        return 2
    options.findings = options.findings.resolve()
    options.findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bindstorm-fuzz-") as work:
        fuzzer = Fuzzer(options, pathlib.Path(work))
        fuzzer.fuzz()
        fuzzer.report()
    return 1 if fuzzer.findings else 0


if __name__ == "__main__":
    sys.exit(main())
