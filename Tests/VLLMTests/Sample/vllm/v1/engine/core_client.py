import zmq

from vllm.envs import VLLM_ENGINE_READY_TIMEOUT_S
from vllm.utils.network_utils import make_zmq_socket
from vllm.v1.engine.utils import get_engine_zmq_addresses, launch_core_engines


class MPClient:
    def __init__(self, asyncio_mode, config, executor_class, log_stats, client_addresses=None):
        ctx = zmq.Context(io_threads=2)
        if client_addresses:
            given, taken = client_addresses["input_address"], client_addresses["output_address"]
        else:
            addresses = get_engine_zmq_addresses(config)
            given, taken = addresses.inputs[0], addresses.outputs[0]
        requests = make_zmq_socket(ctx, given, zmq.ROUTER, bind=True)
        make_zmq_socket(ctx, taken, zmq.PULL)
        if not client_addresses:
            with launch_core_engines(config, addresses):
                pass
        awaited = {rank.to_bytes(2, "little") for rank in range(config.parallel_config.data_parallel_size)}
        while awaited:
            if not requests.poll(timeout=VLLM_ENGINE_READY_TIMEOUT_S * 1000):
                raise TimeoutError(f"no first message within {VLLM_ENGINE_READY_TIMEOUT_S} s")
            identity, frame = requests.recv_multipart()
            awaited.remove(identity)
