import contextlib
from dataclasses import dataclass
from multiprocessing import connection

import msgspec
import ray
import zmq

from vllm.utils.network_utils import make_zmq_socket
from vllm.utils.system_utils import get_mp_context
from vllm.v1.engine.coordinator import DPCoordinator
from vllm.v1.utils import get_engine_client_zmq_addr


@dataclass
class EngineZmqAddresses:
    inputs: list
    outputs: list
    coordinator_input: str = None


@dataclass
class EngineHandshakeMetadata:
    addresses: EngineZmqAddresses
    parallel_config: dict


class CoreEngineProcManager:
    def __init__(self, config, handshake_address):
        self.processes = []
        for rank in range(config.parallel_config.data_parallel_size_local):
            process = get_mp_context().Process(
                name=f"EngineCore_DP{rank}", kwargs={"handshake_address": handshake_address})
            process.start()
            self.processes.append(process)

    def join_first(self):
        connection.wait([process.sentinel for process in self.processes])


class CoreEngineActorManager:
    def __init__(self, config):
        groups, _ = self.create_dp_placement_groups(config)
        ray.get(groups)


def get_engine_zmq_addresses(config, servers=1):
    parallel = config.parallel_config
    local = parallel.data_parallel_size_local == parallel.data_parallel_size
    host = parallel.data_parallel_master_ip
    return EngineZmqAddresses(
        inputs=[get_engine_client_zmq_addr(local, host) for _ in range(servers)],
        outputs=[get_engine_client_zmq_addr(local, host) for _ in range(servers)],
    )


@contextlib.contextmanager
def launch_core_engines(config, addresses):
    parallel = config.parallel_config
    coordinator = DPCoordinator(parallel)
    if parallel.data_parallel_backend == "ray":
        yield CoreEngineActorManager(config)
        return
    local = parallel.data_parallel_size_local == parallel.data_parallel_size
    handshake_address = get_engine_client_zmq_addr(
        local, parallel.data_parallel_master_ip, parallel.data_parallel_rpc_port)
    handshake = make_zmq_socket(zmq.Context(), handshake_address, zmq.ROUTER, bind=True)
    engines = CoreEngineProcManager(config, handshake_address)
    yield engines
    wait_for_engine_startup(handshake, engines, addresses, coordinator, parallel)


def wait_for_engine_startup(handshake, engines, addresses, coordinator, parallel):
    poller = zmq.Poller()
    poller.register(handshake, zmq.POLLIN)
    for process in engines.processes:
        poller.register(process.sentinel, zmq.POLLIN)
    ready = 0
    while ready < parallel.data_parallel_size:
        if poller.poll(10_000)[0][0] != handshake:
            raise RuntimeError(f"an engine core ended: {[item.exitcode for item in engines.processes]}")
        identity, message = handshake.recv_multipart()
        if message["status"] == "HELLO":
            settings = {"data_parallel_size": parallel.data_parallel_size}
            answer = EngineHandshakeMetadata(addresses=addresses, parallel_config=settings)
            handshake.send_multipart((identity, msgspec.msgpack.encode(answer)))
        else:
            ready += 1
