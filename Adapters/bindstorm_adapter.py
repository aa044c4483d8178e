"""The adapter's side of bindstorm's adapter protocol, version 1 (Documentation/adapter-protocol.md).

Subclass `Adapter`, implement the requests that the capabilities promise, and call `serve()`.
Standard output belongs to the protocol: `serve` keeps it for the answers and sends prints to standard error.
"""

import errno
import json
import os
import socket
import sys


class Refusal(Exception):
    """A failure that the adapter reports: kind is unavailable, address-in-use, exhausted or failed."""

    def __init__(self, kind, message, **members):
        super().__init__(message)
        self.members = {"error": kind, "message": message, **members}


class Adapter:
    name = "adapter"
    version = ""
    capabilities = ["allocate"]

    def hello(self, request):
        """Raises Refusal("unavailable", why) where the adapter cannot work."""

    def allocate(self, request):
        """Returns a port for each address: all inputs, then all outputs."""
        raise NotImplementedError

    def listeners(self):
        """With the capability listeners: the sockets of the last allocation, by address."""
        raise NotImplementedError

    def sent(self):
        """The sockets are on their way: close the own copies, or the ports stay taken."""
        raise NotImplementedError

    def bind(self, request):
        raise NotImplementedError

    def report(self, request):
        raise NotImplementedError

    def release(self, request):
        """Lets go of everything that belongs to the trial."""

    def stop(self):
        """The process ends now."""


def pass_listeners(channel, listeners, at_once=64):
    for first in range(0, len(listeners), at_once):
        descriptors = [item.fileno() for item in listeners[first : first + at_once]]
        socket.send_fds(channel, [b"l"], descriptors)


def answer_to(adapter, request, state):
    kind = request["request"]
    if kind == "hello":
        if "listeners" in adapter.capabilities:
            descriptor = request["listener_descriptor"]
            state["channel"] = socket.socket(fileno=descriptor)
            os.set_inheritable(descriptor, False)
        adapter.hello(request)
        return {
            "protocol": 1,
            "name": adapter.name,
            "version": adapter.version,
            "capabilities": adapter.capabilities,
        }
    if kind == "allocate":
        ports = adapter.allocate(request)
        if "listeners" in adapter.capabilities:
            pass_listeners(state["channel"], adapter.listeners())
            adapter.sent()
        return {"ports": ports}
    if kind == "report":
        return {"ports": adapter.report(request)}
    if kind == "stop":
        adapter.stop()
        return {}
    if kind in ("bind", "release"):
        getattr(adapter, kind)(request)
        return {}
    raise Refusal("failed", f"unknown request {kind}")


def serve(adapter):
    # Whatever prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    state = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = answer_to(adapter, request, state)
        except Refusal as refusal:
            answer = refusal.members
        except OSError as error:
            kind = "exhausted" if error.errno == errno.EADDRINUSE else "failed"
            answer = {"error": kind, "message": str(error)}
        answers.write(json.dumps({"id": request["id"], **answer}) + "\n")
        if request["request"] == "stop":
            break
    else:
        adapter.stop()
