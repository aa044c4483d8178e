"""An adapter with plain TCP sockets: socket_adapter.py probe|wildcard|numbers.

probe: numbers are drawn by bind(0), let go, and bound again. wildcard: bound to port 0, then reported.
numbers: drawn and let go, for API servers to bind.
"""

import errno
import socket
import sys

from bindstorm_adapter import Adapter, Refusal, serve


class SocketAdapter(Adapter):
    name = f"sockets, {sys.argv[1]}"
    capabilities = ["allocate"] + ([] if sys.argv[1] == "numbers" else ["bind"])

    def hello(self, request):
        self.listeners = []
        self.ports = []

    def allocate(self, request):
        self.ports = [0] * request["addresses"]
        if sys.argv[1] != "wildcard":
            # Kept until all are drawn, so that one launch never draws a number twice.
            probes = [socket.socket() for _ in self.ports]
            for probe in probes:
                probe.bind(("127.0.0.1", 0))
            self.ports = [probe.getsockname()[1] for probe in probes]
            for probe in probes:
                probe.close()
        return self.ports

    def bind(self, request):
        for address, port in enumerate(self.ports):
            listener = socket.socket()
            self.listeners.append(listener)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise Refusal(
                    "address-in-use", str(error), address=address, port=port
                ) from error
            listener.listen()

    def report(self, request):
        return [listener.getsockname()[1] for listener in self.listeners]

    def release(self, request):
        for listener in self.listeners:
            listener.close()
        self.listeners = []


serve(SocketAdapter())
