"""What a vLLM release does at its start, by running its own start-up code among stand-ins (`standins.py`).

    python3 release.py FOLDER

FOLDER holds the release's `vllm/`: an unpacked wheel or a site-packages folder. Prints JSON: {"version": ..., "claims":
[{"name", "value", "where"}]}, `where` being the release's own file and line. Each function below that is marked as a
claim makes one or more; one that fails has its own name, and an "error" in place of the value.
"""

import json
import os
import re
import sys
import traceback

from standins import Base, Enough, Pipe, Release, Settings, StandIn, Unknown, Word, World

SERVERS = 4
HTTP_PORT = 8000
RPC_PORT = 29550
HOST = "127.0.0.1"

OWN = [
    "vllm.config.parallel", "vllm.entrypoints.cli.serve", "vllm.entrypoints.launchers.api_server.entry",
    "vllm.entrypoints.launchers.launcher", "vllm.entrypoints.openai.api_server", "vllm.envs",
    "vllm.utils.network_utils", "vllm.v1.engine",
    "vllm.v1.engine.coordinator", "vllm.v1.engine.core", "vllm.v1.engine.core_client", "vllm.v1.engine.utils",
    "vllm.v1.executor.uniproc_executor", "vllm.v1.utils",
]
NETWORK = "vllm/utils/network_utils.py"
SHARED = (NETWORK, "vllm/v1/utils.py")

claims = []


def claim(function):
    claims.append(function)
    return function


class Start:
    """A start of the release: its code, and the configuration of one launch."""

    def __init__(self, root, nodes=2, servers=SERVERS, engines=4, memory=8, hybrid=False):
        self.root = root
        self.world = World(root, memory)
        self.servers = servers
        local = engines // nodes
        self.parallel = Settings(
            "parallel_config", data_parallel_size=engines, data_parallel_size_local=local,
            data_parallel_rank_local=None, data_parallel_rank=0, data_parallel_index=0,
            data_parallel_master_ip=HOST, data_parallel_rpc_port=RPC_PORT, data_parallel_master_port=0,
            _data_parallel_master_port_list=[], _coord_store_port=0, local_engines_only=hybrid,
            enable_elastic_ep=False, data_parallel_backend="mp", data_parallel_hybrid_lb=hybrid,
            data_parallel_external_lb=False, distributed_executor_backend="mp", pipeline_parallel_size=1,
            tensor_parallel_size=1, prefill_context_parallel_size=1, use_ray=False, world_size=1, numa_bind=False,
            node_rank_within_dp=0, compute_hash=lambda: "hash", enable_eplb=False, assigned_physical_gpu_ids=None,
        )
        self.config = Settings(
            "vllm_config", parallel_config=self.parallel, needs_dp_coordinator=True, shutdown_timeout=0,
            model_config=Settings("model_config", multimodal_config=None, is_moe=True),
            cache_config=Settings(
                "cache_config", num_gpu_blocks=1, kv_cache_size_tokens=None, kv_cache_max_concurrency=None),
            logging_config=StandIn("logging_config"),
            instance_id="abcde", __post_init__=lambda: None,
        )
        arguments = Settings(
            "engine_args", disable_log_stats=False, create_engine_config=self._configured,
            data_parallel_hybrid_lb=hybrid)
        self.release = Release(
            root, OWN, self.world,
            {
                "vllm.AsyncEngineArgs": Settings("AsyncEngineArgs", from_cli_args=lambda _: arguments),
                "vllm.utils.system_utils.get_mp_context": self.processes,
                "vllm.distributed.utils.create_tcp_store": self._store,
                "vllm.v1.executor.Executor": Settings("Executor", get_class=lambda _: Base),
                "vllm.v1.executor.UniProcExecutor": type("UniProcExecutor", (), {}),
                "vllm.platforms.current_platform": Settings(
                    "current_platform", is_cuda_alike=lambda: True, is_xpu=lambda: False),
                "vllm.logger.init_logger": lambda _: StandIn("logger"),
            })
        # The coordinator reports its addresses at once.
        self.world.answers["processes"] = self.first_ended
        self.world.answers["pipe"] = lambda _: ("ipc:///tmp/a", f"tcp://{HOST}:50001", f"tcp://{HOST}:50002")

    @staticmethod
    def first_ended(event):
        """The coordinator's pipe is readable at once; nothing else ends by itself."""
        if isinstance(event.items[0], Pipe):
            return event.items[:1]
        raise Enough("processes")

    def processes(self):
        """The release's context of `multiprocessing`."""
        return self.release.standing["multiprocessing"]

    def get(self, module, name):
        return self.release.get(module, name)

    def has(self, module, name):
        file = self.release.file_of(module)
        if file is None:
            return False
        with open(file, encoding="utf-8") as source:
            return re.search(rf"^(?:class|def|async def) {name}\b", source.read(), re.M) is not None

    def _store(self, host, port, **named):
        self.world.note("store", host=host, port=port)
        return Settings("store", port=self.world.port())

    def _configured(self, **_):
        self.draw_group_ports()
        return self.config

    def draw_group_ports(self):
        """What the parallel configuration's initialiser does until it has drawn ports; the rest needs GPUs."""
        try:
            self.get("vllm.config.parallel", "ParallelConfig").__dict__["__post_init__"](self.parallel)
        except Unknown as missing:
            if "parallel_config" not in str(missing):
                raise

    def arguments(self):
        return Settings(
            "args", headless=False, api_server_count=self.servers, host=None, port=HTTP_PORT, uds=None,
            tool_parser_plugin=None, reasoning_parser_plugin=None, enable_auto_tool_choice=False, model="m",
            structured_outputs_config=Settings("structured_outputs_config", reasoning_parser=None),
            ssl_keyfile=None, ssl_certfile=None, grpc_port=None, max_num_queued_reqs=None)

    def launch(self):
        """`vllm serve` with several API servers, until the launcher waits for the engine cores."""
        try:
            self.get("vllm.entrypoints.cli.serve", "run_multi_api_server")(self.arguments())
        except Enough:
            pass
        return self.world.events


def runs_into(function, *arguments, **named):
    """The text of the exception that ends a call."""
    try:
        function(*arguments, **named)
    except Exception as error:
        return str(error)
    raise Unknown(f"{function} ended without an error")


def scheme(address):
    """`ipc`, or `tcp` with the port unless the kernel or a probe chose it."""
    if not address.startswith("tcp://"):
        return address.split(":")[0]
    port = int(address.rsplit(":", 1)[1])
    return f"tcp:{port}" if port in (0, RPC_PORT) else "tcp"


def attached(event):
    return f"{event.kind} {event.how} {scheme(event.address)}"


def is_probe(event):
    """A socket that was bound to a number of the kernel's choice and closed again: nobody has the port."""
    calls = event.calls
    return any(call.endswith(":0") for call in calls) and "listen" not in calls and calls[-1] == "close"


def is_for_group(event):
    return any("config/parallel" in file for file, _ in event.chain)


def step(event):
    """The step of the launcher that an event belongs to."""
    if event.what == "bind" and event.port == HTTP_PORT:
        return "HTTP socket"
    if event.what == "socket":
        return "ports"
    if event.what == "process":
        if "Coordinator" in event.name:
            return "coordinator"
        return "engine cores" if "EngineCore" in event.name else "API servers"
    if event.what == "zmq" and event.kind == "ROUTER" and scheme(event.address) in (f"tcp:{RPC_PORT}", "ipc"):
        return "handshake"
    return None


def steps(events):
    """The launcher's steps in their order, each with the line of its first event."""
    found, places = [], {}
    for event in events:
        name = step(event)
        if name == "ports":
            # The HTTP socket has its own event, when it is bound.
            if any(call.endswith(f":{HTTP_PORT}") for call in event.calls):
                continue
            name = "group ports" if is_for_group(event) else "client addresses"
        if name and name not in places:
            places[name] = event.where(*SHARED)
            found.append(name)
    return found, places


@claim
def launcher_order(root):
    start = Start(root)
    found, places = steps(start.launch())
    # The group's ports have claims of their own: the model draws them for mixture-of-experts models alone.
    order = [name for name in found if name != "group ports"]
    yield "launcher: order", order, ", ".join(places[name] for name in order)
    probes = [event for event in start.world.of("socket") if is_probe(event)]
    group = [event for event in probes if is_for_group(event)]
    client = [event for event in probes if event not in group]
    place = group[0].where(*SHARED) if group else places.get("client addresses", "?")
    yield "group: ports drawn", len(group), place
    place = places.get("client addresses", "?")
    yield f"client addresses: ports probed for {SERVERS} API servers", len(client), place
    held = [event for event in start.world.of("socket") if "listen" in event.calls]
    yield f"client addresses: listeners made for {SERVERS} API servers", len(held), place
    stores = start.world.of("store")
    yield "group: store held by the launcher", len(stores), stores[0].where() if stores else place
    http = [event for event in start.world.of("socket") if any(call.endswith(f":{HTTP_PORT}") for call in event.calls)]
    yield "HTTP: the launcher's calls", [call for item in http for call in item.calls], places.get("HTTP socket", "?")


@claim
def single_server_http(root):
    """The socket that `vllm serve` with one API server makes."""
    start = Start(root, servers=1)
    module = "vllm.entrypoints.launchers.launcher"
    named = {"reuse_port": False}
    if not start.has(module, "setup_server"):
        module, named = "vllm.entrypoints.openai.api_server", {}
    start.get(module, "setup_server")(start.arguments(), **named)
    [http] = start.world.of("socket")
    yield "HTTP: the calls of a single API server", http.calls, http.where()


@claim
def one_node(root):
    """With all engine cores on one node there is no TCP port but HTTP's and those that are only drawn."""
    start = Start(root, nodes=1)
    events = start.launch()
    found, places = steps(events)
    bound = [f"{event.kind} {scheme(event.address)}" for event in events if event.what == "zmq"]
    yield "one node: handshake", bound, places.get("handshake", "?")
    listeners = {event.calls[0].split()[1] for event in events if event.what == "socket" and "listen" in event.calls}
    coordinator = next((event.process for event in events if event.what == "process" and "Coord" in event.name), None)
    given = [scheme(value) for key, value in sorted(coordinator.kwargs.items()) if key.endswith("_address")]
    yield "one node: coordinator", given, places.get("coordinator", "?")
    servers = [event.process for event in events if event.what == "process" and event.name.startswith("ApiServer")]
    addresses = [
        scheme(value) for server in servers for item in server.args if isinstance(item, dict)
        for key, value in item.items() if key in ("input_address", "output_address")]
    schemes = set(addresses) | {"ipc" for family in listeners if family == "AF_UNIX"}
    yield "one node: client addresses", sorted(schemes), places.get("API servers", "?")


@claim
def probe(root):
    start = Start(root)
    start.get("vllm.utils.network_utils", "get_open_port")()
    [socket] = start.world.of("socket")
    yield "probe: calls", socket.calls, socket.where()


@claim
def listener(root):
    start = Start(root)
    if not start.has("vllm.utils.network_utils", "make_zmq_listener"):
        return
    made = start.get("vllm.utils.network_utils", "make_zmq_listener")(f"tcp://{HOST}:0", Word("ROUTER"))
    [socket] = start.world.of("socket")
    context = start.get("vllm.utils.network_utils", "zmq").Context()
    adopted = start.get("vllm.utils.network_utils", "make_zmq_socket")(
        context, made.address, Word("ROUTER"), bind=True, listener=made.socket)
    calls = [call.replace(HOST, "HOST") for call in socket.calls if call not in ("getsockname", "detach")]
    uses = [name for name, _ in adopted.options if name == "USE_FD"]
    yield "listener: calls", calls + uses, socket.where()


# zmq_setsockopt(3).
LIBZMQ_DEFAULTS = {"RCVHWM": 1000, "SNDHWM": 1000, "RCVBUF": -1, "SNDBUF": -1, "XPUB_VERBOSE": 0, "IPV6": 0}


def changed(options):
    """The options that are not libzmq's defaults."""
    return sorted(f"{name}={int(value)}" for name, value in options if LIBZMQ_DEFAULTS.get(name) != int(value))


@claim
def socket_options(root):
    start = Start(root)
    make = start.get("vllm.utils.network_utils", "make_zmq_socket")
    context = start.get("vllm.utils.network_utils", "zmq").Context()
    for kind in ("ROUTER", "PULL", "DEALER", "PUSH", "XPUB", "XSUB"):
        made = make(context, f"tcp://{HOST}:1", Word(kind))
        [*_, event] = start.world.of("zmq")
        yield f"options: {kind}", changed(made.options), event.where()
    # -1: the system's.
    yield "linger: where none is given", dict(made.options).get("LINGER", -1), event.where()
    large = Start(root, memory=64)
    made = large.get("vllm.utils.network_utils", "make_zmq_socket")(
        large.get("vllm.utils.network_utils", "zmq").Context(), f"tcp://{HOST}:1", Word("PULL"))
    [*_, event] = large.world.of("zmq")
    yield "options: PULL's buffer on a large host", dict(made.options)["RCVBUF"], event.where()
    made = make(context, "tcp://[::1]:1", Word("PULL"))
    yield "options: IPv6 for an IPv6 head", dict(made.options).get("IPV6", 0), event.where()


@claim
def coordinator(root):
    start = Start(root)
    start.launch()
    [event] = [event for event in start.world.of("process") if "Coordinator" in event.name]
    given = {key: value for key, value in event.process.kwargs.items() if key.endswith("_address")}
    before = len(start.world.events)
    types = start.get("vllm.v1.engine.coordinator", "DPCoordinatorProc")
    proc = Settings(
        "coordinator", ctx=start.get("vllm.v1.engine.coordinator", "zmq").Context(), engines=[1, 2],
        enable_wave_coordination=True)
    pipe = start.processes().Pipe()[1]
    start.world.answers["XPUB recv"] = lambda _: b"\x01"
    try:
        types.__dict__["process_input_socket"](proc, zmq_addr_pipe=pipe, **given)
    except Enough:
        pass
    events = start.world.events[before:]
    sockets = [event for event in events if event.what == "zmq"]
    yield "coordinator: sockets", [attached(event) for event in sockets], sockets[0].where(NETWORK)
    yield "coordinator: io threads", sockets[0].io_threads, sockets[0].where(NETWORK)
    [sent, *_] = [event for event in events if event.what == "send"]
    yield "coordinator: its READY", sent.frames[0].decode(), sent.where(NETWORK)
    # Hybrid load balancing: the API servers of other nodes need the statistics, too.
    hybrid = Start(root, hybrid=True)
    hybrid.launch()
    [event] = [event for event in hybrid.world.of("process") if "Coordinator" in event.name]
    given = {key: scheme(value) for key, value in event.process.kwargs.items() if key.endswith("_address")}
    yield "coordinator: statistics in hybrid load balancing", given["front_publish_address"], event.where()


@claim
def handshake(root):
    start = Start(root)
    start.launch()
    [event] = [event for event in start.world.of("zmq") if event.address.endswith(f":{RPC_PORT}")]
    yield "handshake: socket", attached(event), event.where(NETWORK)
    yield "handshake: io threads", event.io_threads, event.where(NETWORK)


def engine_core(start):
    return start.get("vllm.v1.engine.core", "EngineCoreProc").__dict__


@claim
def engine_handshake(root):
    start = Start(root)
    methods = engine_core(start)
    engine = Settings(
        "engine", frontend_stats_publish_address=None, startup_handshake=methods["startup_handshake"].__func__)
    start.world.answers["DEALER poll"] = lambda _: 1
    start.world.answers["DEALER recv"] = lambda _: Settings("init", parallel_config={}, addresses=Settings("addresses"))
    perform = methods["_perform_handshake"]
    context = start.get("vllm.v1.engine.core", "zmq").Context()
    manager = perform(engine, context, f"tcp://{HOST}:{RPC_PORT}", b"\1\0", True, False, start.config, start.parallel)
    with manager:
        pass
    [socket] = start.world.of("zmq")
    hello, ready = start.world.of("send")
    [poll] = [event for event in start.world.of("wait") if event.kind == "DEALER poll"]
    yield "engine core: handshake socket", attached(socket), socket.where(NETWORK)
    yield "linger: an engine core's handshake", dict(socket.options)["LINGER"], socket.where(NETWORK)
    yield "HELLO: fields", list(hello.frames[0]), hello.where()
    yield "READY: fields", list(ready.frames[0]), ready.where()
    yield "timeout: init message", poll.timeout, poll.where()
    start = Start(root)
    start.world.answers["DEALER poll"] = lambda _: 0
    socket = start.get("vllm.v1.engine.core", "zmq").Context().socket(Word("DEALER"))
    text = runs_into(engine_core(start)["startup_handshake"].__func__, socket, True, False)
    yield "text: no init message", text, start.world.of("wait")[0].where()


@claim
def engine_sockets(root):
    start = Start(root)
    methods = engine_core(start)
    identity = b"\1\0"
    engine = Settings(
        "engine", tensor_ipc_receiver=None, input_queue=StandIn("queue"), aborts_queue=StandIn("queue"),
        _make_ready_response=lambda: Settings("ready response"), output_queue=StandIn("queue"))
    start.world.answers["XSUB recv"] = lambda _: b"READY"
    ready = Settings("ready_event", set=lambda: None)
    inputs = [f"tcp://{HOST}:{40100 + number}" for number in range(2)]
    try:
        methods["process_input_sockets"](engine, inputs, f"tcp://{HOST}:50001", identity, ready)
    except Enough:
        pass
    [first, *_] = start.world.of("zmq")
    received = start.world.of("zmq")
    yield "engine core: io threads", first.io_threads, first.where(NETWORK)
    yield "engine core: identity", list(dict(first.options)["IDENTITY"]), first.where(NETWORK)
    subscription, *rest = start.world.of("send")
    yield "engine core: subscription", list(subscription.frames[0]), subscription.where()
    frame = rest[0].frames[0]
    yield "engine core: first frame", "empty" if frame == b"" else "ready response", rest[0].where()

    start = Start(root)
    engine = Settings("engine", output_queue=Settings("queue", get=lambda: start.world.wait("queue")))
    try:
        engine_core(start)["process_output_sockets"](engine, inputs, f"tcp://{HOST}:50002", 1)
    except Enough:
        pass
    sockets = start.world.of("zmq")
    both = {attached(event) for event in received + sockets}
    yield "engine core: sockets", sorted(both), f"{first.where(NETWORK)}, {sockets[0].where(NETWORK)}"
    [linger] = {dict(event.options)["LINGER"] for event in sockets}
    yield "linger: an engine core's outputs", linger, sockets[0].where(NETWORK)


def client(start, addresses=None):
    """The engine client of an API server, until it waits for engine cores."""
    types = start.get("vllm.v1.engine.core_client", "MPClient")
    types.__init__(types.__new__(types), True, start.config, Base, True, client_addresses=addresses)


@claim
def api_server(root):
    start = Start(root)
    addresses = {"input_address": f"tcp://{HOST}:40100", "output_address": f"tcp://{HOST}:40101"}
    start.world.answers["ROUTER poll"] = lambda _: 0
    text = runs_into(client, start, addresses)
    sockets = start.world.of("zmq")
    yield "API server: sockets", [attached(event) for event in sockets], sockets[0].where(NETWORK)
    yield "API server: io threads", sockets[0].io_threads, sockets[0].where(NETWORK)
    [poll] = [event for event in start.world.of("wait") if event.kind == "ROUTER poll"]
    yield "timeout: an engine core's first message", poll.timeout, poll.where()
    yield "text: no first message", text, poll.where()


@claim
def stranger(root):
    """First frames of another launch's engine cores, which have its coordinator's address."""
    start = Start(root)
    own, other = "ipc:///tmp/own", "ipc:///tmp/other"
    addresses = {
        "input_address": f"tcp://{HOST}:40100", "output_address": f"tcp://{HOST}:40101", "stats_update_address": own}
    start.config.model_config.max_model_len = 1
    payload = b"" if not start.has("vllm.v1.engine", "EngineCoreReadyResponse") else Settings(
        "ready response", dp_stats_address=other, instance_id="other", max_model_len=1, num_gpu_blocks=1, block_size=1,
        mamba_block_size=None, effective_attention_block_size=None, kv_cache_size_tokens=None,
        kv_cache_max_concurrency=None, kv_events_config=None)
    ranks = iter(range(start.parallel.data_parallel_size))
    start.world.answers["ROUTER poll"] = lambda _: 1
    start.world.answers["ROUTER recv_multipart"] = lambda _: (next(ranks).to_bytes(2, "little"), payload)
    try:
        client(start, addresses)
        end = "taken"
    except AssertionError:
        end = "the API server ends"
    heard = [event for event in start.world.of("wait") if event.kind == "ROUTER recv_multipart"]
    yield "API server: a first frame of another launch", end, heard[0].where()


@claim
def single_server(root):
    """One API server is the launcher itself."""
    start = Start(root, servers=1)
    try:
        client(start)
    except Enough:
        pass
    order = []
    for event in start.world.events:
        if event.what == "close" and is_probe(event.socket):
            order.append("probe")
        elif event.what == "zmq":
            order.append(attached(event))
        elif event.what == "process":
            order.append("coordinator" if "Coordinator" in event.name else "engine core")
    first = next(event for event in start.world.events if event.what in ("socket", "zmq"))
    yield "single API server: order", order, first.where(*SHARED)


def supervised(start, dead):
    """The text with which a launcher ends after the death of that process, which happens while engine cores start."""
    start.world.dead = {dead: 1}
    messages = handshake_messages(start)

    def is_dead(item):
        return getattr(item, "process", None) == dead

    # The handshake's socket is registered first.
    start.world.answers["poller"] = lambda event: (
        [(item, 1) for item in event.registered if is_dead(item)] or [(event.registered[0], 1)])
    start.world.answers["ROUTER recv_multipart"] = lambda _: next(messages)
    start.world.answers["processes"] = lambda event: (
        [item for item in event.items if is_dead(item)] or start.first_ended(event))
    return runs_into(start.get("vllm.entrypoints.cli.serve", "run_multi_api_server"), start.arguments())


@claim
def deaths(root):
    start = Start(root)
    text = supervised(start, "EngineCore_DP1")
    [poll] = [event for event in start.world.of("wait") if event.kind == "poller"]
    yield "text: an engine core died", text, poll.where()
    # Who notices an API server that dies while engine cores start depends on the release.
    start = Start(root)
    text = supervised(start, "ApiServer_1")
    last = start.world.of("wait")[-1]
    yield "text: an API server died", text, last.where()
    shutdown = start.get("vllm.v1.utils", "shutdown")
    yield "timeout: shutdown", shortest_shutdown(shutdown), f"vllm/v1/utils.py:{shutdown.__code__.co_firstlineno}"


def shortest_shutdown(shutdown):
    """How long terminated processes have at least, in milliseconds: what `join` is given."""
    given = []
    process = Settings(
        "process", is_alive=lambda: True, terminate=lambda: None, join=given.append, pid=None, name="p")
    shutdown([process])
    return int(given[0] * 1000)


def handshake_messages(start):
    """What the handshake's ROUTER receives: HELLO and READY of each engine core."""
    count, local = start.parallel.data_parallel_size, start.parallel.data_parallel_size_local
    for status in ("HELLO", "READY"):
        for rank in range(count):
            message = {
                "status": status, "local": rank < local, "headless": rank >= local, "num_gpu_blocks": 1,
                "parallel_config_hash": "hash"}
            yield rank.to_bytes(2, "little"), message


@claim
def headless(root):
    """The launcher of another node than the head node, when one of its engine cores has died."""
    start = Start(root)
    start.world.dead = {"EngineCore_DP0": 1}
    start.world.answers["processes"] = lambda event: [item for item in event.items if item.process == "EngineCore_DP0"]
    serve = start.get("vllm.entrypoints.cli.serve", "run_headless")
    arguments = start.arguments()
    arguments.api_server_count = 0
    try:
        serve(arguments)
        end = "exit 0"
    except Exception as error:
        end = str(error)
    [wait, *_] = start.world.of("wait")
    yield "headless: end when an engine core dies", end, wait.where()


@claim
def ray(root):
    """When actors of Ray are the engine cores."""
    start = Start(root)
    start.parallel.data_parallel_backend = "ray"
    start.parallel.use_ray = True
    manager = start.get("vllm.v1.engine.utils", "CoreEngineActorManager")
    engines = start.parallel.data_parallel_size
    manager.create_dp_placement_groups = staticmethod(lambda _: ([StandIn("group")] * engines, list(range(engines))))
    start.release.replaced |= {
        "ray.get": lambda _: start.world.note("ray"), "ray.is_initialized": lambda: True,
        "ray.remote": lambda _: StandIn("actor"),
    }
    start.config.kv_transfer_config = None
    start.launch()
    order = []
    for event in start.world.events:
        name = "engine cores initialised" if event.what == "ray" else step(event)
        if name in ("coordinator", "engine cores initialised", "API servers", "handshake") and name not in order:
            order.append(name)
    [got] = start.world.of("ray")
    yield "Ray: order", order, got.where()


@claim
def rendezvous(root):
    """The port at which an engine core's workers meet."""
    for name, module, types in (
        ("one worker", "vllm.v1.executor.uniproc_executor", "UniProcExecutor"),
    ):
        start = Start(root)
        start.release.replaced["vllm._aiter_ops.rocm_aiter_ops"] = Settings(
            "rocm_aiter_ops", is_custom_all_reduce_enabled=lambda: False)
        start.release.replaced["vllm.utils.network_utils.get_ip"] = lambda: HOST
        device = Settings("device_config", device="cpu")
        executor = Settings("executor", vllm_config=Settings("vllm_config", device_config=device))
        distributed = start.get(module, types).__dict__["_distributed_args"]
        method, *_ = distributed(executor)
        probes = [event for event in start.world.of("socket") if is_probe(event)]
        line = f"{module.replace('.', '/')}.py:{distributed.__code__.co_firstlineno}"
        yield f"rendezvous: ports probed for {name}", len(probes), probes[0].where(*SHARED) if probes else line


@claim
def init_message(root):
    start = Start(root)
    messages = handshake_messages(start)
    start.world.answers["poller"] = lambda event: [(event.registered[0], 1)]
    start.world.answers["ROUTER recv_multipart"] = lambda _: next(messages)
    start.launch()
    [sent, *_] = [event for event in start.world.of("send") if event.socket.kind == "ROUTER"]
    message = sent.frames[1]
    yield "init: fields", list(vars(message)), sent.where()
    yield "init: addresses", list(vars(message.addresses)), sent.where()
    yield "init: parallel_config", list(message.parallel_config), sent.where()


@claim
def coordinator_timeouts(root):
    for name, answer in (
        ("text: the coordinator is late", lambda event: []),
        ("text: the coordinator died", lambda event: event.items[:1]),
    ):
        start = Start(root)
        start.world.answers["processes"] = answer

        def ended(_):
            raise EOFError

        start.world.answers["pipe"] = ended
        text = runs_into(start.get("vllm.entrypoints.cli.serve", "run_multi_api_server"), start.arguments())
        [wait] = [event for event in start.world.of("wait") if event.kind == "processes"]
        yield name, text, wait.where()
    yield "timeout: coordinator", int(wait.timeout * 1000), wait.where()


def version(root):
    """By the metadata of the wheel or of the installed package."""
    for name in sorted(os.listdir(root)):
        found = re.fullmatch(r"vllm(?:_\w+)?-([0-9][^-]*)\.dist-info", name)
        if found:
            return found[1]
    sys.exit(f"{root} does not say which release it is: it has no vllm-VERSION.dist-info")


def findings(root):
    found = []
    for function in claims:
        try:
            for name, value, where in function(root):
                found.append({"name": name, "value": value, "where": where})
        except (Exception, Unknown, Enough) as error:
            # The line of the release, if it came so far.
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(root)]
            where = f"{frames[-1].filename[len(root) + 1:]}:{frames[-1].lineno}" if frames else "?"
            found.append({"name": function.__name__, "error": f"{type(error).__name__}: {error}", "where": where})
    return {"version": version(root), "claims": found}


if __name__ == "__main__":
    folder = os.path.realpath(sys.argv[1])
    if not os.path.isdir(os.path.join(folder, "vllm")):
        sys.exit(f"{folder} has no vllm/: name the folder of an unpacked wheel, or site-packages")
    json.dump(findings(folder), sys.stdout, indent=1)
    print()
