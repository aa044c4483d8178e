"""bindstorm adapter (protocol 1, capability bind): one launch is one start of a real `vllm serve` head node with its API
servers, at the level `zygote` (zygote.py says what is real in it).

    run adapter.py VERSION [--ranks N]

`allocate` is answered when the launcher has decided on addresses (0 for those that it leaves to the kernel), `bind` when
every API server serves and a completion came back. Where they listen is what the engines were told in the handshake.
"""

import argparse
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import layout  # noqa: E402
import serving  # noqa: E402
from bindstorm_adapter import Adapter, Refusal, serve  # noqa: E402

# HTTP and handshake of launch 0; below every pool that a plan may set.
HTTP_PORT = 8000
RPC_PORT = 29550
# Deadlines of the adapter itself, shorter than those of the plans.
LAUNCHER_SECONDS = 60
SERVING_SECONDS = 100
# An idle zygote, and what a start with one API server adds; measured with 0.32.0, which is the largest.
ZYGOTE_BYTES = 700 << 20
SERVER_BYTES = 90 << 20


class RealVLLM(Adapter):
    capabilities = ["allocate", "bind"]

    def __init__(self, version, ranks, unmarked=False):
        """- unmarked: whether the release may lack its mark, because it is being prepared."""
        self.unmarked = unmarked
        self.name = f"vllm serve {version}, level zygote"
        self.release_name, self.ranks = version, ranks
        self.environment = layout.Environment()
        # Dense: of a mixture of experts the head node demands a sum of its configuration, which only vLLM can compute.
        self.model = self.environment.model("dense")
        self.work = self.pid = self.engines = None

    def hello(self, request):
        self.servers, self.host = request["api_servers"], request["host"]
        self.http, self.rpc = HTTP_PORT + request["launch"], RPC_PORT + request["launch"]
        self.refuse_what_cannot_work()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="real-vllm-"))
        from zygote import Zygote

        os.environ.update(self.environment.variables(self.release_name))
        os.environ["VLLM_RPC_BASE_PATH"] = str(self.work)
        sys.path.insert(0, str(self.environment.release(self.release_name)))
        try:
            mark = layout.read_mark(self.environment.release(self.release_name)) or {}
            self.zygote = Zygote(has_barrier=True, modules=mark.get("modules", []))
        except ImportError as error:
            raise Refusal("unavailable", f"vLLM {self.release_name} cannot be imported: {error}")
        self.version = self.zygote.version

    def refuse_what_cannot_work(self):
        try:
            if not self.unmarked:
                self.environment.require(self.release_name)
        except layout.Missing as missing:
            raise Refusal("unavailable", str(missing))
        needed, free = ZYGOTE_BYTES + self.servers * SERVER_BYTES, layout.available_memory()
        if free is not None and free < needed:
            raise Refusal(
                "unavailable",
                f"a start with {self.servers} API servers needs {needed >> 20} MiB of memory, {free >> 20} MiB are "
                "available; fewer API servers need less")

    def allocate(self, request):
        self.log = self.work / "head.log"
        self.log.unlink(missing_ok=True)
        arguments = serving.head_arguments(
            self.model, self.host, self.http, self.rpc, self.servers, self.ranks, 0)
        self.pid = self.zygote.launch(arguments, self.log, {})
        until = time.monotonic() + LAUNCHER_SECONDS
        barrier = self.zygote.barrier
        while not select.select([barrier.said], [], [], 0.02)[0]:
            if self.has_ended():
                raise self.lost_or_failed("the launcher ended before it had addresses")
            if time.monotonic() > until:
                raise Refusal("failed", f"no addresses after {LAUNCHER_SECONDS} s: {self.last_words()}")
        text = os.read(barrier.said, 65536).decode().split()
        self.ports = [serving.port_of(address) for address in text]
        return self.ports

    def bind(self, request):
        self.engines = subprocess.Popen(
            [sys.executable, str(HERE / "remote_engines.py"), f"tcp://{self.host}:{self.rpc}",
             *map(str, range(self.ranks))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.zygote.barrier.open()
        until = time.monotonic() + SERVING_SECONDS
        while self.read_log().count(serving.STARTED) < self.servers:
            if serving.taken_port(self.read_log()):
                raise self.lost_or_failed("")
            if self.has_ended():
                raise self.lost_or_failed("the launcher ended")
            if time.monotonic() > until:
                raise Refusal("failed", f"not all serve after {SERVING_SECONDS} s: {self.last_words()}")
            time.sleep(0.02)
        told = json.loads(self.engines.stdout.readline())
        self.ports = [serving.port_of(address) for address in told["inputs"] + told["outputs"]]
        self.complete()

    def complete(self):
        """A completion, through HTTP, an API server and its sockets to the engines."""
        body = json.dumps({"model": str(self.model), "prompt": "hello", "max_tokens": 4})
        request = urllib.request.Request(
            f"http://{self.host}:{self.http}/v1/completions", body.encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                json.load(answer)["choices"][0]
        except (OSError, ValueError, LookupError) as error:
            raise Refusal("failed", f"all API servers are up, but no completion comes: {error}: {self.last_words()}")

    def report(self, request):
        return self.ports

    def release(self, request):
        if self.engines:
            self.engines.kill()
            self.engines.wait()
            self.engines.stdin.close()
            self.engines.stdout.close()
            self.engines = None
        if self.pid:
            from zygote import end

            if not end(self.pid):
                raise Refusal("failed", f"the launcher (pid {self.pid}) and its processes could not be ended")
            self.pid = None
        if self.work:
            # Paths of ZeroMQ's ipc sockets.
            for path in self.work.iterdir():
                if path.is_socket():
                    path.unlink()

    def stop(self):
        self.release({})
        if self.work:
            shutil.rmtree(self.work, ignore_errors=True)

    def has_ended(self):
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            from zygote import end

            end(self.pid)
            self.pid = None
        return self.pid is None

    def read_log(self):
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")
        return ""

    def last_words(self):
        return serving.last_words(self.read_log())

    def lost_or_failed(self, what):
        """The refusal for a start that failed: a lost address where the log names a port of this launch."""
        taken = serving.taken_port(self.read_log())
        ports = getattr(self, "ports", [])
        if taken and taken[0] in ports:
            # Of an address that was drawn twice, the later socket is the one that cannot be bound.
            address = len(ports) - 1 - ports[::-1].index(taken[0])
            return Refusal("address-in-use", taken[1], address=address, port=taken[0])
        return Refusal("failed", f"{what}: {self.last_words()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--ranks", type=int, default=1, help="data parallel ranks, all on the other node")
    given = parser.parse_args()
    serve(RealVLLM(given.version, given.ranks))
