"""A deployment that does not look whether its server could bind: its client dials the number all the same, and
tells whether somebody answered the dial."""
import socket
import subprocess
import sys

if len(sys.argv) > 1:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        print("connected", flush=True)
    except ConnectionRefusedError:
        print("refused", flush=True)
    sys.exit(0)
probe = socket.socket()
probe.bind(("127.0.0.1", 0))
port = probe.getsockname()[1]
probe.close()
server = socket.socket()
try:
    server.bind(("127.0.0.1", port))
    server.listen()
except OSError:
    pass
sys.exit(subprocess.run([sys.executable, sys.argv[0], str(port)]).returncode)
