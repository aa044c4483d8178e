"""Programs that choose numbers by themselves, or use a number where nothing reserved it: numbers.py CASE."""
import socket
import subprocess
import sys
import threading
import time

HERE = "127.0.0.1"
V6 = "::1"


def bound(port, host=HERE, kind=socket.SOCK_STREAM, reuse=False, listen=False):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, kind)
    try:
        if reuse:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        s.bind((host, port))
        if listen:
            s.listen()
    except OSError:
        s.close()
        raise
    return s


def chosen(kind=socket.SOCK_STREAM, host=HERE):
    """A socket whose number the kernel chose."""
    s = bound(0, host, kind)
    return s, s.getsockname()[1]


def let_go(kind=socket.SOCK_STREAM):
    s, port = chosen(kind)
    s.close()
    return port


def scan(listen=False, kind=socket.SOCK_STREAM):
    for port in range(21_000, 21_100):
        try:
            bound(port, kind=kind, listen=listen).close()
            return port
        except OSError:
            continue
    raise SystemExit("no port is free")


# ---- numbers of the program's own choice


def scan_bind():
    bound(scan(), reuse=True, listen=True)


def scan_listen():
    bound(scan(listen=True), reuse=True, listen=True)


def scan_udp():
    bound(scan(kind=socket.SOCK_DGRAM), kind=socket.SOCK_DGRAM)


def scan_past_a_taken_one():
    holder = bound(21_000, listen=True)
    port = scan()
    assert port == 21_001
    bound(port, listen=True)
    holder.close()


def scan_in_helper():
    port = int(subprocess.check_output([sys.executable, __file__, "print_scan"]))
    subprocess.run([sys.executable, __file__, "serve", str(port)], check=True)


def print_scan():
    print(scan())


def serve():
    bound(int(sys.argv[2]), listen=True)


def verify_and_bind():
    port = scan()
    bound(port).close()
    bound(port)


# ---- the same, without a trial


def scan_and_keep():
    kept = []
    for port in range(21_000, 21_003):
        kept.append(bound(port, listen=True))
        try:
            bound(port)
        except OSError:
            pass


def restart_after_use():
    for _ in range(3):
        s = bound(21_000, reuse=True, listen=True)
        c = socket.create_connection((HERE, 21_000))
        a, _ = s.accept()
        for x in (a, c, s):
            x.close()


def restart_unused():
    # Longer than any trial takes, whatever the machine does.
    for _ in range(2):
        s = bound(21_000, reuse=True, listen=True)
        time.sleep(0.4)
        s.close()


def restart_killed():
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, __file__, "serve_and_wait", "21000"], stdout=subprocess.PIPE)
        child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()


def serve_and_wait():
    s = bound(int(sys.argv[2]), reuse=True, listen=True)
    print("up", flush=True)
    s.accept()


def shared_fixed_port():
    kept = []
    for _ in range(3):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind((HERE, 21_000))
        s.listen()
        kept.append(s)


def fixed_in_both_families():
    bound(21_000, listen=True), bound(21_000, V6, listen=True)


def fixed_in_both_protocols():
    bound(21_000, listen=True), bound(21_000, kind=socket.SOCK_DGRAM)


def fixed_far_from_chosen():
    s, _ = chosen()
    bound(21_000, listen=True)


# ---- where nothing reserved the number


def tcp_let_go_udp_bound():
    bound(let_go(), kind=socket.SOCK_DGRAM)


def udp_let_go_tcp_bound():
    bound(let_go(socket.SOCK_DGRAM), listen=True)


def udp_held_tcp_bound():
    s, port = chosen(socket.SOCK_DGRAM)
    bound(port, listen=True)


def v4_held_v6_bound():
    s, port = chosen()
    bound(port, V6, listen=True)


def other_loopback_bound():
    s, port = chosen()
    bound(port, "127.0.0.2", listen=True)


def near(offset):
    while True:
        s, port = chosen()
        # Above the range nothing was chosen; the number must exist.
        if port + offset <= 65_535:
            return s, port + offset


def next_number():
    s, port = near(1)
    bound(port, listen=True)


def next_but_one_over_udp():
    s, port = near(2)
    bound(port, kind=socket.SOCK_DGRAM)


def bus_in_child():
    s, port = near(10_000)
    subprocess.run([sys.executable, __file__, "serve", str(port)], check=True)


# ---- numbers whose freedom a refused connection told, and clients that wait for a server


def refused(port=22_000):
    with socket.socket() as s:
        return s.connect_ex((HERE, port)) != 0


def connect_then_bind():
    port = next(p for p in range(22_000, 22_100) if refused(p))
    bound(port, listen=True)


def connect_then_start():
    port = next(p for p in range(22_000, 22_100) if refused(p))
    subprocess.run([sys.executable, __file__, "serve", str(port)], check=True)


def wait_for_child():
    # The child serves only when it is told that a connection was refused.
    child = subprocess.Popen(
        [sys.executable, __file__, "serve_when_told"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    assert refused()
    child.stdin.write(b"go\n")
    child.stdin.flush()
    child.stdout.readline()
    assert not refused()
    child.communicate()


def serve_when_told():
    sys.stdin.readline()
    s = bound(22_000, listen=True)
    print("up", flush=True)
    sys.stdin.read()


def wait_for_thread():
    is_refused, is_up, is_done = threading.Event(), threading.Event(), threading.Event()

    def server():
        is_refused.wait()
        s = bound(22_000, listen=True)
        is_up.set()
        is_done.wait()
        s.close()

    thread = threading.Thread(target=server)
    thread.start()
    assert refused()
    is_refused.set()
    is_up.wait()
    assert not refused()
    is_done.set()
    thread.join()


# ---- victims that do not give up at the first refusal: they fail only if the thief is everywhere


def dual_fallback():
    port = let_go()
    for host in ("::", "0.0.0.0"):
        try:
            return bound(port, host, reuse=True, listen=True)
        except OSError:
            continue
    sys.exit(3)


def localhost_twice():
    port = let_go()
    up = []
    for host in (V6, HERE):
        try:
            up.append(bound(port, host, reuse=True, listen=True))
        except OSError:
            continue
    if not up:
        sys.exit(3)


def tries_again():
    port = let_go()
    for _ in range(5):
        try:
            return bound(port, reuse=True, listen=True)
        except OSError:
            time.sleep(0.02)
    sys.exit(3)


def goes_to_another_loopback():
    port = let_go()
    for host in (HERE, "127.0.0.3", "127.0.0.4"):
        try:
            return bound(port, host, reuse=True, listen=True)
        except OSError:
            continue
    sys.exit(3)


def udp_fallback():
    port = let_go(socket.SOCK_DGRAM)
    for host in ("::", "0.0.0.0"):
        try:
            return bound(port, host, socket.SOCK_DGRAM)
        except OSError:
            continue
    sys.exit(3)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
