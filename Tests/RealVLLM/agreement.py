"""Whether the levels of Adapters/real_vllm agree on ports: starts a release at each under strace, and compares every bind() of
an IP socket: which process, to which address, to a number that the kernel chose before (`chosen`), that it is to choose
(`0`), or that was given.

    python3 Tests/RealVLLM/agreement.py VERSION [LEVEL...]        by default zygote and front

Exit code 0: equal. 1: not. 77: strace or the release is missing. Interpreters' own copies of numbers are not compared.
"""

import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "Adapters" / "real_vllm"))

import layout  # noqa: E402

LINE = re.compile(r"^(?P<pid>\d+)(?:<(?P<name>.*?)>)? +(?P<call>bind|getsockname)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
ADDRESS = re.compile(r'inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"')
API_SERVERS, RANKS = 2, 2
LIMIT_SECONDS = 500


def binds(trace):
    """What was bound, each with how often."""
    chosen, found = set(), collections.Counter()
    for line in trace.splitlines():
        match = LINE.match(line)
        port = match and PORT.search(match["arguments"])
        if not port or int(match["result"]) < 0:
            continue
        number = int(port[1])
        if match["call"] == "getsockname":
            chosen.add(number)
            continue
        kind = "0" if number == 0 else "chosen" if number in chosen else "fixed"
        address = ADDRESS.search(match["arguments"])
        # urllib3 asks at its import whether there is IPv6, and a zygote imports it once for all.
        if (address[1], kind) != ("::1", "0"):
            found[role(match["name"] or ""), address[1], kind] += 1
    return found


def role(name):
    """A process by the title that vLLM gives it, cut to the kernel's 15 bytes; all others are one."""
    return name if name.startswith("VLLM") else "launcher"


def traced(version, level):
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        finished = subprocess.run(
            ["strace", "-f", "-Y", "-qq", "-e", "trace=bind,getsockname", "-o", str(trace),
             str(REPOSITORY / "Adapters" / "real_vllm" / "run"), "launch.py", version, "--level", level,
             "--api-servers", str(API_SERVERS), "--ranks", str(RANKS), "--limit", str(LIMIT_SECONDS)],
            capture_output=True, text=True)
        if finished.returncode != 0:
            sys.exit(f"vLLM {version} does not start at the level {level}: {finished.stderr.strip()[-300:]}")
        return binds(trace.read_text(errors="replace"))


def main(version, levels):
    try:
        layout.Environment().require(version)
    except layout.Missing as missing:
        print(missing)
        sys.exit(77)
    if shutil.which("strace") is None:
        print("strace is missing")
        sys.exit(77)
    seen = {level: traced(version, level) for level in levels}
    calls = sorted(set().union(*seen.values()))
    print(f"vLLM {version}, binds of {API_SERVERS} API servers and {RANKS} ranks: {', '.join(levels)}")
    unequal = 0
    for call in calls:
        counts = [seen[level][call] for level in levels]
        mark = " " if len(set(counts)) == 1 else "!"
        unequal += mark == "!"
        print(f"{mark} {'  '.join(f'{count:3}' for count in counts)}  {call[0]} binds {call[1]} port {call[2]}")
    sys.exit(1 if unequal else 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:] or ["zygote", "front"])
