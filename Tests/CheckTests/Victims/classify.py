"""Programs that let no port go (negatives) and programs that do (positives): classify.py CASE."""
import asyncio
import multiprocessing.managers
import os
import socket
import subprocess
import sys
import threading

HERE = "127.0.0.1"


def tcp(host=HERE, port=0, listen=False, reuse=False, share=False, family=None):
    family = family or (socket.AF_INET6 if ":" in host else socket.AF_INET)
    s = socket.socket(family, socket.SOCK_STREAM)
    if reuse:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((host, port))
    if listen:
        s.listen()
    return s


def port_of(s):
    return s.getsockname()[1]


def serve_one(server):
    def answer():
        c, _ = server.accept()
        c.sendall(b"x")
        c.recv(1)
        c.close()

    t = threading.Thread(target=answer)
    t.start()
    client = socket.create_connection(server.getsockname()[:2])
    client.recv(1)
    client.close()
    t.join()


# ---- negatives


def kept_server():
    s = tcp(listen=True)
    serve_one(s)
    s.close()


def client_connects():
    s = tcp(listen=True)
    for _ in range(20):
        serve_one(s)


def bound_clients():
    s = tcp(listen=True)
    for _ in range(10):
        c = tcp()
        c.connect(s.getsockname())
        a, _ = s.accept()
        c.close()
        a.close()


def client_port_coincidence():
    s = tcp(listen=True)
    c = tcp()
    p = port_of(c)
    c.connect(s.getsockname())
    a, _ = s.accept()
    # The side that closes last has no TIME_WAIT, so that the number is free at once.
    a.close()
    c.recv(1)
    c.close()
    tcp(port=p, listen=True).close()


def reuseport_workers():
    first = tcp(listen=True, share=True)
    p = port_of(first)
    others = [tcp(port=p, listen=True, share=True) for _ in range(3)]
    del others


def reuseport_reservation():
    holder = tcp(share=True)
    worker = tcp(port=port_of(holder), listen=True, share=True)
    worker.close()
    holder.close()


def reuseaddr_reservation():
    holder = tcp(reuse=True)
    worker = tcp(port=port_of(holder), listen=True, reuse=True)
    worker.close()
    holder.close()


def inherited_listener():
    s = tcp(listen=True)
    s.set_inheritable(True)
    code = "import socket,sys; s=socket.socket(fileno=int(sys.argv[1])); s.listen(); print(s.getsockname()[1] > 0)"
    child = subprocess.Popen([sys.executable, "-S", "-c", code, str(s.fileno())], close_fds=False)
    s.close()
    assert child.wait() == 0


def descriptor_passing():
    a, b = socket.socketpair(socket.AF_UNIX)
    s = tcp(listen=True)
    socket.send_fds(a, [b"x"], [s.fileno()])
    s.close()
    _, fds, _, _ = socket.recv_fds(b, 1, 1)
    t = socket.socket(fileno=fds[0])
    serve_one(t)
    t.close()


def udp_server():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((HERE, 0))
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.sendto(b"x", s.getsockname())
    s.recv(1)


def dual_stack():
    s = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    c = socket.create_connection((HERE, port_of(s)))
    c.close()


def listen_without_bind():
    s = socket.socket()
    s.listen()
    c = socket.create_connection((HERE, port_of(s)))
    c.close()


def asyncio_server():
    async def main():
        async def answer(r, w):
            w.write(b"x")
            await w.drain()
            w.close()

        server = await asyncio.start_server(answer, HERE, 0)
        r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
        await r.read()
        w.close()
        server.close()

    asyncio.run(main())


def manager():
    class Manager(multiprocessing.managers.BaseManager):
        pass

    Manager.register("data", dict)
    m = Manager(address=(HERE, 0), authkey=b"x")
    m.start()
    m.data()
    m.shutdown()


def fixed_port():
    s = tcp(port=int(os.environ["FIXED_PORT"]), listen=True, reuse=True)
    s.close()
    tcp(port=int(os.environ["FIXED_PORT"]), listen=True, reuse=True).close()


def probe_held_bind_fails():
    s = tcp()
    try:
        tcp(port=port_of(s))
    except OSError:
        return
    raise SystemExit("the second bind succeeded")


# ---- positives


def probe_by_listen():
    s = socket.socket()
    s.listen()
    p = port_of(s)
    s.close()
    tcp(port=p, listen=True).close()


def v6_then_v4():
    s = socket.socket(socket.AF_INET6)
    s.bind(("::", 0))
    p = port_of(s)
    s.close()
    tcp(port=p).close()


def v4_then_v6():
    s = tcp()
    p = port_of(s)
    s.close()
    t = socket.socket(socket.AF_INET6)
    t.bind(("::1", p))


def restart():
    s = tcp(listen=True, reuse=True)
    p = port_of(s)
    serve_one(s)
    s.close()
    tcp(port=p, listen=True, reuse=True).close()


def duplicate():
    # With --force-duplicate the second probe gets the first one's port.
    ports = []
    for _ in range(2):
        s = tcp()
        ports.append(port_of(s))
        s.close()
    kept = []
    for p in ports:
        try:
            kept.append(tcp(port=p, listen=True))
        except OSError:
            pass


def udp_and_tcp():
    while True:
        s = tcp(listen=True)
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            u.bind((HERE, port_of(s)))
            return
        except OSError:
            continue


def v4_kept_v6_added():
    s = tcp(listen=True)
    t = socket.socket(socket.AF_INET6)
    t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    t.bind(("::1", port_of(s)))
    t.listen()


NEGATIVES = [
    kept_server, client_connects, bound_clients, client_port_coincidence, reuseport_workers,
    reuseport_reservation, reuseaddr_reservation, inherited_listener, descriptor_passing, udp_server,
    dual_stack, listen_without_bind, asyncio_server, manager, fixed_port,
    probe_held_bind_fails,
]
POSITIVES = [
    probe_by_listen, v6_then_v4, v4_then_v6, restart, duplicate, udp_and_tcp, v4_kept_v6_added,
]

if __name__ == "__main__":
    if sys.argv[1] == "list":
        print("\n".join(f"{kind} {case.__name__}" for kind, cases in
                        (("negative", NEGATIVES), ("positive", POSITIVES)) for case in cases))
    else:
        globals()[sys.argv[1]]()
