"""A launcher of the probe-then-bind kind: launcher.py plain|spawn|fork|forkserver [tcp|zmq] [racy|fixed].

The parent probes a port and lets it go; the child binds it and says so. `fixed`: the child binds port 0 and
reports the port back. Ends with 0 when the child could bind, 3 when not."""
import multiprocessing
import socket
import sys


def find_port():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    return port


def bind(kind, port):
    if kind == "zmq":
        import zmq

        s = zmq.Context.instance().socket(zmq.ROUTER)
        s.setsockopt(zmq.LINGER, 0)
        try:
            s.bind(f"tcp://127.0.0.1:{port or '*'}")
        except zmq.ZMQError as e:
            return None, e.errno
        return s, int(s.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0").rsplit(":", 1)[1])
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", port))
        s.listen()
    except OSError as e:
        return None, e.errno
    return s, s.getsockname()[1]


def child(kind, port, pipe):
    s, result = bind(kind, port)
    pipe.send((s is not None, result))
    pipe.recv()


def main():
    method = sys.argv[1]
    kind = sys.argv[2] if len(sys.argv) > 2 else "tcp"
    port = 0 if sys.argv[3:] == ["fixed"] else find_port()
    if method == "plain":
        s, result = bind(kind, port)
        worked = s is not None
    else:
        context = multiprocessing.get_context(method)
        mine, theirs = context.Pipe()
        p = context.Process(target=child, args=(kind, port, theirs))
        p.start()
        worked, result = mine.recv()
        mine.send(None)
        p.join()
    print("ok" if worked else f"failed {result}", flush=True)
    sys.exit(0 if worked else 3)


if __name__ == "__main__":
    main()
