# Two windows: the first one's loss is survived with another number, the second one's is not.
import socket
import sys


def listener(port):
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    s.listen()
    return s


def probe():
    with listener(0) as s:
        return s.getsockname()[1]


def tolerant():
    for _ in range(5):
        try:
            return listener(probe())
        except OSError:
            pass
    sys.exit("no number at all")


front = tolerant()
back = listener(probe())
print("both up")
