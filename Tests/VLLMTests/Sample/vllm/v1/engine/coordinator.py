import multiprocessing.connection

import zmq

from vllm.utils.network_utils import get_tcp_uri, make_zmq_socket
from vllm.utils.system_utils import get_mp_context
from vllm.v1.utils import get_engine_client_zmq_addr


class DPCoordinator:
    def __init__(self, parallel):
        host = parallel.data_parallel_master_ip
        local = parallel.data_parallel_size_local == parallel.data_parallel_size

        def address(is_local):
            return get_engine_client_zmq_addr(True, host) if is_local else get_tcp_uri(host, 0)

        pipe, child = get_mp_context().Pipe(duplex=False)
        self.proc = get_mp_context().Process(
            name="Coordinator",
            kwargs={
                "front_publish_address": address(not parallel.local_engines_only),
                "back_output_address": address(local),
                "back_publish_address": address(local),
            })
        self.proc.start()
        if not multiprocessing.connection.wait([pipe, self.proc.sentinel], timeout=30):
            raise RuntimeError("the coordinator is late")
        try:
            self.addresses = pipe.recv()
        except EOFError:
            raise RuntimeError("the coordinator ended") from None


class DPCoordinatorProc:
    def process_input_socket(self, front_publish_address, back_output_address, back_publish_address, zmq_addr_pipe):
        front = make_zmq_socket(self.ctx, front_publish_address, zmq.XPUB)
        output = make_zmq_socket(self.ctx, back_output_address, zmq.PULL)
        back = make_zmq_socket(self.ctx, back_publish_address, zmq.XPUB)
        zmq_addr_pipe.send([item.getsockopt(zmq.LAST_ENDPOINT) for item in (front, output, back)])
        for _ in self.engines:
            back.recv()
        back.send(b"READY")
        output.recv()
