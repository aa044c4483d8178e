import socket

import zmq


def get_open_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def get_tcp_uri(host, port):
    return f"tcp://{host}:{port}"


def make_zmq_socket(ctx, path, kind, bind=None, identity=None, linger=None):
    made = ctx.socket(kind)
    if kind in (zmq.PULL, zmq.DEALER, zmq.ROUTER):
        made.setsockopt(zmq.RCVHWM, 0)
        made.setsockopt(zmq.RCVBUF, -1)
    if kind in (zmq.PUSH, zmq.DEALER, zmq.ROUTER):
        made.setsockopt(zmq.SNDHWM, 0)
    if identity is not None:
        made.setsockopt(zmq.IDENTITY, identity)
    if linger is not None:
        made.setsockopt(zmq.LINGER, linger)
    if kind == zmq.XPUB:
        made.setsockopt(zmq.XPUB_VERBOSE, True)
    if bind is None:
        bind = kind not in (zmq.PUSH, zmq.XSUB)
    made.bind(path) if bind else made.connect(path)
    return made
