import contextlib

import msgspec.msgpack
import zmq

from vllm.utils.network_utils import make_zmq_socket


class EngineCoreProc:
    @contextlib.contextmanager
    def _perform_handshake(self, ctx, address, identity, local, headless, config, parallel):
        handshake = make_zmq_socket(ctx, address, zmq.DEALER, identity=identity, linger=5000, bind=False)
        yield self.startup_handshake(handshake, local, headless)
        ready = {"status": "READY", "local": local, "headless": headless}
        handshake.send(msgspec.msgpack.encode(ready))

    @staticmethod
    def startup_handshake(handshake, local, headless):
        hello = {"status": "HELLO", "local": local, "headless": headless}
        handshake.send(msgspec.msgpack.encode(hello))
        if not handshake.poll(timeout=5 * 60_000):
            raise RuntimeError("no init message")
        return handshake.recv().addresses

    def process_input_sockets(self, addresses, coordinator, identity, ready_event):
        ctx = zmq.Context()
        inputs = [make_zmq_socket(ctx, one, zmq.DEALER, identity=identity, bind=False) for one in addresses]
        subscriber = make_zmq_socket(ctx, coordinator, zmq.XSUB)
        subscriber.send(b"\x01")
        for one in inputs:
            one.send(b"")
        subscriber.recv()
        zmq.Poller().poll()

    def process_output_sockets(self, addresses, coordinator, rank):
        ctx = zmq.Context()
        for one in [*addresses, coordinator]:
            make_zmq_socket(ctx, one, zmq.PUSH, linger=4000)
        self.output_queue.get()
