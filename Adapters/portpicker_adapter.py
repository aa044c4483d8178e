"""Google's portpicker with its real portserver (PyPI package portpicker).

One portserver serves all launches of the namespace: the first adapter starts it, at an abstract Unix socket, which
belongs to the network namespace. Each trial's leases belong to a process that lives as long as the trial. That the
portserver does not answer is reported, never papered over with portpicker's own probing.

Options: --pool LOW-HIGH (the ports that the portserver manages; its own default is 15000-24999).
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from bindstorm_adapter import Adapter, Refusal, serve

try:
    import portpicker
    import psutil  # the portserver needs it
except ImportError as error:
    portpicker = None
    problem = f"{error}: run `make adapters`"

ADDRESS = "@bindstorm-portserver"


def answers():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect("\0" + ADDRESS[1:])
            return True
        except OSError:
            return False


class Portpicker(Adapter):
    name = "portpicker with portserver"

    def __init__(self, pool):
        self.pool = pool
        self.server = None
        self.holder = 0

    def hello(self, request):
        if portpicker is None:
            raise Refusal("unavailable", problem)
        script = os.path.join(os.path.dirname(sys.executable), "portserver.py")
        if not os.path.exists(script):
            script = shutil.which("portserver.py")
        if script is None:
            raise Refusal("unavailable", "there is no portserver.py: run `make adapters`")
        if not answers():
            self.server = subprocess.Popen(
                [sys.executable, script, "--portserver_address", ADDRESS]
                + ["--portserver_static_pool", self.pool],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        limit = time.monotonic() + 4
        while not answers():
            if time.monotonic() > limit:
                raise Refusal("failed", "the portserver does not answer")
            time.sleep(0.01)

    def allocate(self, request):
        self.holder = os.fork()
        if self.holder == 0:
            while True:
                signal.pause()
        ports = []
        for _ in range(request["addresses"]):
            port = portpicker.get_port_from_port_server(ADDRESS, pid=self.holder)
            if port is None:
                raise Refusal("exhausted", f"the portserver has no port left in {self.pool}")
            ports.append(port)
        return ports

    def release(self, request):
        if self.holder:
            os.kill(self.holder, signal.SIGKILL)
            os.waitpid(self.holder, 0)
            self.holder = 0

    def stop(self):
        self.release(None)
        if self.server:
            self.server.kill()
            self.server.wait()


parser = argparse.ArgumentParser()
parser.add_argument("--pool", default="15000-24999")
serve(Portpicker(parser.parse_args().pool))
