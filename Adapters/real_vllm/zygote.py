"""Level `zygote`: many starts of `vllm serve` from one process that has the release imported.

Real: vLLM's command line, configuration, choice of ports, launcher, handshake, coordinator, API servers with HTTP.
No source of vLLM is changed. Not real: how processes come into being. The launcher is forked from this process, and
multiprocessing's context "spawn" is the context "fork", so that no process imports vLLM again; API servers therefore
inherit descriptors that they would not have otherwise. A barrier stands where the launcher is about to start its API
servers. The engine cores are remote_engines.py, as at the level `front`.
"""

import contextlib
import gc
import importlib
import os
import signal
import sys
import time

import setproctitle

# It finds the memory of the title at its first call, and only while the environment is as the kernel laid it: import this
# file before os.environ is changed. Otherwise processes keep the zygote's title.
setproctitle.getproctitle()

# Enough to start; what else launchers and API servers import is in the release's mark, seen in a start (probe.py).
FIRST = [
    "vllm.entrypoints.cli.main", "vllm.entrypoints.cli.serve", "vllm.entrypoints.openai.api_server",
    "vllm.v1.engine.async_llm", "vllm.v1.engine.core_client", "vllm.v1.engine.coordinator",
]


class Barrier:
    """Where a launcher waits before it starts its API servers. It says which addresses it has decided on."""

    def __init__(self):
        self.said, self.say = os.pipe()
        self.go, self.let = os.pipe()

    def descriptors(self):
        return {self.say, self.go}

    def wait(self, addresses):
        """In the launcher."""
        os.write(self.say, (" ".join(addresses) + "\n").encode())
        os.read(self.go, 1)

    def open(self):
        os.write(self.let, b"g")


class Zygote:
    """A process with vLLM imported, which forks launchers."""

    def __init__(self, has_barrier, modules=()):
        """- modules: what to import besides, so that no fork does; those that cannot be imported here are left to it."""
        import multiprocessing.context

        for name in FIRST:
            importlib.import_module(name)
        for name in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        import vllm

        self.version = vllm.__version__
        self.barrier = Barrier() if has_barrier else None
        if has_barrier:
            self.install_barrier()
        multiprocessing.context._concrete_contexts["spawn"] = multiprocessing.context._concrete_contexts["fork"]
        # Garbage collection in a fork would copy the pages that all share.
        gc.collect()
        gc.freeze()

    def install_barrier(self):
        """Before the manager of API servers starts them: where an unmodified start has the time that it takes them to
        import vLLM."""
        from vllm.entrypoints.cli import serve

        start = serve.APIServerProcessManager.__init__
        barrier = self.barrier

        def start_behind_barrier(manager, *positional, **named):
            listeners = [*named.get("input_listeners", []), *named.get("output_listeners", [])]
            addresses = [listener.address for listener in listeners]
            addresses += [*named.get("input_addresses", []), *named.get("output_addresses", [])]
            barrier.wait(addresses)
            return start(manager, *positional, **named)

        serve.APIServerProcessManager.__init__ = start_behind_barrier

    def launch(self, arguments, log, variables):
        """Forks a launcher that runs `vllm` with the arguments, in a session of its own. Returns its process id."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            os.setsid()
            self.take_over(log)
            os.environ.update(variables)
            sys.argv = ["vllm", *arguments]
            from vllm.entrypoints.cli.main import main

            code = main() or 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def take_over(self, log):
        """Standard streams become /dev/null and the log; everything else of this process is closed."""
        output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
        nothing = os.open("/dev/null", os.O_RDONLY)
        for source, target in [(nothing, 0), (output, 1), (output, 2)]:
            os.dup2(source, target)
        kept = self.barrier.descriptors() if self.barrier else set()
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in kept:
                try:
                    os.close(int(name))
                except OSError:
                    pass


def end(pid, limit=10.0):
    """Ends a launcher's whole session by SIGKILL. Returns whether all of it is gone: what is being killed still holds its
    ports for a moment, a long one on a busy host."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return True
        time.sleep(0.005)
    return False
