"""Binds port 0 once a line of its input, and tells each time whether it could; ends at the end of its input."""
import socket
import sys

print("ready", flush=True)
for _ in sys.stdin:
    try:
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        s.listen()
        print("ok" if s.getsockname()[1] else "no port", flush=True)
        s.close()
    except OSError as e:
        print(f"failed {e}", flush=True)
