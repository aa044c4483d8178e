import multiprocessing
from multiprocessing import connection

from vllm.utils.network_utils import get_open_port, get_tcp_uri


def get_engine_client_zmq_addr(local, host, port=0):
    return "ipc:///tmp/sample" if local else get_tcp_uri(host, port or get_open_port())


class APIServerProcessManager:
    def __init__(self, listen_address, sock, args, addresses):
        self.processes = []
        for number, (given, taken) in enumerate(zip(addresses.inputs, addresses.outputs)):
            config = {"input_address": given, "output_address": taken}
            process = multiprocessing.get_context("spawn").Process(
                name=f"ApiServer_{number}", args=(listen_address, sock, args, config))
            process.start()
            self.processes.append(process)


def wait_for_any(processes):
    for ended in connection.wait([process.sentinel for process in processes], timeout=5):
        name = next(process.name for process in processes if process.sentinel == ended)
        raise RuntimeError(f"the API server {name} ended")


def shutdown(processes, timeout=5.0):
    for process in processes:
        process.terminate()
        process.join(timeout)
