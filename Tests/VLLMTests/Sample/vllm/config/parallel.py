from vllm.utils.network_utils import get_open_port


class ParallelConfig:
    def __post_init__(self):
        self._data_parallel_master_port_list = [get_open_port() for _ in range(5)]
