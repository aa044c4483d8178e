"""One start of real vLLM as a program of its own, for `bindstorm check` and for rows of the strategy `check`.

    run launch.py VERSION --level front|zygote|whole [--api-servers N] [--ranks N] [--moe]

Exit code 0: all API servers serve, and a completion came back. 1: the start failed. 2: it took longer than --limit.

    front   `vllm serve` as a user types it, unmodified. Only the engine cores of the other node are not vLLM's:
            remote_engines.py speaks for them.
    zygote  as front, but launcher and API servers are forked from a process that has vLLM imported (zygote.py).
    whole   everything is vLLM's: `vllm serve` on the head node with one rank and its engine, `vllm serve --headless` with
            the other ranks, real engine cores. With --apart the other ranks are in a network namespace of their own.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import layout  # noqa: E402
import serving  # noqa: E402

# Below the range that the kernel serves, and different for starts side by side.
HTTP_PORT = 20_000 + os.getpid() % 5_000
RPC_PORT = HTTP_PORT + 5_000
# What `vllm` is in a virtual environment whose scripts are not used.
VLLM = "import sys; from vllm.entrypoints.cli.main import main; sys.argv[0] = 'vllm'; sys.exit(main())"
END_SECONDS = 10


class Start:
    """The processes of one start, and its log."""

    def __init__(self, given):
        self.given = given
        self.environment = layout.Environment()
        self.environment.require(given.version)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="real-vllm-"))
        self.log = self.work / "head.log"
        self.variables = self.environment.variables(given.version)
        self.variables["VLLM_RPC_BASE_PATH"] = str(self.work)
        self.model = self.environment.model("moe" if given.moe else "dense")
        self.others = []
        self.head = self.node = None

    def vllm(self, arguments, log, prefix=()):
        """`vllm ARGUMENTS` in a session of its own."""
        with open(log, "ab") as output:
            return subprocess.Popen(
                [*prefix, str(self.environment.python), "-c", VLLM, *arguments], env=self.variables,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def begin(self):
        level, host, ranks = self.given.level, "127.0.0.1", self.given.ranks
        if self.given.apart:
            self.node, host = Node(), Node.HEAD
        self.host = host
        arguments = serving.head_arguments(
            self.model, host, HTTP_PORT, RPC_PORT, self.given.api_servers, ranks, 1 if level == "whole" else 0)
        if level == "zygote":
            self.head = self.forked(arguments)
        else:
            self.head = self.vllm(arguments, self.log)
        if level != "whole":
            self.others.append(subprocess.Popen(
                [sys.executable, str(HERE / "remote_engines.py"), f"tcp://{host}:{RPC_PORT}", *map(str, range(ranks))],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))
        elif ranks > 1:
            other = serving.headless_arguments(self.model, host, RPC_PORT, ranks, 1)
            prefix = self.node.prefix if self.node else ()
            self.others.append(self.vllm(other, self.work / "headless.log", prefix))

    def forked(self, arguments):
        from zygote import Zygote

        os.environ.update(self.variables)
        sys.path.insert(0, str(self.environment.release(self.given.version)))
        mark = layout.read_mark(self.environment.release(self.given.version))
        zygote = Zygote(has_barrier=False, modules=mark.get("modules", []))
        return Forked(zygote.launch(arguments, self.log, {}))

    def wait(self):
        """Until a completion came, the start failed, or the time is up. Returns the exit code and why."""
        until = time.monotonic() + self.given.limit
        while time.monotonic() < until:
            if self.head.poll() is not None:
                return 1, self.last_words()
            if self.read_log().count(serving.STARTED) >= self.given.api_servers:
                return self.complete()
            time.sleep(0.05)
        return 2, f"not all serve after {self.given.limit} s: {self.last_words()}"

    def complete(self):
        body = json.dumps({"model": str(self.model), "prompt": "hello", "max_tokens": 4}).encode()
        request = urllib.request.Request(
            f"http://{self.host}:{HTTP_PORT}/v1/completions", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                choice = json.load(answer)["choices"][0]
        except urllib.error.HTTPError as error:
            return 1, f"all API servers are up, but the completion fails: {error.read().decode(errors='replace')[:300]}"
        except (OSError, ValueError, LookupError) as error:
            return 1, f"all API servers are up, but no completion comes: {error}"
        return 0, f"a completion of {choice['finish_reason']}: {choice['text']!r}"

    def read_log(self):
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")
        return ""

    def last_words(self):
        texts = [serving.last_words(self.read_log())]
        with contextlib.suppress(OSError):
            texts.append(serving.last_words((self.work / "headless.log").read_text(errors="replace")))
        return " | ".join(texts)

    def end(self):
        for process in [self.head, *self.others]:
            if process is not None and process.poll() is None:
                process.terminate()
        until = time.monotonic() + END_SECONDS
        for process in [self.head, *self.others]:
            while process is not None and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            with contextlib.suppress(OSError, AttributeError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(OSError, AttributeError):
                process.kill()
        if self.node:
            self.node.end()
        if self.given.keep_log:
            shutil.copy(self.log, self.given.keep_log)
        shutil.rmtree(self.work, ignore_errors=True)


class Node:
    """The other node: a network namespace, with a cable to this process's own, which is the head node's."""

    HEAD, OTHER = "10.66.0.1", "10.66.0.2"

    def __init__(self):
        # It stands for the namespace, and ends with its standard input.
        self.holder = subprocess.Popen(
            ["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.prefix = ["nsenter", "--target", str(self.holder.pid), "--net", "--"]
        own = os.readlink("/proc/self/ns/net")
        until = time.monotonic() + END_SECONDS
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            if self.holder.poll() is not None or time.monotonic() > until:
                raise NoNode("unshare(1) makes no network namespace here: run it as root, or under `unshare -rn`")
            time.sleep(0.01)
        for command in [
            f"ip link add real-vllm type veth peer name head netns {self.holder.pid}",
            f"ip address add {self.HEAD}/30 dev real-vllm", "ip link set real-vllm up", "ip link set lo up",
        ]:
            self.call(command.split())
        for command in [f"ip address add {self.OTHER}/30 dev head", "ip link set head up", "ip link set lo up"]:
            self.call([*self.prefix, *command.split()])

    @staticmethod
    def call(command):
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode != 0:
            raise NoNode(f"{' '.join(command)}: {finished.stderr.strip()}")

    def end(self):
        """The cable goes with the namespace."""
        self.holder.stdin.close()
        self.holder.wait()


class NoNode(Exception):
    """There can be no second network namespace; the text says why."""


class Forked:
    """A launcher forked from a zygote, with the methods of subprocess.Popen that are used here."""

    def __init__(self, pid):
        self.pid = pid
        self.code = None

    def poll(self):
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def kill(self):
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--level", choices=["front", "zygote", "whole"], default="front")
    parser.add_argument("--api-servers", type=int, default=4)
    parser.add_argument("--ranks", type=int, default=1, help="data parallel ranks")
    parser.add_argument("--moe", action="store_true", help="a mixture of experts, at the level whole only")
    parser.add_argument("--apart", action="store_true", help="whole: the other ranks' node has a namespace of its own")
    parser.add_argument("--limit", type=float, default=300, help="seconds")
    parser.add_argument("--keep-log", metavar="FILE", help="copy the head node's log there")
    given = parser.parse_args()
    if given.moe and given.level != "whole":
        parser.error("--moe needs real engines: --level whole")
    if given.apart and (given.level != "whole" or given.ranks < 2):
        parser.error("--apart needs --level whole and --ranks 2 or more")
    try:
        start = Start(given)
    except layout.Missing as missing:
        sys.exit(f"real-vllm: {missing}")
    began = time.monotonic()
    code, why = 1, "it did not begin"
    # A signal ends the start as its own end does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        start.begin()
        code, why = start.wait()
    except NoNode as problem:
        why = str(problem)
    finally:
        start.end()
    words = f"vLLM {given.version}, level {given.level}, {time.monotonic() - began:.1f} s: {why}"
    print(words, file=sys.stderr if code else sys.stdout)
    sys.exit(code)


if __name__ == "__main__":
    main()
