import Foundation
import TestSupport

/// An adapter in Python whose listeners are where its first argument says, and its strangers.
enum OwnershipAdapter {
  static let script = #"""
    import json, os, signal, socket, sys, threading, time

    how = sys.argv[1]
    capability, _, kind = how.partition("/")
    V4, V6 = socket.AF_INET, socket.AF_INET6
    held, strangers, children = [], [], []
    places = {
        "loopback": (V4, "127.0.0.1"), "second": (V4, "127.0.0.2"), "wildcard": (V4, "0.0.0.0"),
        "loopback6": (V6, "::1"), "dual": (V6, "::"), "only6": (V6, "::"), "mapped": (V6, "::ffff:127.0.0.1"),
    }


    def opened(place, port=0, shared=False, kind=socket.SOCK_STREAM, backlog=16):
        family, address = places[place]
        one = socket.socket(family, kind)
        if family == V6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(place in ("only6", "loopback6")))
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((address, port))
        if kind == socket.SOCK_STREAM and backlog is not None:
            one.listen(backlog)
        return one


    def port(one):
        return one.getsockname()[1]


    def child(*, stopped=False, only=None):
        pid = os.fork()
        if pid == 0:
            for one in held if only else []:
                if one is not only:
                    one.close()
            if stopped:
                os.kill(os.getpid(), signal.SIGSTOP)
            while True:
                signal.pause()
        children.append(pid)
        if stopped:
            os.waitpid(pid, os.WUNTRACED)
        return pid


    def exactly(connection, count):
        data = b""
        while len(data) < count:
            part = connection.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data


    def zmtp_frame(connection):
        flags, size = exactly(connection, 2)
        return exactly(connection, size)


    def zmtp(connection):
        connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16 + 1 + 31))
        exactly(connection, 64)
        command = b"\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER"
        connection.sendall(bytes([4, len(command)]) + command)
        zmtp_frame(connection)
        return zmtp_frame(connection)


    def wrong(question):
        return b"\x01" * 8 + question[8:12] + b"\x01\x00\x00\x00"


    def answer(connection):
        try:
            if kind == "banner":
                connection.sendall(b"SSH-2.0-stranger\r\n")
            elif kind == "echo":
                connection.sendall(exactly(connection, 16))
            elif kind == "other-nonce":
                connection.sendall(wrong(exactly(connection, 16)))
            elif kind == "other-server":
                connection.sendall(exactly(connection, 16)[:12] + b"\xff\xff\x00\x00")
            elif kind == "other-message":
                connection.sendall(b"\x00\x10" + wrong(zmtp(connection)))
            elif kind == "other-size":
                zmtp(connection)
                connection.sendall(b"\x00\x02no")
            connection.recv(1)
        except (OSError, EOFError):
            pass
        connection.close()


    def accept(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if kind == "closes":
                connection.close()
            elif kind != "accepts":
                threading.Thread(target=answer, args=(connection,), daemon=True).start()


    def accepting(listeners):
        for one in listeners:
            threading.Thread(target=accept, args=(one,), daemon=True).start()


    def hand_over():
        for one in held:
            child(only=one)
            one.close()


    def bind():
        global held, strangers
        first = kind if kind in places else "loopback"
        shared = kind in ("pair", "ranks")
        held = [opened(first, shared=shared, backlog=0 if kind == "full" else 16) for _ in range(count)]
        reply = [port(one) for one in held]
        if kind == "both":
            strangers = [opened("loopback6", number) for number in reply]
        if kind == "pair":
            strangers = [opened("loopback", number, True) for number in reply]
        if kind == "ranks":
            strangers = [opened("wildcard", number, True) for number in reply]
        if kind in ("stopped", "one-stopped"):
            child(stopped=True)
            if kind == "one-stopped":
                child()
            for one in held:
                one.close()
            held = []
        if kind == "full":
            for one in held:
                for _ in range(3):
                    strangers.append(socket.socket())
                    strangers[-1].setblocking(False)
                    strangers[-1].connect_ex(one.getsockname())
        if kind == "accepts":
            accepting(held)
        return reply


    def allocate():
        global held, strangers
        if capability == "listeners":
            beside = kind not in places
            held = [opened("wildcard" if beside else kind, shared=beside) for _ in range(count)]
            reply = [port(one) for one in held]
            if beside:
                strangers = [opened("loopback", number, True) for number in reply]
                accepting(strangers)
            for first in range(0, count, 64):
                part = held[first : first + 64]
                socket.send_fds(channel, [b"l"], [one.fileno() for one in part])
            for one in held:
                one.close()
            held = []
            return reply
        type = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
        place = "loopback" if kind == "udp" else kind
        # Its number is free on 127.0.0.1 in all likelihood: nobody else draws any.
        held = [opened(place, kind=type) for _ in range(count)]
        return [port(one) for one in held]


    def release():
        if hands:
            hands.pop().join()
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for one in held + strangers:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        for items in (held, strangers, children):
            items.clear()


    hands = []
    for line in sys.stdin:
        request = json.loads(line)
        what, reply = request["request"], {"id": request["id"]}
        if what == "hello":
            count = request["addresses"]
            reply.update(protocol=1, name=how, capabilities=list({"allocate", capability}))
            if capability == "listeners":
                channel = socket.socket(fileno=request["listener_descriptor"])
        if what == "allocate":
            reply["ports"] = [0] * count if capability == "bind" else allocate()
        if what == "bind":
            ports = bind()
        if what == "report":
            reply["ports"] = ports
            if kind == "handover":
                hands.append(threading.Thread(target=hand_over))
                hands[0].start()
        if what == "release":
            release()
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
        if what == "stop":
            break
    """#

  /// Writes the script.
  static func write(to scratch: ScratchFolder) throws -> String {
    try scratch.write(script, to: "ownership.py")
  }
}
