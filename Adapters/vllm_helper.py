"""A vLLM release's own address helper, of any version, without torch, a GPU or the vLLM package being imported.

Two modules of the release are loaded whole and unchanged, `vllm/envs.py` and `vllm/utils/network_utils.py`; they need
nothing but psutil, zmq and urllib3, which are the real ones, and `vllm.logger`, in whose place stands the standard
library's logging. What calls them lies in modules that import torch and half of vLLM (`vllm/v1/utils.py` and
`vllm/v1/engine/utils.py`). From those, exactly the definitions named in DEFINITIONS are taken out of the file by its
syntax tree, as they are written, and run in a namespace made of network_utils: nothing of them is copied or changed
here. The adapter refuses a release in which one is missing or needs a name that is not there.

0.19: `get_engine_zmq_addresses`, which calls `get_engine_client_zmq_addr`, which calls `get_open_port`: numbers only.
0.33: `bind_engine_zmq_listeners`, which calls `make_zmq_listener`: listening sockets, passed on.

The only thing made up is the configuration that the helper reads: a data-parallel launch with engines on another
node, too; otherwise vLLM takes ipc paths, and there is no port to lose.

Options: --root FOLDER, the folder that holds `vllm/` (`make vllm-helper VERSION=...` makes one); without it an
installed vLLM is used.
"""

import __future__

import argparse
import ast
import contextlib
import dataclasses
import importlib.util
import logging
import os
import re
import sys
import types

from bindstorm_adapter import Adapter, Refusal, serve

CALLERS = ["vllm/v1/utils.py", "vllm/v1/engine/utils.py"]
# By the helper that a release has: what is taken out of CALLERS, the helper last.
DEFINITIONS = {
    "bind_engine_zmq_listeners": [
        "EngineZmqBindAddresses", "EngineZmqAddresses", "EngineZmqListeners",
        "get_engine_zmq_bind_addresses", "bind_engine_zmq_listeners",
    ],
    "get_engine_zmq_addresses": [
        "EngineZmqAddresses", "get_engine_client_zmq_addr", "get_engine_zmq_addresses",
    ],
}


class NotFound(Exception):
    pass


def module_from(root, name):
    path = os.path.join(root, *name.split(".")) + ".py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def network_utils(root):
    """The release's vllm.utils.network_utils, and vllm.envs for it."""
    for package in ["vllm", "vllm.utils"]:
        sys.modules[package] = types.ModuleType(package)
        # A search path that finds nothing: an import of anything else must fail, not be replaced.
        sys.modules[package].__path__ = []
    logger = types.ModuleType("vllm.logger")
    logger.init_logger = logging.getLogger
    sys.modules["vllm.logger"] = logger
    sys.modules["vllm"].envs = module_from(root, "vllm.envs")
    return module_from(root, "vllm.utils.network_utils")


def definitions_of(root):
    """The top-level definitions of CALLERS, by name, each with its file."""
    found = {}
    for path in CALLERS:
        file = os.path.join(root, path)
        with open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read(), file)
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.setdefault(node.name, (file, node))
    return found


def helper_of(root):
    """The name of the release's helper, and the helper."""
    found = definitions_of(root)
    name = next((name for name in DEFINITIONS if name in found), None)
    if name is None:
        raise NotFound("it has none of " + ", ".join(DEFINITIONS))
    # What the callers import by name for these definitions.
    callers = types.ModuleType("vllm_callers")
    sys.modules[callers.__name__] = callers  # dataclasses look there
    namespace = vars(callers)
    for key, value in vars(network_utils(root)).items():
        namespace.setdefault(key, value)
    namespace.update(dataclass=dataclasses.dataclass, contextlib=contextlib)
    for wanted in DEFINITIONS[name]:
        if wanted not in found:
            raise NotFound(f"{name} is there, but not {wanted}")
        file, node = found[wanted]
        # Annotations name classes that are not there, and are not looked at.
        flags = __future__.annotations.compiler_flag
        code = compile(ast.Module([node], []), file, "exec", flags=flags, dont_inherit=True)
        exec(code, namespace)
    return name, namespace[name]


def installed_root():
    for folder in sys.path:
        if os.path.exists(os.path.join(folder, CALLERS[-1])):
            return folder
    return None


class VllmHelper(Adapter):
    name = "vLLM's own helper"

    def __init__(self, root):
        self.problem = None
        self.held = None
        root = root or installed_root()
        if root is None or not all(os.path.exists(os.path.join(root, path)) for path in CALLERS):
            self.problem = f"no vLLM in {root or sys.path}: run `make vllm-helper VERSION=...`"
            return
        try:
            import psutil, urllib3, zmq  # noqa: E401,F401
        except ImportError as error:
            self.problem = f"{error}: run `make adapters`"
            return
        self.version = self.version_of(root)
        try:
            helper, self.call = helper_of(root)
        except (NotFound, ImportError) as error:
            self.problem = f"vLLM {self.version} is not known to this adapter: {error}"
            return
        self.name = f"vLLM's own {helper}"
        if helper == "bind_engine_zmq_listeners":
            self.capabilities = ["allocate", "listeners"]

    @staticmethod
    def version_of(root):
        with open(os.path.join(root, "vllm", "_version.py")) as file:
            found = re.search(r"^__version__ = (?:version = )?'([^']+)'", file.read(), re.M)
        return found[1] if found else ""

    def hello(self, request):
        if self.problem:
            raise Refusal("unavailable", self.problem)
        parallel = types.SimpleNamespace(
            data_parallel_size_local=1, data_parallel_rank_local=None, data_parallel_size=2,
            data_parallel_rank=0, data_parallel_master_ip=request["host"],
            local_engines_only=False, enable_elastic_ep=False,
        )
        self.config = types.SimpleNamespace(parallel_config=parallel)
        self.servers = request["api_servers"]

    def allocate(self, request):
        answer = self.call(self.config, self.servers)
        if "listeners" in self.capabilities:
            self.held = answer
            answer = answer.addresses
        return [int(item.rsplit(":", 1)[1]) for item in answer.inputs + answer.outputs]

    def listeners(self):
        return [item.socket for item in self.held.inputs + self.held.outputs]

    def sent(self):
        # vLLM's manager closes its copies once the API servers are started.
        self.held.cleanup()
        self.held = None


parser = argparse.ArgumentParser()
parser.add_argument("--root")
serve(VllmHelper(parser.parse_args().root))
