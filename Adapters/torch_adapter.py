"""PyTorch's own way from a free port to a rendezvous: `get_free_port` of torch.distributed.elastic chooses, TCPStore binds.

All of vLLM's data-parallel and tensor-parallel groups meet at such a store. Its server listens on [::] without
IPV6_V6ONLY. Runs with any interpreter that has torch; `real_vllm/run` has the one that `make real-vllm` prepares:

    real_vllm/run ../torch_adapter.py [--port-zero]

Options: --port-zero lets the store choose (port 0) and asks it afterwards.
"""

import argparse
import errno
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from bindstorm_adapter import Adapter, Refusal, serve  # noqa: E402

try:
    import torch
    from torch.distributed import DistNetworkError, TCPStore
    from torch.distributed.elastic.utils.distributed import get_free_port
except ImportError as error:
    torch = None
    problem = f"{error}: run `make real-vllm`"


class Torch(Adapter):
    capabilities = ["allocate", "bind"]

    def __init__(self, port_zero):
        self.port_zero = port_zero
        self.name = "TCPStore on port 0" if port_zero else "get_free_port, then TCPStore"
        self.stores = []

    def hello(self, request):
        if torch is None:
            raise Refusal("unavailable", problem)
        self.version = torch.__version__
        self.host = request["host"]

    def allocate(self, request):
        self.ports = [0 if self.port_zero else get_free_port() for _ in range(request["addresses"])]
        return self.ports

    def bind(self, request):
        for address, port in enumerate(self.ports):
            try:
                store = TCPStore(self.host, port, world_size=1, is_master=True, wait_for_workers=False)
            except DistNetworkError as error:
                if errno.errorcode[errno.EADDRINUSE] not in str(error):
                    raise Refusal("failed", str(error))
                raise Refusal("address-in-use", str(error), address=address, port=port)
            self.stores.append(store)

    def report(self, request):
        return [store.port for store in self.stores]

    def release(self, request):
        # A store's server ends with its last reference.
        self.stores.clear()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--port-zero", action="store_true")
serve(Torch(parser.parse_args().port_zero))
