"""What bindstorm's own processes do in a modelled start of vLLM, by their system calls.

    python3 model.py BINDSTORM VARIANT

Runs one trial of each plan below under strace and prints JSON as `release.py` does: {"claims": [{"name", "value"}]}.
ZeroMQ's socket types are read from the greeting that libzmq sends over each connection.
"""

import codecs
import json
import os
import re
import subprocess
import sys
import tempfile

HTTP_PORT = 8000
RPC_PORT = 29550
SERVERS = 4
STRATEGIES = {"v0.19": "probe-then-bind", "fixed": "inherited-listener"}
CALLS = (
    "socket,bind,connect,listen,accept,accept4,setsockopt,getsockname,close,sendto,prctl,execve,clone,clone3,fork,"
    "vfork")


class Socket:
    def __init__(self, family):
        self.calls = [family]
        self.kind = None  # ZeroMQ's socket type
        self.bound = None  # (scheme, host, port), host and port as asked for
        self.target = None  # the same of a connect()
        self.sent = []  # after the greeting
        self.listener = None  # of an accepted connection
        self.connections = []  # accepted by a listener
        self.user = None  # the process that accepts
        self.owner = None  # the process that bound it


class Trace:
    """The calls of a whole tree of processes, in their order."""

    def __init__(self, path):
        self.process = {}  # thread -> the thread that made it
        self.names = {}  # process -> its last name
        self.tables = {}  # process -> descriptor -> Socket
        self.threads = {}  # process -> names of its libzmq threads
        self.sockets = []  # (process, Socket), in the order in which they were bound or connected
        self.steps = []  # (what, process, detail)
        calls = self.calls(path)
        # Who is whose thread is known only when clone() returns, which may be after the thread's first call.
        for thread, name, arguments, result in calls:
            if name in ("clone", "clone3") and "CLONE_THREAD" in arguments and result > 0:
                self.process[result] = thread
        for thread, name, arguments, result in calls:
            handler = getattr(self, f"on_{name}", None)
            # A connect to what does not listen yet is in progress, or repeated by libzmq.
            if handler and (result >= 0 or name == "connect"):
                handler(thread, self.process_of(thread), arguments, result)

    @staticmethod
    def calls(path):
        """(thread, name, arguments, result) of each call, in the order in which they began."""
        texts, pending = [], {}
        with open(path, encoding="latin-1") as lines:
            for line in lines:
                thread, _, text = line.strip().partition(" ")
                text = text.strip()
                resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text, re.S)
                if resumed:
                    if thread in pending:
                        texts[pending.pop(thread)][1] += resumed[1]
                    continue
                if text.endswith("<unfinished ...>"):
                    pending[thread] = len(texts)
                    text = text[: -len("<unfinished ...>")]
                texts.append([int(thread), text])
        found = [(thread, re.match(r"(\w+)\((.*)\)\s+= (-?\d+)", text, re.S)) for thread, text in texts]
        return [(thread, match[1], match[2], int(match[3])) for thread, match in found if match]

    def process_of(self, thread):
        while thread in self.process:
            thread = self.process[thread]
        return thread

    def table(self, process):
        return self.tables.setdefault(process, {})

    def socket_of(self, process, arguments):
        return self.table(process).get(int(re.match(r"\d+", arguments)[0]))

    def on_clone(self, thread, process, arguments, child):
        if child == 0 or "CLONE_THREAD" in arguments:
            return
        self.tables[child] = dict(self.table(process))
        self.names[child] = self.names.get(process, "")
        self.steps.append(("fork", process, child))

    on_clone3 = on_fork = on_vfork = on_clone

    def on_execve(self, _, process, __, ___):
        self.names[process] = ""

    def on_prctl(self, thread, process, arguments, _):
        name = re.match(r'PR_SET_NAME, "([^"]*)"', arguments)
        if not name:
            return
        if name[1].startswith("ZMQbg/IO/"):
            self.threads.setdefault(process, set()).add(name[1])
        elif name[1].startswith("bs-"):
            self.names[process] = name[1]

    def on_socket(self, _, process, arguments, descriptor):
        family, kind = (arguments.split(", ") + ["", ""])[:2]
        if family in ("AF_INET", "AF_INET6", "AF_UNIX"):
            self.table(process)[descriptor] = Socket(f"socket {family} {kind.split('|')[0]}")
        else:
            self.table(process).pop(descriptor, None)

    @staticmethod
    def address(arguments):
        path = re.search(r'sun_path=@?"([^"]*)"', arguments)
        if path:
            return ("ipc", path[1], 0)
        port = re.search(r"sin6?_port=htons\((\d+)\)", arguments)
        host = re.search(r'inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"', arguments)
        return ("tcp", (host[1] or host[2]) if host else "", int(port[1])) if port else None

    def on_bind(self, _, process, arguments, __):
        socket, address = self.socket_of(process, arguments), self.address(arguments)
        if socket is None or address is None:
            return
        scheme, host, port = address
        socket.bound = address
        socket.owner = process
        place = "*" if host in ("0.0.0.0", "::") else "HOST"
        socket.calls.append("bind path" if scheme == "ipc" else f"bind {place}:{port}")
        self.sockets.append((process, socket))
        self.steps.append(("bind", process, socket))

    def on_listen(self, _, process, arguments, __):
        socket = self.socket_of(process, arguments)
        # A child that listens on an inherited socket does so for itself.
        if socket and socket.owner == process:
            socket.calls.append("listen")

    def on_setsockopt(self, _, process, arguments, __):
        socket = self.socket_of(process, arguments)
        found = re.match(r"\d+, SOL_SOCKET, (SO_REUSE\w+), \[(\d+)\]", arguments)
        if socket and found:
            socket.calls.append(f"{found[1]}={found[2]}")

    def on_getsockname(self, _, process, arguments, __):
        socket = self.socket_of(process, arguments)
        if socket and socket.owner == process:
            socket.calls.append("getsockname")

    def on_close(self, _, process, arguments, __):
        socket = self.table(process).pop(int(arguments), None)
        if socket and socket.owner == process:
            socket.calls.append("close")

    def on_connect(self, _, process, arguments, __):
        socket, address = self.socket_of(process, arguments), self.address(arguments)
        if socket and address and not socket.target:
            socket.target = address
            self.sockets.append((process, socket))

    def on_accept4(self, _, process, arguments, descriptor):
        listener = self.socket_of(process, arguments)
        if listener:
            # What is sent over the connection says what its listener is.
            self.table(process)[descriptor] = connection = Socket("")
            connection.listener = listener
            listener.connections.append(connection)
            listener.user = process

    on_accept = on_accept4

    def on_sendto(self, _, process, arguments, __):
        socket = self.socket_of(process, arguments)
        if not socket:
            return
        kind = re.search(r"READY\\vSocket-Type\\0\\0\\0[^A-Z]*([A-Z]+)", arguments)
        text = re.match(r'\d+, "(.*)", \d+, \w', arguments, re.S)[1]
        data = codecs.escape_decode(text.encode("latin-1"))[0]
        if kind:
            socket.kind = kind[1]
            if socket.listener:
                socket.listener.kind = kind[1]
            # The first messages may go out together with the greeting's end, which is a command.
            data = data[max(data.find(b"\5READY") - 2, 0) :]
        if socket.kind:
            socket.sent.append(data)

    # MARK: What it comes to

    def role(self, process):
        """The name of a process without its numbers."""
        return re.sub(r"(-\d+)*\W*$", "", self.names.get(process, ""))

    def of(self, role):
        return [process for process in self.names if self.role(process) == role]

    def bound_by(self, role):
        return [socket for process, socket in self.sockets if self.role(process) == role and socket.bound]


def shown(socket):
    """As `release.py` writes an attached socket."""
    scheme, _, port = socket.bound or socket.target
    place = scheme if scheme == "ipc" else f"tcp:{port}" if port in (0, RPC_PORT) else "tcp"
    return f"{socket.kind} {'bind' if socket.bound else 'connect'} {place}"


def is_probe(socket):
    """A socket that was bound to a number of the kernel's choice and closed again: nobody has the port."""
    is_drawn = socket.bound and socket.bound[::2] == ("tcp", 0)
    return is_drawn and "listen" not in socket.calls and socket.calls[-1] == "close"


def frames(socket):
    """The bodies of the frames that a socket has sent, by ZMTP 3: flags, a length of one or eight bytes, the body."""
    found = []
    for data in socket.sent:
        while len(data) >= 2:
            is_long = data[0] & 2
            start = 9 if is_long else 2
            length = int.from_bytes(data[1:start], "big")
            if not data[0] & 4:  # commands are libzmq's own
                found.append(data[start : start + length])
            data = data[start + length :]
    return found


def unpacked(data):
    """A MessagePack value of the kinds that start-up messages have, and what follows it; a map is a list of pairs."""
    code, rest = data[0], data[1:]

    def several(count, rest):
        values = []
        for _ in range(count):
            value, rest = unpacked(rest)
            values.append(value)
        return values, rest

    if code < 0x80 or code == 0xC0 or code in (0xC2, 0xC3):
        return code, rest
    if code >> 4 == 0x8:
        values, rest = several(2 * (code & 15), rest)
        return list(zip(values[::2], values[1::2])), rest
    if code >> 4 == 0x9:
        return several(code & 15, rest)
    if code >> 5 == 0b101:
        return rest[: code & 31].decode(), rest[code & 31 :]
    if code == 0xD9:
        return rest[1 : 1 + rest[0]].decode(), rest[1 + rest[0] :]
    if code == 0xDC:
        return several(int.from_bytes(rest[:2], "big"), rest[2:])
    sizes = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
    if code in sizes:
        return int.from_bytes(rest[: sizes[code]], "big"), rest[sizes[code] :]
    sys.exit(f"a start-up message has the MessagePack code {code:#x}, which this reader does not know")


def keys(message):
    return [key for key, _ in message]


def messages(trace):
    """The HELLO and READY of an engine core and the launcher's answer: (name, value) of each claim."""
    launcher = [socket for socket in trace.bound_by("bs-launcher") if socket.kind == "ROUTER"]
    [handshake] = [socket for socket in launcher if trace.role(socket.user) == "bs-launcher"]
    dealers = [
        socket for process, socket in trace.sockets
        if trace.role(process) == "bs-engine" and socket.target and socket.target[2] == RPC_PORT and frames(socket)]
    hello, ready = [unpacked(frame)[0] for frame in frames(dealers[0])]
    yield "HELLO: fields", keys(hello)
    yield "READY: fields", keys(ready)
    init = unpacked(frames(next(one for one in handshake.connections if frames(one)))[0])[0]
    yield "init: fields", keys(init)
    yield "init: addresses", keys(dict(init)["addresses"])
    yield "init: parallel_config", keys(dict(init)["parallel_config"])


def launcher_steps(trace):
    found = []
    for what, process, detail in trace.steps:
        name = None
        if what == "fork":
            role = trace.role(detail)
            name = {"bs-coordinator": "coordinator", "bs-engine": "engine cores", "bs-api": "API servers"}.get(role)
        elif trace.role(process) == "bs-launcher" and detail.bound[0] == "tcp":
            port = detail.bound[2]
            if port == HTTP_PORT:
                name = "HTTP socket"
            elif port == RPC_PORT:
                name = "handshake"
            elif is_probe(detail) or "listen" in detail.calls:
                name = "client addresses"
        elif trace.role(process) == "bs-launcher" and detail.kind == "ROUTER":
            name = "handshake"
        if name and name not in found:
            found.append(name)
    return found


class Bench:
    """Runs plans with one trial."""

    def __init__(self, bindstorm, variant):
        self.bindstorm, self.variant = bindstorm, variant
        self.scratch = tempfile.TemporaryDirectory(prefix="bindstorm-model-")
        self.folder = self.scratch.name

    def run(self, name, strategy=None, servers=SERVERS, traced=True, faults=(), is_optional=False, **startup):
        plan = {
            "version": 1, "name": name,
            "defaults": {"depth": "startup", "topology": {"api_servers": servers}, "trials": 1, "timeout_ms": 60000},
            "strategies": [strategy or STRATEGIES[self.variant]],
            "scenarios": [
                {"name": "a", "faults": list(faults), "startup": {"variant": self.variant, "engines": 4, **startup}}],
        }
        path = os.path.join(self.folder, f"{name}.json")
        with open(path, "w") as file:
            json.dump(plan, file)
        out = os.path.join(self.folder, f"{name}.strace")
        command = [self.bindstorm, "run", path, "--quiet", "--color", "never", "--results", self.folder]
        if traced:
            command = ["strace", "-f", "-qq", "-s", "4096", "-e", f"trace={CALLS}", "-o", out] + command
        finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if finished.returncode == 64 and is_optional:
            return None  # This build has no such key.
        if finished.returncode != 0:
            sys.exit(f"{' '.join(command)}\nended with {finished.returncode}:\n{finished.stdout}{finished.stderr}")
        events = os.path.join(self.folder, name, "latest", "events.jsonl")
        with open(events) as lines:
            self.events = [json.loads(line) for line in lines]  # of the latest run
        return Trace(out) if traced else None


def two_nodes(bench):
    trace = bench.run("two-nodes", nodes=2, http=True, http_port=HTTP_PORT)
    yield "launcher: order", launcher_steps(trace)
    launcher = trace.bound_by("bs-launcher")
    yield f"client addresses: ports probed for {SERVERS} API servers", sum(map(is_probe, launcher))
    listeners = [
        socket for socket in launcher if socket.bound[2] == 0 and "listen" in socket.calls]
    yield f"client addresses: listeners made for {SERVERS} API servers", len(listeners)
    [http] = [socket for socket in launcher if socket.bound[2] == HTTP_PORT]
    yield "HTTP: the launcher's calls", [call for call in http.calls if call not in ("getsockname", "close")]
    # The fixed variant probes nothing for its API servers; the model's probe is the same for all.
    probing = trace if bench.variant == "v0.19" else bench.run("probe", "probe-then-bind", nodes=2)
    yield "probe: calls", next(socket.calls for socket in probing.bound_by("bs-launcher") if is_probe(socket))
    if listeners:
        calls = [call for call in listeners[0].calls if call not in ("getsockname", "close")]
        # A listener that libzmq accepts from has been adopted by it.
        yield "listener: calls", calls + (["USE_FD"] if listeners[0].kind else [])
    [coordinator] = trace.of("bs-coordinator")
    yield "coordinator: sockets", [shown(socket) for socket in trace.bound_by("bs-coordinator")]
    yield "coordinator: io threads", len(trace.threads[coordinator])
    [handshake] = [socket for socket in launcher if socket.bound[2] == RPC_PORT]
    yield "handshake: socket", shown(handshake)
    yield "handshake: io threads", len(trace.threads[handshake.owner])
    servers = trace.of("bs-api")
    # A listener that was handed over was bound by the launcher and is used by the API server.
    used = {
        server: [
            shown(socket).replace("tcp:0", "tcp") for _, socket in trace.sockets
            if socket.bound and socket.kind and socket.user == server]
        for server in servers}
    kinds = {tuple(value) for value in used.values()}
    yield "API server: sockets", list(kinds.pop()) if len(kinds) == 1 else sorted(map(list, kinds))
    yield "API server: io threads", max(len(trace.threads[server]) for server in servers)
    engine = trace.of("bs-engine")[0]
    connected = [socket for process, socket in trace.sockets if process == engine and socket.target and socket.kind]
    shakes = [socket for socket in connected if socket.target[2] == RPC_PORT]
    yield "engine core: handshake socket", shown(shakes[0])
    yield "engine core: sockets", sorted({shown(socket) for socket in connected if socket not in shakes})
    yield "engine core: io threads", len(trace.threads[engine])
    [first, *_] = [
        socket for socket in connected if socket.kind == "DEALER" and socket.target[2] != RPC_PORT and frames(socket)]
    yield "engine core: first frame", "ready response" if frames(first)[0] else "empty"
    yield from messages(trace)


def one_node(bench):
    trace = bench.run("one-node", "ipc-path", nodes=1)
    launcher = trace.bound_by("bs-launcher")
    handshake = [
        f"{socket.kind} {shown(socket).split()[-1]}" for socket in launcher if socket.kind == "ROUTER"
        and trace.role(socket.user) == "bs-launcher"]
    yield "one node: handshake", handshake
    yield "one node: coordinator", [shown(socket).split()[-1] for socket in trace.bound_by("bs-coordinator")]
    yield "one node: client addresses", sorted({shown(socket).split()[-1] for socket in trace.bound_by("bs-api")})


def hybrid(bench):
    trace = bench.run("hybrid", nodes=2, hybrid_lb=True)
    yield "coordinator: statistics in hybrid load balancing", shown(trace.bound_by("bs-coordinator")[0]).split()[-1]


def headless(bench):
    """An engine core of the other node dies."""
    fault = {"kind": "kill", "at": "before-engine-connect", "options": {"signal": "SIGKILL"}, "node": 1}
    bench.run("headless", nodes=2, traced=False, faults=[fault], client_timeout_ms=1000)
    [record] = [event for event in bench.events if event["event"] == "startup"]
    status = record["headlessDied"][0]
    is_exit = status is not None and status & 127 == 0
    yield "headless: end when an engine core dies", f"exit {status >> 8}" if is_exit else f"wait status {status}"


def group(bench):
    """The ports of the data-parallel group, and those at which an engine core's workers meet without one."""
    words = {"v0.19": "list", "fixed": "coord-store"}
    trace = bench.run("group", nodes=2, is_optional=True, dp_group=words[bench.variant])
    if trace:
        launcher = trace.bound_by("bs-launcher")
        client = 2 * SERVERS
        listeners = [socket for socket in launcher if socket.bound[2] == 0 and "listen" in socket.calls]
        yield "group: ports drawn", sum(map(is_probe, launcher)) - (client if bench.variant == "v0.19" else 0)
        yield "group: store held by the launcher", len(listeners) - (0 if bench.variant == "v0.19" else client)
        yield from (item for item in messages(trace) if item[0] == "init: parallel_config")
    words = {"v0.19": "port", "fixed": "file"}
    trace = bench.run("rendezvous", nodes=2, is_optional=True, worker_rendezvous=words[bench.variant])
    if trace:
        engine = trace.of("bs-engine")[0]
        probes = [socket for process, socket in trace.sockets if process == engine and is_probe(socket)]
        yield "rendezvous: ports probed for one worker", len(probes)


def single(bench):
    strategy = {"v0.19": "single-api-server", "fixed": "single-api-server-wildcard"}[bench.variant]
    listed = subprocess.run([bench.bindstorm, "list", "strategies"], capture_output=True, text=True).stdout
    if strategy not in listed.split():
        strategy = "single-api-server"
    trace = bench.run("single", strategy, servers=1, nodes=2, http=True, http_port=HTTP_PORT)
    [http] = [socket for socket in trace.bound_by("bs-launcher") if socket.bound[2] == HTTP_PORT]
    calls = [call for call in http.calls if call not in ("getsockname", "close")]
    yield "HTTP: the calls of a single API server", calls
    order = []
    for what, process, detail in trace.steps:
        if what == "fork":
            name = {"bs-coordinator": "coordinator", "bs-engine": "engine core"}.get(trace.role(detail))
            # The engine cores of other nodes are started there.
            if name and trace.role(process) == "bs-launcher":
                order.append(name)
        elif trace.role(process) in ("bs-launcher", "bs-api") and detail is not http:
            order.append("probe" if is_probe(detail) else shown(detail))
    yield "single API server: order", order


def ray(bench):
    bench.run("ray", nodes=2, backend="ray", load_ms=1500, traced=False)
    loaded = [event["loaded"] for event in bench.events if event["event"] == "engine"]
    released = [event["released"] for event in bench.events if event["event"] == "server"]
    started = [event["coordinatorStarted"] for event in bench.events if event["event"] == "startup"]
    times = [(max(loaded), "engine cores initialised"), (min(released), "API servers"), (max(started), "coordinator")]
    yield "Ray: order", [name for _, name in sorted(times)]


if __name__ == "__main__":
    bench = Bench(sys.argv[1], sys.argv[2])
    # A later plan may know more of a claim.
    claims = {}
    for plan in (two_nodes, one_node, hybrid, group, single, ray, headless):
        claims.update(plan(bench))
    json.dump({"claims": [{"name": name, "value": value} for name, value in claims.items()]}, sys.stdout, indent=1)
    print()
