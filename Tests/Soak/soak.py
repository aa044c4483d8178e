#!/usr/bin/env python3
"""Runs many trials and watches what they cost: memory, descriptors and disk (`make soak`).

Every process of the run is sampled once a second. Memory and descriptors must be flat: the median of the last third of the
samples of each role may exceed that of the second third by 2 % and a little, for there is a sampling error. Then eight runs
at once must all end as one alone does, and a run whose binaries are replaced must go on.

Exit codes: 0 if all was as it must be, 1 if not, 2 if nothing can be said. Standard library only.
"""

import argparse
import collections
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# What a page or a descriptor more or less at the moment of a sample may make.
SLACK_KIB, SLACK_DESCRIPTORS = 256, 2
GROWTH = 1.02
EXECUTABLES = ("bindstorm", "bindstorm-worker")


def write_plan(folder, trials):
    path = os.path.join(folder, "plan.json")
    scenario = {
        "name": "soak", "trials": trials, "workers": "pooled", "sockets": "tcp", "topology": {"api_servers": 2},
        "ownership_check": "kernel", "timeout_ms": 60000,
        "expect": {"*": {"failure_rate_at_most": 0.5}}}
    with open(path, "w") as file:
        json.dump({"version": 1, "name": "soak", "strategies": ["wildcard-report-back"], "scenarios": [scenario]}, file)
    return path


def start(executable, folder, plan):
    return subprocess.Popen(
        [executable, "run", "--quiet", "--results", os.path.join(folder, "results"), plan],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def children():
    found = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    text = file.read()
            except OSError:
                continue
            found[int(text[text.rindex(")") + 2:].split()[1])].append(int(entry))
    return found


def sample(root):
    """KiB of resident memory and open descriptors, by role: the largest of each."""
    below, todo, result = children(), [root], {}
    while todo:
        pid = todo.pop()
        todo += below[pid]
        try:
            with open(f"/proc/{pid}/status") as file:
                fields = dict(line.split(":", 1) for line in file)
            size = int(fields["VmRSS"].split()[0])
            count = len(os.listdir(f"/proc/{pid}/fd"))
        except (OSError, KeyError):
            continue
        name = fields["Name"].strip()
        role = "-".join(name.split("-")[:2]) if name.startswith("bs-") else name
        known = result.get(role, (0, 0))
        result[role] = (max(known[0], size), max(known[1], count))
    return result


def thirds(values):
    third = max(1, len(values) // 3)
    return statistics.median(values[third:2 * third] or values), statistics.median(values[-third:])


def soak(options, folder):
    plan = write_plan(folder, options.trials)
    program, samples, began = start(options.bindstorm, folder, plan), [], time.monotonic()
    while program.poll() is None:
        samples.append(sample(program.pid))
        try:
            program.wait(1)
        except subprocess.TimeoutExpired:
            pass
    output, seconds = program.stdout.read(), time.monotonic() - began
    wrong = [] if program.returncode == 0 else [f"exit {program.returncode}: {output[-400:]}"]
    samples = [each for each in samples if "bs-launcher" in each]
    if len(samples) < 9:
        return ["too few samples: let it run longer (--trials)"], True
    print(f"{options.trials} trials in {seconds:.0f} s, {len(samples)} samples\n")
    print(f"{'role':16}{'KiB':>9}{'second third':>14}{'last third':>12}{'descriptors':>13}{'last third':>12}")
    for role in sorted(set().union(*samples)):
        sizes = [each[role][0] for each in samples if role in each]
        counts = [each[role][1] for each in samples if role in each]
        if len(sizes) < 9:
            continue
        (size, last_size), (count, last_count) = thirds(sizes), thirds(counts)
        print(f"{role:16}{sizes[0]:9}{size:14.0f}{last_size:12.0f}{count:13.0f}{last_count:12.0f}")
        if last_size > size * GROWTH + SLACK_KIB:
            wrong.append(f"{role} grows: {size:.0f} KiB, then {last_size:.0f}")
        if last_count > count * GROWTH + SLACK_DESCRIPTORS:
            wrong.append(f"{role} opens more and more: {count:.0f} descriptors, then {last_count:.0f}")
    history = os.path.join(folder, "results", "soak", "latest", "events.jsonl")
    print(f"\non disk: {os.path.getsize(history) / options.trials:.0f} bytes a trial")
    return wrong, False


def at_once(options, folder):
    """Several runs at once."""
    programs = []
    for number in range(options.instances):
        own = os.path.join(folder, f"instance-{number}")
        os.mkdir(own)
        programs.append(start(options.bindstorm, own, write_plan(own, max(100, options.trials // 1000))))
    wrong = []
    for number, program in enumerate(programs):
        output, _ = program.communicate()
        if program.returncode != 0:
            wrong.append(f"instance {number}: exit {program.returncode}: {output[-400:]}")
    print(f"{options.instances} runs at once: {options.instances - len(wrong)} as one alone")
    return wrong


def upgraded(options, folder):
    """A run whose executables are replaced, as a package manager does it, by ones that are no byte the same file."""
    own = os.path.join(folder, "upgrade")
    os.mkdir(own)
    for name in EXECUTABLES:
        shutil.copy2(os.path.join(os.path.dirname(options.bindstorm), name), own)
    program = start(os.path.join(own, "bindstorm"), own, write_plan(own, max(3000, options.trials // 100)))
    deadline = time.monotonic() + 30
    while "bs-launcher" not in sample(program.pid) and program.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    for name in EXECUTABLES:
        fresh = os.path.join(own, name + ".new")
        shutil.copy2(os.path.join(own, name), fresh)
        os.rename(fresh, os.path.join(own, name))
    if program.poll() is not None:
        return ["the run had ended before its binaries were replaced: let it run longer (--trials)"]
    output, _ = program.communicate()
    print(f"a run whose binaries were replaced: exit {program.returncode}")
    return [] if program.returncode == 0 else [f"upgrade: exit {program.returncode}: {output[-400:]}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bindstorm", default=os.path.join(ROOT, ".build/release/bindstorm"), help="the executable")
    parser.add_argument("--trials", type=int, default=1_000_000, help="of the long run; default 1,000,000")
    parser.add_argument("--instances", type=int, default=8, help="runs at once; default 8")
    options = parser.parse_args()
    options.bindstorm = os.path.abspath(options.bindstorm)
    if not os.path.exists(options.bindstorm):
        print(f"soak: {options.bindstorm} does not exist: build first (make build)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bindstorm-soak-") as folder:
        wrong, is_empty = soak(options, folder)
        if not is_empty:
            wrong += at_once(options, folder) + upgraded(options, folder)
    for line in wrong:
        print(f"soak: {line}", file=sys.stderr)
    return 2 if is_empty else 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
