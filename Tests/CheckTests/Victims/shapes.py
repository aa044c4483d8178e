"""Shapes of port races besides a probe and a re-bind: shapes.py CASE [ARGUMENT]."""
import os
import socket
import subprocess
import sys
import time

HERE = "127.0.0.1"


def tcp(port=0, host=HERE, share=False, reuse=False, listen=False):
    s = socket.socket()
    if share:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if reuse:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    if listen:
        s.listen()
    return s


def udp(*options, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in options:
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((HERE, port))
    return s


def port_of(s):
    return s.getsockname()[1]


def probe():
    with tcp() as s:
        return port_of(s)


def again(case, *words):
    return subprocess.Popen([sys.executable, __file__, case, *map(str, words)])


# ---- live twins


def twins(option):
    sockets = [udp(getattr(socket, option)) for _ in range(4)]
    print(len({port_of(s) for s in sockets}))


def families(only):
    for family, host in (socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0"):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only))
        s.bind((host, 0))
        kept.append(s)
    print(len({port_of(s) for s in kept}))


kept = []


def lonely():
    sockets = [udp() for _ in range(16)]
    print(len({port_of(s) for s in sockets}))


def multicast():
    first = udp(socket.SO_REUSEADDR)
    second = udp(socket.SO_REUSEADDR, port=port_of(first))
    print(port_of(second) == port_of(first))


# ---- two owners through SO_REUSEPORT


def owner():
    sys.stdin.readline()
    port = probe()
    print("probed", flush=True)
    sys.stdin.readline()
    s = tcp(port, share=True, listen=True)
    print("bound", flush=True)
    sys.stdin.readline()
    s.close()


def owners():
    """Two processes, each of which asks for a number and then binds it; at the end both listen."""
    both = [
        subprocess.Popen([sys.executable, __file__, "owner"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for _ in "ask", "bind":
        for one in both:
            one.stdin.write(b"\n")
            one.stdin.flush()
            assert one.stdout.readline()
    sys.exit(any([one.communicate() and one.wait() for one in both]))


def worker(port):
    s = tcp(int(port), share=True, listen=True)
    print("up", flush=True)
    sys.stdin.read()
    s.close()


def pool():
    holder = tcp(share=True)
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "worker", str(port_of(holder))], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for w in workers:
        assert w.stdout.readline() == b"up\n"
    sys.exit(any([w.communicate() and w.wait() for w in workers]))


def stranger(*command):
    """Runs a command beside a process that takes each number that it finds in a file, and shares it."""
    if os.fork() == 0:
        while os.getppid() != 1:
            try:
                with open("number") as f:
                    s = tcp(int(f.read()), share=True, listen=True)
                os.rename("number", "taken")
            except (OSError, ValueError):
                time.sleep(0.001)
        os._exit(0)
    os.execvp(command[0], command)


def sharer():
    port = probe()
    with open("new", "w") as f:
        f.write(str(port))
    os.rename("new", "number")
    while not os.path.exists("taken"):
        time.sleep(0.001)
    tcp(port, share=True, listen=True)
    print("up")


def served():
    """A server that sets SO_REUSEPORT, and a client that must get its answer."""
    port = probe()
    s = tcp(port, host="0.0.0.0", share=True, listen=True)
    c = socket.create_connection((HERE, port))
    c.settimeout(10)
    print("other" if c.recv(1) == b"" else "own")


# ---- numbers that no bind chose


def by_connect():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((HERE, 9))
        port = port_of(s)
    udp(port=port)


def by_send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", (HERE, 9))
        port = port_of(s)
    udp(port=port)


def by_tcp_connect():
    server = tcp(listen=True)
    client = socket.create_connection(server.getsockname())
    port = port_of(client)
    accepted, _ = server.accept()
    # The side that closes last has no TIME_WAIT.
    accepted.close()
    client.recv(1)
    client.close()
    tcp(port, listen=True)


def fixed_restart(port):
    """A server on a fixed ephemeral number that served, twice."""
    for _ in range(2):
        server = tcp(int(port), reuse=True, listen=True)
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        client.close()
        accepted.recv(1)
        accepted.close()
        server.close()


# ---- connections to oneself, and connections that hold a port


def self_connect(port):
    s = socket.socket()
    s.connect((HERE, int(port)))
    print(s.getsockname() == s.getpeername())


def self_on_purpose():
    s = tcp()
    s.connect(s.getsockname())
    print(s.getsockname() == s.getpeername())


def squat(port):
    up = tcp(listen=True)
    side = socket.create_connection(up.getsockname())
    assert port_of(side) == int(port)
    try:
        tcp(int(port), host="0.0.0.0", listen=True)
    except OSError as e:
        print(os.strerror(e.errno))


def squat_probed(fixed):
    up = tcp(int(fixed), listen=True)
    port = probe()
    side = socket.create_connection(up.getsockname())
    assert port_of(side) == port
    try:
        tcp(port, listen=True)
    except OSError as e:
        print(os.strerror(e.errno))


# ---- numbers that must be dead


def dead():
    port = probe()
    try:
        socket.create_connection((HERE, port))
        print("answered")
    except ConnectionRefusedError:
        print("dead")


def patient(again):
    port = probe()
    for n in range(3):
        try:
            socket.create_connection((HERE, port))
        except ConnectionRefusedError:
            pass
    s = tcp(port, reuse=True, listen=True)
    if again == "again":
        socket.create_connection((HERE, port))
    print("up")


def stopped_server():
    """Not a probe: it served, and is expected to be gone."""
    with tcp(listen=True) as s:
        c = socket.create_connection(s.getsockname())
        c.close()
        port = port_of(s)
    try:
        socket.create_connection((HERE, port))
        print("answered")
    except ConnectionRefusedError:
        print("dead")


# ---- success without a server


def deaf():
    try:
        tcp(probe(), listen=True)
    except OSError:
        pass
    print("up")


def recovers():
    try:
        tcp(probe(), listen=True)
    except OSError:
        tcp(listen=True)
    print("up")


def connects(count):
    server = tcp(listen=True)
    start = time.monotonic()
    for _ in range(int(count)):
        c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        c.connect(server.getsockname())
        c.close()
    print(time.monotonic() - start)


globals()[sys.argv[1]](*sys.argv[2:])
