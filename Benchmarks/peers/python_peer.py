"""The script a user writes today: multiprocessing and pyzmq, fresh processes for every trial.

The same experiment as the C peers: 16 API servers, 32 ports probed with bind(0), all servers released
together, each binding ROUTER then PULL. With --check on the parent dials every endpoint and has it say who
it is. Prints trials and seconds as JSON.
"""

import argparse
import json
import multiprocessing
import os
import socket
import time

import zmq

SERVERS = 16


def make_socket(context, kind):
    """The options of vLLM's make_zmq_socket on a host without large buffers."""
    made = context.socket(kind)
    if kind != zmq.PUSH:
        made.setsockopt(zmq.RCVHWM, 0)
        made.setsockopt(zmq.RCVBUF, -1)
    if kind != zmq.PULL:
        made.setsockopt(zmq.SNDHWM, 0)
        made.setsockopt(zmq.SNDBUF, -1)
    made.setsockopt(zmq.LINGER, 0)
    return made


def serve(number, ports, barrier, results, finish, check):
    context = zmq.Context(io_threads=2)
    router = make_socket(context, zmq.ROUTER)
    pull = make_socket(context, zmq.PULL)
    barrier.wait()
    try:
        router.bind(f"tcp://127.0.0.1:{ports[0]}")
        pull.bind(f"tcp://127.0.0.1:{ports[1]}")
    except zmq.ZMQError as error:
        results.put((number, "failed", error.errno))
    else:
        results.put((number, "bound", None))
        if check:
            answer(number, router, pull, results)
    finish.wait()
    context.destroy(linger=0)


def answer(number, router, pull, results):
    identity, nonce = router.recv_multipart()
    router.send_multipart([identity, nonce, str(number).encode()])
    results.put((number, "pulled", pull.recv()))


def identify(ports, bound, results):
    """Whether every bound endpoint is answered by the server that should own it."""
    context = zmq.Context()
    dealers, pushers, questions = {}, [], {}
    for server in bound:
        questions[server] = os.urandom(16), os.urandom(16)
        for kind, port, nonce in zip((zmq.DEALER, zmq.PUSH), ports[server], questions[server]):
            dialled = make_socket(context, kind)
            dialled.connect(f"tcp://127.0.0.1:{port}")
            dialled.send(nonce)
            if kind == zmq.DEALER:
                dealers[server] = dialled
            else:
                pushers.append(dialled)  # collected as garbage, it would be closed before it has sent
    good = True
    for server, dealer in dealers.items():
        good &= dealer.recv_multipart() == [questions[server][0], str(server).encode()]
    for _ in bound:
        server, _, nonce = results.get()
        good &= nonce == questions[server][1]
    context.destroy(linger=0)
    return good


def probe():
    with socket.socket() as probing:
        probing.bind(("", 0))
        return probing.getsockname()[1]


def run_trial(method, check):
    drawn = [probe() for _ in range(2 * SERVERS)]
    ports = [(drawn[server], drawn[SERVERS + server]) for server in range(SERVERS)]
    barrier = method.Barrier(SERVERS)
    results = method.SimpleQueue()
    finish = method.Event()
    servers = [
        method.Process(
            target=serve, args=(number, ports[number], barrier, results, finish, check), daemon=True)
        for number in range(SERVERS)
    ]
    for server in servers:
        server.start()
    bound = []
    for _ in range(SERVERS):
        number, what, _ = results.get()
        if what == "bound":
            bound.append(number)
    good = len(bound) == SERVERS
    if check:
        good &= identify(ports, bound, results)
    finish.set()
    for server in servers:
        server.join()
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--check", choices=["off", "on"], default="off")
    parser.add_argument("--method", choices=["fork", "spawn"], default="fork")
    options = parser.parse_args()
    method = multiprocessing.get_context(options.method)
    failed = 0
    started = time.monotonic()
    for _ in range(options.trials):
        failed += not run_trial(method, options.check == "on")
    seconds = time.monotonic() - started
    print(json.dumps({"trials": options.trials, "seconds": seconds, "failed": failed}))


if __name__ == "__main__":
    main()
