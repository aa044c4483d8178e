"""Launchers that report ready: ready.py CASE. Each probes a number, starts a server with it as another process, and asks
whether the server is there, over TCP or HTTP. Ends with 0 when it says so."""
import http.client
import http.server
import os
import socket
import subprocess
import sys
import time

HERE = "127.0.0.1"
TOKEN = "token-of-this-run"


def probe():
    with socket.socket() as s:
        s.bind((HERE, 0))
        return s.getsockname()[1]


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TOKEN.encode())

    def log_message(self, *_):
        pass


def server(port):
    """A server whose end nobody looks at. It lives until its input ends."""
    try:
        s = http.server.HTTPServer((HERE, int(port)), Health)
    except OSError:
        sys.stdin.read()
        return
    while True:
        s.handle_request()


def drifting(port):
    """A server that takes the next best number, as many do, and tells nobody."""
    try:
        s = http.server.HTTPServer((HERE, int(port)), Health)
    except OSError:
        s = http.server.HTTPServer((HERE, 0), Health)
    print("up", flush=True)
    while True:
        s.handle_request()


def start(port, kind="server"):
    child = subprocess.Popen(
        [sys.executable, __file__, kind, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    children.append(child)
    return child


def waits(ask, port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return ask(port)
        except OSError:
            time.sleep(0.01)
    sys.exit("never ready")


def connects(port):
    socket.create_connection((HERE, port)).close()
    return True


def gets(port):
    """Any 200 will do."""
    c = http.client.HTTPConnection(HERE, port, timeout=20)
    c.request("GET", "/health")
    return c.getresponse().status == 200


def identifies(port):
    c = http.client.HTTPConnection(HERE, port, timeout=20)
    c.request("GET", "/health")
    return c.getresponse().read().decode() == TOKEN


def says_ready(is_ready):
    print("ready" if is_ready else "somebody else answers", flush=True)
    return 0 if is_ready else 1


def tcp():
    port = probe()
    start(port)
    return says_ready(waits(connects, port))


def web():
    port = probe()
    start(port)
    return says_ready(waits(gets, port))


def drifts():
    """Waits for the server's word that it is up, and asks at the number that it was given."""
    port = probe()
    start(port, "drifting").stdout.readline()
    return says_ready(waits(gets, port))


def token():
    port = probe()
    start(port)
    return says_ready(waits(identifies, port))


def moves():
    """Notices the stranger, and begins again with another number."""
    for _ in range(3):
        port = probe()
        start(port)
        if waits(identifies, port):
            return says_ready(True)
    return says_ready(False)


def two():
    """The first server is only asked for a 200; the second one binds port 0 and is asked as well."""
    port = probe()
    start(port)
    waits(gets, port)
    second = http.server.HTTPServer((HERE, 0), Health)
    connects(second.server_address[1])
    return says_ready(True)


def deaf():
    """Nobody asks."""
    start(probe(), "binds").wait()
    return says_ready(True)


def binds(port):
    try:
        socket.create_server((HERE, int(port)))
    except OSError:
        pass


if __name__ == "__main__":
    children = []
    code = globals()[sys.argv[1]](*sys.argv[2:])
    for child in children:
        child.kill()
    sys.exit(code)
