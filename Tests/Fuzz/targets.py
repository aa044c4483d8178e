"""What is fuzzed: where good inputs come from, how they are damaged, and which commands read them."""

import json
import pathlib
import shutil
import subprocess
import sys

import damage

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Command:
    """A command line, and how it may end."""

    def __init__(self, words, codes, seconds=None, may_be_long=False):
        self.words = [str(word) for word in words]
        self.codes = codes
        # Nil: the limit of the whole run.
        self.seconds = seconds
        # What it is asked for may take longer: it is ended then, and nothing is said about it.
        self.may_be_long = may_be_long


class Plans:
    """Plans: all that are shipped."""

    name, weight = "plans", 10

    def __init__(self, binary, work):
        self.binary = binary
        self.seeds = [path.read_bytes() for path in sorted((ROOT / "Scenarios").glob("*.json"))]
        self.others = [damage.parse(seed.decode()) for seed in self.seeds]

    def make(self, random):
        return damage.damage_json(random, random.choice(self.seeds), self.others)

    def commands(self, data, folder):
        plan = folder / "plan.json"
        plan.write_bytes(data)
        yield Command([self.binary, "validate", plan], {0, 64})
        yield Command([self.binary, "plan", plan], {0, 64})
        yield Command([self.binary, "plan", "--json", plan], {0, 64})


class StoredRun:
    """A part of a stored run that the fuzzer makes first."""

    weight = 5

    def __init__(self, binary, work, part):
        self.binary, self.part = binary, part
        self.run = work / "stored"
        if not self.run.exists():
            self.record(work)
        self.seeds = [(self.run / part).read_bytes()]
        lines = (self.run / "events.jsonl").read_text().splitlines()
        self.others = [damage.parse(line) for line in lines[:300]]
        self.others.append(damage.parse((self.run / "resolved.json").read_text()))

    def record(self, work):
        done = subprocess.run(
            [self.binary, "run", "--quiet", "--results", work / "results", HERE / "stored.json"], capture_output=True,
            text=True)
        runs = list((work / "results").glob("stored/*Z-*"))
        if done.returncode not in (0, 1, 2) or not runs:
            sys.exit(f"fuzz: cannot make a run to damage (exit code {done.returncode}): {done.stderr}")
        shutil.copytree(runs[0], self.run)

    def place(self, data, folder):
        for part in ("events.jsonl", "resolved.json"):
            (folder / part).write_bytes(data if part == self.part else (self.run / part).read_bytes())

    def commands(self, data, folder):
        self.place(data, folder)
        yield Command([self.binary, "analyze", folder], {0, 1, 2, 64})
        yield Command([self.binary, "explain", folder], {0, 64})
        # Any of the arms, but always the same one for the same input.
        yield Command([self.binary, "explain", f"{folder}/{len(data) % 4}/0"], {0, 64})
        yield Command([self.binary, "trace", f"{folder}/{len(data) % 4}/0", "-o", "/dev/null"], {0, 64})


class Events(StoredRun):
    name = "events"

    def __init__(self, binary, work):
        super().__init__(binary, work, "events.jsonl")

    def make(self, random):
        return damage.damage_events(random, self.seeds[0], self.others)


class ResolvedPlans(StoredRun):
    name = "resolved"

    def __init__(self, binary, work):
        super().__init__(binary, work, "resolved.json")

    def make(self, random):
        return damage.damage_json(random, self.seeds[0], self.others)


class Replays(ResolvedPlans):
    """Replays of damaged runs. What can be read is run, with all the time that the plan has for it."""

    name, weight = "replays", 1

    def commands(self, data, folder):
        self.place(data, folder)
        for more in ([], ["--force", "--times", "2"]):
            yield Command(
                [self.binary, "replay", f"{folder}/0/0", *more], {0, 1, 2, 64}, seconds=5, may_be_long=True)


class Answers:
    """Answers of an adapter: a good one's, one of which is replaced."""

    name, weight = "answers", 1

    def __init__(self, binary, work):
        self.binary = binary
        good = [
            {"id": 1, "protocol": 1, "name": "fuzz", "capabilities": ["bind"]}, {"id": 2, "ports": list(range(40_001, 40_009))},
            {"id": 3}, {"id": 2, "error": "address-in-use", "address": 0, "port": 40_001, "message": "x"},
            {"id": 1, "error": "unavailable", "message": "x"},
        ]
        self.seeds = [json.dumps(answer).encode() for answer in good]
        self.others = [damage.parse(seed.decode()) for seed in self.seeds]

    def make(self, random):
        number = random.randrange(4)
        return b"%d " % number + damage.damage_json(random, random.choice(self.seeds), self.others)

    def commands(self, data, folder):
        answer = folder / "answer"
        answer.write_bytes(data)
        yield Command(
            [self.binary, "adapter-check", "--timeout-ms", "500", "--", sys.executable, HERE / "adapter.py", answer],
            {0, 1, 64, 69}, seconds=60)


class CheckOptions:
    """Options of `check`, one word on each line."""

    name, weight = "options", 2

    FLAGS = ["--duplicates", "--enumerate", "--shrink", "--groups", "--no-py-spy", "--allow-io-uring", "--verbose", "-q"]
    VALUES = {
        "--steal": ["off", "lazy", "eager"], "--steal-max": damage.NUMBERS, "--steal-rebind": damage.NUMBERS,
        "--occurrence": damage.NUMBERS,
        "--min-window": ["5ms", "1s", "0", "-1s", "99999999999999999999s", "1e9s"], "--only": damage.TEXTS,
        "--enumerate-max": damage.NUMBERS, "--run-timeout": ["1s", "0s", "x"], "--shrink-ports": damage.NUMBERS,
        "--shrink-runs": ["0", "1", "2", "-1"], "--exit-code": damage.NUMBERS, "--stacks": damage.NUMBERS,
        "--inject": ["bind:errno=EADDRINUSE", "bind:delay=1ms,nth=1", "bind:port=1-2,process=x", "listen:port=1", "bind:",
                     "x:y=z", "bind:delay=99999999999s", "bind:nth=0", "bind:port=9-1", "bind:port=0-70000", *damage.TEXTS],
        "--suppressions": ["/dev/zero", "/dev/null", "/tmp", "/proc/self/mem", "/dev/full", *damage.TEXTS],
        "--report": ["/dev/full", "/dev/null", "-", "/nonexistent/x", ""], "--json": ["/dev/full", "-"],
        "--junit": ["/dev/full", "-"], "--sarif": ["-"], "--html": ["-"], "--trace": ["/dev/full", "-"],
        "--mode": ["full", "fallback", "x"],
        "--linger": ["0s", "1s", "-1"],
    }

    def __init__(self, binary, work):
        self.binary = binary

    def make(self, random):
        words = []
        for _ in range(random.choice([0, 1, 1, 2, 3, 6])):
            if random.random() < 0.3:
                words.append(random.choice(self.FLAGS))
            else:
                option = random.choice(list(self.VALUES))
                words += [option, random.choice(self.VALUES[option] if random.random() < 0.8 else damage.TEXTS)]
        clean = [word.replace("\n", " ").replace("\0", "?") for word in words]
        return "\n".join(clean).encode("utf-8", "surrogatepass")

    def commands(self, data, folder):
        words = [word.decode("utf-8", "replace").replace("\0", "?") for word in data.split(b"\n")] if data else []
        # The command's own code is 0, `--exit-code` chooses any for what was found, and 2 is of `--shrink`.
        codes = set(range(256)) if any("--exit-code".startswith(word) or word.startswith("--exit-code") for word in words) \
            else {0, 2, 64, 66, 69, 73}
        yield Command([self.binary, "check", *words, "--", "/bin/true"], codes, seconds=60)


ALL = [Plans, Events, ResolvedPlans, Replays, Answers, CheckOptions]
