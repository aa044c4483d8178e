"""Starts a prepared release once, at the level `zygote`, and says what it needed: prints one JSON object.

    probe.py VERSION

    version        as the release states it
    seconds        of a start whose launcher and API servers still import what the zygote has not
    modules        that launcher and API servers imported after the fork, in this order; a zygote imports them beforehand
    distributions  that some process of the start imported something of

Fails, with the release's last words, if it does not come up or completes nothing. prepare.py uses no release before that.
"""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import layout  # noqa: E402
from adapter import RealVLLM  # noqa: E402
from bindstorm_adapter import Refusal  # noqa: E402

API_SERVERS = 2
# With a second rank vLLM starts its coordinator.
RANKS = 2


def free_port():
    """A port for HTTP or the handshake outside of the ranges that the kernel serves. The start is one of its own, so the
    numbers of the adapter may be in use by a run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ImportLog:
    """Writes down what this process and its forks import, by an audit hook: it cannot be taken off, and forks inherit it."""

    def __init__(self, path):
        self.path = path
        path.touch()
        sys.addaudithook(self.note)

    def note(self, event, arguments):
        if event == "import" and self.path is not None:
            # Opened each time: forks close all descriptors that they inherit, and may outlive the file for a moment.
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
                os.write(descriptor, (arguments[0] + "\n").encode())
                os.close(descriptor)

    def end(self):
        """Stops it in this process. Returns what was imported, in order."""
        path, self.path = self.path, None
        return list(dict.fromkeys(path.read_text().split()))


def distributions(names):
    """The installed distributions of modules, by their top-level names."""
    of = importlib.metadata.packages_distributions()
    return sorted({distribution for name in names for distribution in of.get(name.split(".")[0], [])})


def start_once(adapter):
    """One start to the first completion. Returns its seconds."""
    began = time.monotonic()
    try:
        adapter.allocate({})
        adapter.bind({})
        return time.monotonic() - began
    finally:
        adapter.release({})


def main(version):
    # Whoever waits for this process ends it so; what it started is then ended below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    adapter = RealVLLM(version, RANKS, unmarked=True)
    try:
        adapter.hello({"api_servers": API_SERVERS, "host": "127.0.0.1", "launch": 0})
        before = set(sys.modules)
        with tempfile.TemporaryDirectory() as folder:
            log = ImportLog(pathlib.Path(folder) / "imports")
            adapter.http, adapter.rpc = free_port(), free_port()
            # The first start finds out the model's properties in another process; they are kept in home/.
            start_once(adapter)
            seconds = start_once(adapter)
            modules = [name for name in log.end() if name not in before]
        used = {name for name in [*before, *modules] if "." not in name}
        answer = {"version": adapter.version, "seconds": round(seconds, 1), "modules": modules,
                  "distributions": distributions(used)}
    except Refusal as refusal:
        sys.exit(f"vLLM {version} does not start: {refusal}")
    finally:
        adapter.stop()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
