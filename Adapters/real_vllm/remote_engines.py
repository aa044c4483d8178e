"""Stands for the engine cores of a node without API servers (`vllm serve --headless`): speaks vLLM's wire protocol, has no
model. The head node cannot tell it from the real thing: it does the handshake, connects to each API server and to the
coordinator, says READY, answers what API servers ask of it while they start, and completes every request with fixed tokens.

    remote_engines.py tcp://HOST:RPC_PORT RANK...

Each engine writes the addresses that it was given to standard output, one JSON object a line. Ends with standard input.
Known to the protocol of vLLM 0.19.1 to 0.32.0; pyzmq and msgspec only.
"""

import argparse
import json
import os
import struct
import sys
import threading
import time

import msgspec
import zmq

# Kinds of requests of an API server (vllm/v1/engine/__init__.py, EngineCoreRequestType).
ADD = b"\x00"
UTILITY = b"\x03"
# What every completion consists of; the tokenizer turns them into text.
TOKENS = [72, 73, 74, 75]
# FinishReason.LENGTH
FINISHED = 1
# A subscription to everything, as an XSUB socket sends it.
SUBSCRIBE = b"\x01"

pack = msgspec.msgpack.encode
unpack = msgspec.msgpack.decode


class Engine:
    """One engine core: its sockets, from the handshake on."""

    def __init__(self, context, rank):
        self.context = context
        self.rank = rank
        # By which ROUTER sockets know an engine.
        self.identity = struct.pack("<H", rank)

    def socket(self, kind, address, linger=0):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, linger)
        if kind == zmq.DEALER:
            socket.setsockopt(zmq.IDENTITY, self.identity)
        socket.connect(address)
        return socket

    def run(self, handshake_address):
        handshake = self.socket(zmq.DEALER, handshake_address, linger=5000)
        about = {"local": False, "headless": True}
        handshake.send(pack({"status": "HELLO", **about}))
        addresses = unpack(handshake.recv())["addresses"]
        print(json.dumps({"rank": self.rank, **addresses}), flush=True)
        inputs = [self.socket(zmq.DEALER, address) for address in addresses["inputs"]]
        outputs = [self.socket(zmq.PUSH, address) for address in addresses["outputs"]]
        # An API server is ready when it has an empty message of every engine.
        for socket in inputs:
            socket.send(b"")
        if addresses.get("coordinator_input"):
            coordinator = self.socket(zmq.XSUB, addresses["coordinator_input"])
            self.socket(zmq.PUSH, addresses["coordinator_output"])
            coordinator.send(SUBSCRIBE)
            coordinator.recv()
        handshake.send(pack({"status": "READY", **about, "num_gpu_blocks": 16, "dp_stats_address": None}))
        self.serve(dict(zip(inputs, outputs)))

    def serve(self, outputs):
        poller = zmq.Poller()
        for socket in outputs:
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                kind, *frames = socket.recv_multipart()
                answer = self.answer(kind, frames)
                if answer is not None:
                    outputs[socket].send(pack(answer))

    def answer(self, kind, frames):
        """EngineCoreOutputs as an array: engine, outputs, statistics, time, the answer to a utility call."""
        if kind == ADD:
            request = unpack(frames[0])[0]
            done = [request, TOKENS, None, None, None, FINISHED]
            return [self.rank, [done], None, time.monotonic()]
        if kind == UTILITY:
            _, call, method, _ = unpack(frames[0])
            result = ["generate"] if method == "get_supported_tasks" else None
            return [self.rank, [], None, time.monotonic(), [call, None, [None, result]]]
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handshake", help="where the head node does the handshake")
    parser.add_argument("ranks", type=int, nargs="+", help="data parallel ranks of the engines")
    arguments = parser.parse_args()
    context = zmq.Context()
    for rank in arguments.ranks:
        threading.Thread(target=Engine(context, rank).run, args=(arguments.handshake,), daemon=True).start()
    sys.stdin.buffer.read()
    # The threads wait in libzmq and do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
