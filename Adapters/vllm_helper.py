"""A vLLM release's own address helper, of any version: `vllm/v1/engine/utils.py` and what it calls.

vLLM is not imported as a package, and neither torch nor a GPU is needed: the modules named in KEPT are loaded from
the files of the release, unchanged, by their own names. What else they import is replaced by empty stand-ins:
torch, uvloop, msgspec, and every module of vLLM that is not in KEPT (logger, config, platforms, ray, executor, ...).
zmq, psutil and urllib3 are the real ones. Nothing that decides on an address or binds a socket is replaced.

0.19: `get_engine_zmq_addresses` (which calls get_engine_client_zmq_addr and get_open_port): numbers only.
0.33: `bind_engine_zmq_listeners` (which calls make_zmq_listener): listening sockets, passed on.

Options: --root FOLDER, the folder that holds `vllm/` (`make vllm-helper VERSION=...` makes one); without it an
installed vLLM is used.
"""

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import os
import re
import sys
import types

from bindstorm_adapter import Adapter, Refusal, serve

KEPT = {"vllm.envs", "vllm.utils.network_utils", "vllm.v1.utils", "vllm.v1.engine.utils"}
PACKAGES = {"vllm", "vllm.utils", "vllm.v1", "vllm.v1.engine"}
FOREIGN = {"torch", "uvloop", "msgspec"}


class Nothing:
    """Stands for whatever a replaced module would hold; enough to be named in annotations and decorators."""

    def __init_subclass__(cls, **options):
        pass

    def __class_getitem__(cls, item):
        return cls

    def __or__(self, other):
        return self

    __ror__ = __or__


class StandIn(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "init_logger":
            return logging.getLogger
        return type(name, (Nothing,), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, root):
        self.root = root

    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if name in KEPT:
            file = os.path.join(self.root, *name.split(".")) + ".py"
            return importlib.util.spec_from_file_location(name, file)
        if top == "vllm" or top in FOREIGN:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return types.ModuleType(spec.name) if spec.name in PACKAGES else StandIn(spec.name)

    def exec_module(self, module):
        pass


def installed_root():
    for folder in sys.path:
        if os.path.exists(os.path.join(folder, "vllm", "v1", "engine", "utils.py")):
            return folder
    return None


class VllmHelper(Adapter):
    name = "vLLM's own helper"

    def __init__(self, root):
        self.problem = None
        self.held = None
        root = root or installed_root()
        if root is None or not os.path.exists(os.path.join(root, "vllm/v1/engine/utils.py")):
            self.problem = f"no vLLM in {root or sys.path}: run `make vllm-helper`"
            return
        try:
            import psutil, urllib3, zmq  # noqa: E401,F401  the real ones
        except ImportError as error:
            self.problem = f"{error}: run `make adapters`"
            return
        self.version = self.version_of(root)
        sys.meta_path.insert(0, Finder(root))
        import vllm.v1.engine.utils as utils

        self.utils = utils
        if hasattr(utils, "bind_engine_zmq_listeners"):
            self.capabilities = ["allocate", "listeners"]
        elif not hasattr(utils, "get_engine_zmq_addresses"):
            self.problem = f"vLLM {self.version} has neither helper that this adapter knows"

    @staticmethod
    def version_of(root):
        with open(os.path.join(root, "vllm", "_version.py")) as file:
            found = re.search(r"^__version__ = (?:version = )?'([^']+)'", file.read(), re.M)
        return found[1] if found else ""

    def hello(self, request):
        if self.problem:
            raise Refusal("unavailable", self.problem)
        # Engines on other nodes, too: otherwise vLLM takes ipc paths, and there is no port to lose.
        parallel = types.SimpleNamespace(
            data_parallel_size_local=1, data_parallel_rank_local=None, data_parallel_size=2,
            data_parallel_rank=0, data_parallel_master_ip=request["host"],
            local_engines_only=False, enable_elastic_ep=False,
        )
        self.config = types.SimpleNamespace(parallel_config=parallel)
        self.servers = request["api_servers"]

    def allocate(self, request):
        if "listeners" in self.capabilities:
            self.held = self.utils.bind_engine_zmq_listeners(self.config, self.servers)
            addresses = self.held.addresses
        else:
            addresses = self.utils.get_engine_zmq_addresses(self.config, self.servers)
        return [int(item.rsplit(":", 1)[1]) for item in addresses.inputs + addresses.outputs]

    def listeners(self):
        return [item.socket for item in self.held.inputs + self.held.outputs]

    def sent(self):
        # vLLM's manager closes its copies once the API servers are started.
        self.held.cleanup()
        self.held = None


parser = argparse.ArgumentParser()
parser.add_argument("--root")
serve(VllmHelper(parser.parse_args().root))
