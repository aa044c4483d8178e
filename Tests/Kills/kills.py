#!/usr/bin/env python3
"""Kills and stops bindstorm's own processes at each boundary of a run, and takes an inventory (`make kills`).

A debug build stops itself at a named boundary (`BINDSTORM_FAIL`, see failing_calls.h). While it stands there, one process
of the chosen role is sent SIGKILL or SIGSTOP, and bindstorm is continued. Afterwards nothing may be left: no process, network
namespace, mount, cgroup, host socket or file. No sound strategy may have failed by it, and what was measured must be
readable.

Exit codes: 0 if every case was as it must be, 1 if not, 2 if nothing can be said. Standard library only.
"""

import argparse
import collections
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
MARK = "BINDSTORM_KILLS"
# All rows must survive: whatever we kill is no failure of theirs. `blamed` looks closer than this demand can.
SOUND = '"expect": { "*": { "failure_rate_at_most": 0.9 } }'
COMMON = '"topology": { "api_servers": 3 }, "pool": { "range": [42000, 43999] }, "trials": 12, "timeout_ms": 6000'
THIEVES = '"thieves": [{ "kind": "bind-hold", "options": { "ports": 20 } }], "window": { "foreign_draws": 20 }'
PLANS = {
    "fresh": f'"strategies": ["inherited-listener"], "scenarios": [{{ "name": "s", "sockets": "zmq", {THIEVES}, {SOUND} }}]',
    "pooled": f'"strategies": ["wildcard-report-back"], "scenarios": [{{ "name": "s", "sockets": "tcp", '
              f'"workers": "pooled", {THIEVES}, {SOUND} }}]',
    "startup": f'"strategies": ["wildcard-report-back"], "scenarios": [{{ "name": "s", "depth": "startup", {SOUND}, '
               '"startup": { "engines": 2, "nodes": 2, "load_ms": 1, "import_ms": 1 } }]',
    "program": f'"strategies": [{{ "name": "exec", "label": "program", "command": ["python3", "{ROOT}/Adapters/socket_adapter.py", "wildcard"], "options": {{ "hello_timeout_ms": 3000, "allocate_timeout_ms": 2000, "bind_timeout_ms": 2000, "report_timeout_ms": 2000, "stop_timeout_ms": 1000 }} }}], '
               f'"scenarios": [{{ "name": "s", "sockets": "tcp", {SOUND} }}]',
}
# Binds to port 0, says nothing and ends: without a window, so ready.
PLANS["checked"] = (
    '"strategies": [{ "name": "check", "label": "checked", "command": ["python3", "-c", '
    '"import socket; s = socket.socket(); s.bind((\\"127.0.0.1\\", 0)); s.listen()"], "options": { "run_timeout_ms": 4000 } }], '
    f'"scenarios": [{{ "name": "s", "depth": "bind", {SOUND} }}]')
# Not a plan: the command of a `bindstorm check`. It serves on a number that the kernel chose, so there is nothing to find.
CHECKED_COMMAND = (
    "import socket\n"
    "for _ in range(3):\n"
    "    server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()\n"
    "    socket.create_connection(server.getsockname()).close(); server.close()\n")
# Boundaries of each plan, with the prefixes of the names of the processes that can be there.
PHASES = ["phase-prepare", "phase-bind", "phase-check", "phase-close", "host-set-pool", "host-start", "host-stop"]
BOUNDARIES = {
    "checked": [name for name in PHASES if name != "phase-check"] + ["host-try-adapter"],
    "fresh": PHASES + ["phase-draw", "phase-window", "host-count"],
    "pooled": PHASES + ["phase-draw", "phase-window", "host-count"],
    "startup": [name for name in PHASES if name != "phase-check"] + ["host-clean-up"],
    "program": PHASES + ["host-try-adapter"],
    "command": ["check-call", "check-end"],
}
ROLES = {
    "checked": ["bindstorm", "bs-host", "bs-launcher", "bs-keeper", "python3"],
    "fresh": ["bindstorm", "bs-host", "bs-launcher", "bs-auditor", "bs-thief", "bs-api"],
    "pooled": ["bindstorm", "bs-host", "bs-launcher", "bs-auditor", "bs-thief", "bs-api"],
    "startup": ["bindstorm", "bs-host", "bs-launcher", "bs-headless", "bs-engine", "bs-coordinator", "bs-api"],
    "program": ["bindstorm", "bs-host", "bs-launcher", "bs-auditor", "bs-keeper", "python3"],
    "command": ["bindstorm", "bindstorm-guard", "python3"],
}
SECONDS_TO_END = 40
SECONDS_TO_VANISH = 5
SECONDS_TO_END_WHEN_ASKED = 5
READABLE = {0, 1, 2}


def processes():
    """All processes: {pid: (name, parent, state)}."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                text = file.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        found[int(path.split("/")[2])] = (name, int(rest[1]), rest[0])
    return found


def descendants(pid):
    """The processes below one, nearest first: [(pid, name)]."""
    children = collections.defaultdict(list)
    everything = processes()
    for child, (_, parent, _) in everything.items():
        children[parent].append(child)
    result, todo = [], [pid]
    while todo:
        for child in sorted(children[todo.pop(0)]):
            result.append((child, everything[child][0]))
            todo.append(child)
    return result


def marked(mark):
    """The living processes that inherited our mark."""
    result = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if f"{MARK}={mark}\0".encode() in file.read():
                    pid = int(path.split("/")[2])
                    if processes().get(pid, ("", 0, "Z"))[2] != "Z":
                        result.append(pid)
        except OSError:
            continue
    return result


def lines(path):
    try:
        with open(path) as file:
            return file.read().splitlines()
    except OSError:
        return []


def inventory(scratch):
    """What a run could leave behind, but for processes."""
    # What a living process has open is that process's: ours are found by their mark.
    owned = {readlink(path) for path in glob.glob("/proc/[0-9]*/fd/*")}
    listeners = set()
    for table in ("tcp", "tcp6"):
        for line in lines(f"/proc/net/{table}")[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" not in owned:
                listeners.add(fields[1])
    return {
        "named network namespaces": set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set(),
        "mounts": {line.split(" - ")[0].split(" ", 2)[2] for line in lines("/proc/self/mountinfo")},
        # The tests of this project have some of their own.
        "control groups": {path for path in glob.glob("/sys/fs/cgroup/**/*bindstorm*", recursive=True)
                           if "/bindstorm-test-" not in path},
        "host sockets": listeners,
        "abstract sockets": {line.split()[-1] for line in lines("/proc/net/unix") if "@bindstorm" in line},
        "files": set(os.listdir(scratch)),
    }


def namespaces(pids):
    """The network namespaces of processes."""
    found = set()
    for pid in pids:
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            pass
    return found


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


class Case:
    def __init__(self, number, plan, boundary, ordinal, role, action):
        self.number, self.plan, self.boundary = number, plan, boundary
        self.ordinal, self.role, self.action = ordinal, role, action

    def __str__(self):
        return f"{self.plan}: {self.action.name} to {self.role} at {self.boundary}#{self.ordinal}"


def cases(generator, count):
    """Every combination as often as it takes, in a random order."""
    kinds = [
        (plan, boundary, ordinal, role, action)
        for plan in BOUNDARIES for boundary in BOUNDARIES[plan] for ordinal in (1, 2)
        for role in ROLES[plan] for action in (signal.SIGKILL, signal.SIGSTOP)
        # There is but one start of the workers and of what is tried before, and one end of a command.
        if not (ordinal == 2 and boundary.startswith("host-") and boundary not in ("host-count", "host-clean-up"))
        if not (ordinal == 2 and boundary == "check-end")]
    number = 0
    while number < count:
        generator.shuffle(kinds)
        for kind in kinds:
            if number == count:
                return
            yield Case(number, *kind)
            number += 1


def wait_for_stop(program, seconds):
    """Whether the program has stopped itself; False if it has ended or does neither."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(program.pid, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            return True
        if pid:
            program.returncode = os.waitstatus_to_exitcode(status)
            return False
        time.sleep(0.002)
    return False


def wait_for_end(program, seconds):
    try:
        return program.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def run(case, options, results):
    """One case. Returns (whether somebody was hit, what is wrong)."""
    scratch = tempfile.mkdtemp(prefix="bindstorm-kills-")
    temporary = os.path.join(scratch, "tmp")
    os.mkdir(temporary)
    is_check = case.plan == "command"
    if is_check:
        arguments = ["check", "--", "python3", "-c", CHECKED_COMMAND]
    else:
        plan = os.path.join(scratch, "plan.json")
        with open(plan, "w") as file:
            file.write('{ "version": 1, "name": "kills", "defaults": { %s }, %s }' % (COMMON, PLANS[case.plan]))
        arguments = ["run", "--quiet", "--results", os.path.join(scratch, "results"), plan]
    mark = f"{os.getpid()}-{case.number}"
    before = inventory(temporary)
    environment = {
        **os.environ, MARK: mark, "TMPDIR": temporary,
        "PYTHONPATH": os.path.join(ROOT, "Adapters"),
        "BINDSTORM_FAIL": f"{case.boundary}#{case.ordinal}:STOP"}
    log = open(os.path.join(scratch, "output"), "w+")
    program = subprocess.Popen(
        [options.bindstorm, *arguments],
        env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    wrong = []
    try:
        if not wait_for_stop(program, SECONDS_TO_END):
            return False, [f"the boundary was not reached (exit {program.returncode}): {tail(log)}"]
        below = descendants(program.pid)
        names = namespaces([pid for pid, _ in below]) - {readlink("/proc/self/ns/net")}
        victims = [program.pid] if case.role == "bindstorm" else [
            pid for pid, name in below if name.startswith(case.role)]
        if not victims:
            program.kill()
            program.wait()
            return False, leftovers(mark, names, before, temporary)
        victim = victims[case.number % len(victims)]
        os.kill(victim, case.action)
        asked = None
        if victim == program.pid:
            # A stopped harness goes on as if nothing had been.
            if case.action == signal.SIGSTOP:
                os.kill(program.pid, signal.SIGCONT)
        else:
            os.kill(program.pid, signal.SIGCONT)
        # Nobody ends a stopped worker host, or a stopped command, unless asked.
        waits_for_good = case.action == signal.SIGSTOP and (
            case.role == "bs-host" or is_check and case.role == "python3" and case.boundary == "check-call")
        status = wait_for_end(program, 2 if waits_for_good else SECONDS_TO_END)
        if status is None:
            # Somebody who is tired of waiting.
            program.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            status = wait_for_end(program, SECONDS_TO_END)
            took = time.monotonic() - asked
            if status is None or took > SECONDS_TO_END_WHEN_ASKED:
                wrong.append(f"it took {took:.1f} s to end when it was asked to")
        wrong += judged(case, victim == program.pid, status, asked is not None, log)
        if not is_check:
            wrong += readable(options, scratch, status)
            wrong += blamed(case, scratch)
        wrong += leftovers(mark, names, before, temporary, [pid for pid, _ in below])
        results[status] += 1
        return True, wrong
    finally:
        for pid in marked(mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if program.poll() is None:
            program.kill()
            program.wait()
        log.close()
        if wrong and options.keep:
            print(f"  kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


def tail(log):
    log.flush()
    log.seek(0)
    return " | ".join(line[:200] for line in log.read().splitlines()[-4:])


def judged(case, is_harness, status, was_asked, log):
    """The exit code. 1 would be a verdict on a strategy that did nothing wrong."""
    if is_harness and case.action == signal.SIGKILL:
        allowed = {-signal.SIGKILL}
    elif is_harness:
        allowed = {0}
    elif case.plan == "command":
        # The command's own end is passed on, by the same signal; nothing else may change what `check` says.
        ended = {-case.action} if case.action == signal.SIGKILL else {-signal.SIGTERM, 143}
        allowed = ({0} if case.boundary == "check-end" else ended) if case.role == "python3" else {0}
    else:
        allowed = {0, 2, 70} | ({143} if was_asked else set())
    return [] if status in allowed else [f"exit {status}, allowed {sorted(allowed)}: {tail(log)}"]


def blamed(case, scratch):
    """Launches that count as failed. A process that is stopped keeps others waiting, as an overloaded host does: of
    that a launch may time out, and no more (Documentation/limits.md)."""
    path = os.path.join(scratch, "results", "kills", "latest", "matrix.json")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        arms = json.load(file)["arms"]
    excused = {"ready", "invalid", "harness-error", "adapter-error"}
    if case.action == signal.SIGSTOP:
        excused |= {"timeout"}
    # The adapter that we end is a program under test: it has ended by nobody's order but ours.
    return [f"blamed: {count['outcome']} x{count['launches']}: {(arm.get('topCause') or {}).get('evidence', '')[:300]}"
            for arm in arms for count in arm["outcomes"] if count["outcome"] not in excused]


def readable(options, scratch, status):
    """What was measured can be read; a harness that was killed may have written nothing yet."""
    folder = os.path.join(scratch, "results", "kills", "latest")
    if not os.path.exists(os.path.join(folder, "resolved.json")):
        return [] if status in (-signal.SIGKILL, 70) else ["there are no results"]
    done = subprocess.run([options.bindstorm, "analyze", folder], capture_output=True, text=True, timeout=60)
    if done.returncode not in READABLE:
        return [f"analyze: exit {done.returncode}: {done.stderr.strip()}"]
    if status != -signal.SIGKILL and not os.path.exists(os.path.join(folder, "matrix.json")):
        return ["there is no matrix.json"]
    return []


def new_things(before, temporary):
    """What an inventory has that the one before had not."""
    return {what: new for what, things in inventory(temporary).items() if (new := things - before[what])}


def leftovers(mark, names, before, temporary, pids=()):
    """What is still there once everything had its time to end.

    The numbers of namespaces are used again, and other programs of the host open sockets: only processes that were the
    run's count as holders, and only listeners of such processes or of nobody."""
    def ours():
        return set(pids) | set(marked(mark))

    def holders(names):
        return [pid for pid in ours() if readlink(f"/proc/{pid}/ns/net") in names]

    deadline = time.monotonic() + SECONDS_TO_VANISH
    while time.monotonic() < deadline and (marked(mark) or holders(names)):
        time.sleep(0.02)
    everything = processes()
    wrong = [f"left: process {pid} ({everything.get(pid, ('gone',))[0]}, state {everything.get(pid, ('', 0, '?'))[2]})"
             for pid in marked(mark)]
    if held := holders(names):
        wrong.append(f"left: network namespaces, held by {held}")
    # What others open or end while the inventory is taken looks like nobody's for a moment.
    new = new_things(before, temporary)
    while new and time.monotonic() < deadline:
        time.sleep(0.1)
        new = new_things(before, temporary)
    wrong += [f"left: {what}: {sorted(things)[:5]}" for what, things in new.items()]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bindstorm", default=os.path.join(ROOT, ".build/debug/bindstorm"), help="a debug build")
    parser.add_argument("--kills", type=int, default=100, help="how many processes are to be hit; default 100")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--only", default="", help="only cases whose description contains this")
    parser.add_argument("--keep", action="store_true", help="keep the folders of cases that went wrong")
    options = parser.parse_args()
    if not os.path.exists(options.bindstorm):
        print(f"kills: {options.bindstorm} does not exist: build first (swift build)", file=sys.stderr)
        return 2
    tried, hit, bad, results = 0, 0, [], collections.Counter()
    per_kind = collections.Counter()
    began = time.monotonic()
    for case in cases(random.Random(options.seed), options.kills * 20):
        if hit >= options.kills:
            break
        if options.only not in str(case):
            continue
        tried += 1
        was_hit, wrong = run(case, options, results)
        hit += was_hit
        if was_hit:
            per_kind[case.boundary] += 1
        if wrong:
            bad.append((case, wrong))
            print(f"{case}", *[f"  {line}" for line in wrong], sep="\n", flush=True)
    print(f"\n{'boundary':20}{'hit':>6}")
    for boundary, count in sorted(per_kind.items()):
        print(f"{boundary:20}{count:6}")
    print(f"\n{hit} processes hit in {tried} runs, seed {options.seed}, {time.monotonic() - began:.0f} s; exits: "
          + ", ".join(f"{status}: {count}" for status, count in sorted(results.items(), key=str)))
    if hit == 0:
        print("kills: nobody was hit", file=sys.stderr)
        return 2
    print(f"{len(bad)} went wrong" if bad else "nothing was left behind, and no strategy was blamed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
