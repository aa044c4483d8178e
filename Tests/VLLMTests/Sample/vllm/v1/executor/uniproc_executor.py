from vllm.utils.network_utils import get_open_port, get_tcp_uri


class UniProcExecutor:
    def _distributed_args(self):
        return get_tcp_uri("127.0.0.1", get_open_port()), 0, 0
