#!/usr/bin/env python3
"""Tells which small faults in the pure modules the tests notice (`make mutate`).

Every entry of mutants.json replaces one expression. All of them are built at once, in a copy of the repository, as
`(mutant(n) ? (replacement) : (original))`; the environment variable BINDSTORM_MUTANT then chooses one for each run of
the test binary. MUTANTS=1,5,9 runs a few of them. `--check` only tells whether the list fits the sources, in a second and
without a build; `make lint` does it.

Exit codes: 0 if at least 90 % were killed, 1 if fewer, 2 if nothing can be said: the list is stale, the copy does not
build, or the tests are red without a mutant.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = pathlib.Path(__file__).with_name("mutants.json")
# Kept between runs, so that only what changed is built again.
COPY = ROOT / ".build" / "mutants"
# Generated files with mutants, while the tests compare what is generated with the originals in their place.
COVERED = COPY / ".build" / "covered"
SWIFT = os.environ.get("SWIFT", "swift")
VARIABLE = "BINDSTORM_MUTANT"
LEAST_KILLED = 0.9
# What the tests do not read: build products, histories, interpreters.
NOT_COPIED = {".build", ".git", ".venv", ".cache", "__pycache__", "Results"}
# A loop that does not end is a kill, too. The slowest group takes some seconds.
SECONDS_PER_RUN = 120
# EX_UNAVAILABLE of sysexits.h: how the test binary ends when its filter matches nothing.
NO_TESTS = "exit code 69"

# Each file has its own, so that a file may move between modules.
CHOICE = f"""
internal import Glibc

private let chosenMutant = getenv("{VARIABLE}").flatMap {{ Int(String(cString: $0)) }}
private func mutant(_ number: Int) -> Bool {{ number == chosenMutant }}
"""


def stop(*lines):
    """Nothing can be said."""
    for line in lines:
        print(f"mutate: {line}", file=sys.stderr)
    sys.exit(2)


def read_list():
    """The entries by number, and the groups of tests; stops if an entry is not complete."""
    document = json.loads(LIST.read_text())
    groups, entries, problems = document["tests"], {}, []
    for entry in document["mutants"]:
        missing = {"id", "file", "original", "replacement", "does", "tests"} - entry.keys()
        name = f"entry {entry.get('id', '?')} ({entry.get('file', '?')})"
        if missing:
            problems.append(f"{name}: {', '.join(sorted(missing))} missing")
        elif entry["id"] in entries:
            problems.append(f"{name}: the number stands there twice")
        elif not 1 <= entry.get("occurrence", 1) <= entry.get("of", 1):
            problems.append(f"{name}: there is no occurrence {entry.get('occurrence')} of {entry.get('of', 1)}")
        elif entry["tests"] not in groups:
            problems.append(f"{name}: there is no group of tests {entry['tests']!r}")
        else:
            entries[entry["id"]] = entry
    known = known_tests()
    for group, patterns in groups.items():
        named = {name for pattern in patterns for name in re.findall(r"[A-Z]\w*Tests", pattern)}
        problems += [f"group {group!r}: there is no suite or target {name}" for name in sorted(named - known)]
    if problems:
        stop(f"{LIST.name} cannot be used:", *problems)
    return entries, groups


def known_tests():
    """The names of all targets and suites of tests."""
    tests = ROOT / "Tests"
    suites = {name for path in tests.rglob("*.swift")
              for name in re.findall(r"^@Suite.* struct (\w+)", path.read_text(), re.M)}
    return suites | {path.name for path in tests.iterdir() if path.is_dir()}


def places(entries):
    """Where each entry's original stands: {file: [(start, end, entry)]}. Files are found by name, wherever they lie.
    Stops if the list is stale."""
    by_name = {}
    for path in (ROOT / "Sources").rglob("*.swift"):
        by_name.setdefault(path.name, []).append(path)
    found, problems = {}, []
    for number, entry in entries.items():
        name = f"entry {number} ({entry['file']}, {entry['does']})"
        paths = by_name.get(entry["file"], [])
        if len(paths) != 1:
            problems.append(f"{name}: {len(paths)} files of that name")
            continue
        text, after = paths[0].read_text(), entry.get("after", "")
        starts = [match.start() for match in re.finditer(re.escape(after + entry["original"]), text)]
        wanted = entry.get("of", 1)
        if len(starts) != wanted:
            problems.append(f"{name}: {after + entry['original']!r} occurs {len(starts)} times, not {wanted}")
            continue
        start = starts[entry.get("occurrence", 1) - 1] + len(after)
        # After one dot, not after those of a range, or inside a word.
        if re.search(r"(?:(?<!\.)\.|\w)$", text[:start][-2:]):
            problems.append(f"{name}: {entry['original']!r} is only the end of an expression")
            continue
        found.setdefault(paths[0], []).append((start, start + len(entry["original"]), entry))
    for ranges in found.values():
        ranges.sort(key=lambda item: item[0])
        for (_, end, first), (start, _, second) in zip(ranges, ranges[1:]):
            if start < end:
                problems.append(f"entry {second['id']} overlaps entry {first['id']} in {first['file']}")
    if problems:
        stop(f"{LIST.name} is stale; make these entries match the sources again:", *problems)
    return found


def mutated(text, ranges):
    """The text of a file with its mutants."""
    parts, done = [], 0
    for start, end, entry in ranges:
        parts += [text[done:start], f"(mutant({entry['id']}) ? ({entry['replacement']}) : ({text[start:end]}))"]
        done = end
    return "".join(parts) + text[done:] + CHOICE


def check_syntax(found):
    """Stops if a file with its mutants is not Swift, such as an operator without its operand. Types are left to the build."""
    with tempfile.TemporaryDirectory() as folder:
        for path, ranges in found.items():
            (pathlib.Path(folder) / path.name).write_text(mutated(path.read_text(), ranges))
        done = subprocess.run(
            [SWIFT + "c", "-frontend", "-parse", *sorted(str(path) for path in pathlib.Path(folder).iterdir())],
            capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line.removeprefix(folder + "/") for line in done.stderr.splitlines() if "error: " in line]
        stop("the sources with these mutants cannot be parsed:", *(errors or done.stderr.splitlines())[-20:])


def write_copy(found):
    """Brings the copy up to date; files that are as they were keep their dates."""
    wanted = {}
    for folder, folders, names in os.walk(ROOT):
        inside = pathlib.Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        for name in names:
            if name in NOT_COPIED or (ROOT / inside / name).is_symlink():
                continue
            path = ROOT / inside / name
            wanted[inside / name] = (
                mutated(path.read_text(), found[path]).encode() if path in found else path.read_bytes())
    for folder, folders, names in os.walk(COPY):
        inside = pathlib.Path(folder).relative_to(COPY)
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        for name in names:
            if inside / name not in wanted:
                (COPY / inside / name).unlink()
    for inside, content in wanted.items():
        target = COPY / inside
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod((ROOT / inside).stat().st_mode)


def cover(found):
    """Puts the originals of generated files in the place of what was built. DefinitionsTests hold them to the definitions,
    and mutants in the text would make them red."""
    for path in found:
        if "Generated" in path.parts:
            inside = path.relative_to(ROOT)
            (COVERED / inside).parent.mkdir(parents=True, exist_ok=True)
            os.replace(COPY / inside, COVERED / inside)
            (COPY / inside).write_bytes(path.read_bytes())


def uncover():
    """Puts what was built back. Moving keeps dates, so that it is not built again."""
    for path in [path for path in COVERED.rglob("*") if path.is_file()]:
        target = COPY / path.relative_to(COVERED)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)


def build():
    """Builds the copy's tests; the path of the test binary."""
    command = [SWIFT, "build", "--package-path", str(COPY)]
    done = subprocess.run(command + ["--build-tests"], capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()
        errors = sorted({line for line in lines if re.search(r"^\S.*error: ", line)})
        stop("the copy with the mutants does not build:", *(errors or lines)[-20:])
    folder = subprocess.run(command + ["--show-bin-path"], capture_output=True, text=True, check=True).stdout.strip()
    binaries = list(pathlib.Path(folder).glob("*PackageTests.xctest"))
    if len(binaries) != 1:
        stop(f"expected one test binary in {folder}, found {len(binaries)}")
    return binaries[0]


def run(binary, pattern, number=None):
    """Runs the tests that match, up to the first red one. Whether all were green, what was not, and how many ran."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if number is not None:
        environment[VARIABLE] = str(number)
    tests = subprocess.Popen(
        [binary, "--testing-library", "swift-testing", "--filter", pattern], cwd=COPY, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    is_late = threading.Event()
    timer = threading.Timer(SECONDS_PER_RUN, lambda: (is_late.set(), tests.kill()))
    timer.start()
    red, count = None, 0
    for line in tests.stdout:
        text = line.decode(errors="replace")
        if red := re.search(r"Test (.+?) recorded an issue", text):
            tests.kill()
            break
        if match := re.search(r"Test run with (\d+) test", text):
            count = int(match[1])
    tests.stdout.close()
    status = tests.wait()
    timer.cancel()
    if red:
        return False, red[1].strip('"'), count
    if is_late.is_set():
        return False, f"no test in particular: they did not end in {SECONDS_PER_RUN} s", count
    return status == 0, f"a trap, signal {-status}" if status < 0 else f"exit code {status}", count


def check_green(binary, groups, used):
    """Stops unless every group has tests, all of them green."""
    for group in sorted(used):
        for pattern in groups[group]:
            is_green, what, count = run(binary, pattern)
            if what == NO_TESTS or is_green and count == 0:
                stop(f"no test matches {pattern!r} of group {group!r} in {LIST.name}")
            if not is_green:
                stop(f"the tests of group {group!r} ({pattern}) are red without a mutant: {what}")


def killer(binary, patterns, number):
    """The test that notices a mutant, None if none does."""
    for pattern in patterns:
        is_green, what, _ = run(binary, pattern, number)
        if not is_green:
            return what
    return None


def main():
    entries, groups = read_list()
    found = places(entries)
    if sys.argv[1:] == ["--check"]:
        check_syntax(found)
        print(f"mutate: all {len(entries)} entries of {LIST.name} match the sources")
        return
    if sys.argv[1:]:
        stop(f"unknown argument {sys.argv[1]}; there is only --check")
    chosen = entries
    if os.environ.get("MUTANTS"):
        words = [word.strip() for word in os.environ["MUTANTS"].split(",")]
        unknown = [word for word in words if not word.isdigit() or int(word) not in entries]
        if unknown:
            stop(f"MUTANTS: there is no mutant {', '.join(unknown)}; they are numbers of {LIST.name}, as in MUTANTS=1,5")
        chosen = {int(word): entries[int(word)] for word in words}
    # All are built whichever run, so that the copy does not change with the choice.
    uncover()
    write_copy(found)
    started = time.monotonic()
    binary = build()
    cover(found)
    print(f"mutate: built in {time.monotonic() - started:.0f} s", flush=True)
    check_green(binary, groups, {entry["tests"] for entry in chosen.values()})
    killed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        killers = pool.map(lambda item: killer(binary, groups[item[1]["tests"]], item[0]), chosen.items())
        for (number, entry), by in zip(chosen.items(), killers):
            killed += by is not None
            verdict = "SURVIVED" if by is None else "killed  "
            end = "" if by is None else f" [{by}]"
            print(f"{number:4} {verdict} {entry['file']}: {entry['does']}{end}", flush=True)
    share = killed / len(chosen)
    print(f"mutate: {killed} of {len(chosen)} killed, {share:.1%}, at least {LEAST_KILLED:.0%} must be; "
          f"{time.monotonic() - started:.0f} s")
    sys.exit(0 if share >= LEAST_KILLED else 1)


if __name__ == "__main__":
    main()
