"""Makes each socket call twice and tells what came back: errno or ok, and how long it took."""
import errno
import socket
import sys
import time


def attempt(name, call):
    start = time.monotonic()
    try:
        result = call()
        text = "ok"
    except OSError as e:
        result, text = None, errno.errorcode[e.errno]
    print(f"{name} {text} {int((time.monotonic() - start) * 1000)}", flush=True)
    return result


first = attempt("socket", socket.socket) or socket.socket()
second = attempt("socket", socket.socket) or socket.socket()
attempt("bind", lambda: first.bind(("127.0.0.1", 0)))
attempt("bind", lambda: second.bind(("127.0.0.1", 0)))
attempt("listen", lambda: first.listen(5))
attempt("listen", lambda: second.listen(5))
for _ in range(2):
    client = socket.socket()
    attempt("connect", lambda: client.connect(first.getsockname()))
    first.settimeout(5)
    attempt("accept", first.accept)
