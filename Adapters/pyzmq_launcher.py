"""A launcher in Python that binds ROUTER and PULL itself, with pyzmq: wildcard bind, then report."""

import sys

from bindstorm_adapter import Adapter, Refusal, serve

try:
    import zmq
except ImportError as error:
    zmq = None
    problem = f"{error}: run `make adapters`"


class PyzmqLauncher(Adapter):
    name = "pyzmq launcher"
    version = "" if zmq is None else f"pyzmq {zmq.__version__}, libzmq {zmq.zmq_version()}"
    capabilities = ["allocate", "bind"]

    def hello(self, request):
        if zmq is None:
            raise Refusal("unavailable", problem)
        self.context = zmq.Context()
        self.context.set(zmq.MAX_SOCKETS, max(1024, 4 * request["addresses"]))
        self.servers = request["api_servers"]
        self.sockets = []

    def allocate(self, request):
        return [0] * request["addresses"]

    def bind(self, request):
        for kind in [zmq.ROUTER] * self.servers + [zmq.PULL] * self.servers:
            endpoint = self.context.socket(kind)
            endpoint.linger = 0
            self.sockets.append(endpoint)
            try:
                endpoint.bind("tcp://127.0.0.1:0")
            except zmq.ZMQError as error:
                raise OSError(error.errno, str(error)) from error

    def report(self, request):
        return [int(item.last_endpoint.decode().rsplit(":", 1)[1]) for item in self.sockets]

    def release(self, request):
        # libzmq closes listeners in its I/O thread: the events say when they are closed.
        for endpoint in self.sockets:
            monitor = endpoint.get_monitor_socket(zmq.EVENT_CLOSED)
            endpoint.unbind(endpoint.last_endpoint)
            if not monitor.poll(3000):
                raise Refusal("failed", "a listener was not closed in time")
            endpoint.disable_monitor()
            endpoint.close()
        self.sockets = []

    def stop(self):
        self.context.destroy(linger=0)


serve(PyzmqLauncher())
