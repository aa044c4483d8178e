"""A launcher as it stands, no adapter: two_process_launcher.py probe|retry|report.

The parent starts an API server in a process of its own and is done once that has answered a request, with exit
code 0. How they agree on the port:

  probe   the parent binds port 0, reads the number, lets go, and tells the API server to bind it
  retry   the same, but the API server that lost the number asks for another one, up to three times
  report  the API server binds port 0 itself and reports the number
"""

import errno
import socket
import subprocess
import sys


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def api_server(port):
    server = socket.socket()
    try:
        server.bind(("127.0.0.1", port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"OSError: [Errno 98] Address already in use: port {port}")
        raise
    server.listen()
    print(server.getsockname()[1], flush=True)
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(64))


def launch(port):
    command = [sys.executable, __file__, "api-server", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    bound = server.stdout.readline()
    if not bound:
        return server.wait() == 0
    with socket.create_connection(("127.0.0.1", int(bound)), timeout=5) as client:
        client.sendall(b"ready?")
        answered = client.recv(64) == b"ready?"
    return server.wait() == 0 and answered


def main():
    kind = sys.argv[1]
    if kind == "api-server":
        return api_server(int(sys.argv[2]))
    if kind == "report":
        worked = launch(0)
    elif kind == "probe":
        worked = launch(free_port())
    elif kind == "retry":
        worked = any(launch(free_port()) for _ in range(4))
    else:
        sys.exit(__doc__)
    sys.exit(0 if worked else 1)


main()
