"""SGLang's own helpers for free ports, of a release: the one file `sglang/srt/utils/network.py`, loaded whole and unchanged.
It needs psutil and pyzmq, which are the real ones; no torch, no GPU, and nothing else of SGLang.

Options: --root FOLDER, the folder that holds `sglang/` (`make sglang-helper` makes one); --helper NAME, one of HELPERS.
"""

import argparse
import importlib.util
import os
import re
import sys

from bindstorm_adapter import Adapter, Refusal, serve

FILE = os.path.join("sglang", "srt", "utils", "network.py")
# `get_open_port` reads the environment through a module that imports the rest of SGLang; without that it is get_free_port.
HELPERS = ["get_free_port", "get_free_port_below_ephemeral"]


def helpers_of(root):
    """The release's module."""
    spec = importlib.util.spec_from_file_location("sglang_network", os.path.join(root, FILE))
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def version_of(root):
    """The version in the name of the release's metadata."""
    for name in os.listdir(root):
        found = re.fullmatch(r"sglang-(.+)\.dist-info", name)
        if found:
            return found[1]
    return ""


class SGLang(Adapter):
    def __init__(self, root, helper):
        self.root, self.helper = root, helper
        self.name = f"SGLang's {helper}"

    def hello(self, request):
        if not os.path.exists(os.path.join(self.root, FILE)):
            raise Refusal("unavailable", f"no SGLang in {self.root}: run `make sglang-helper`")
        try:
            module = helpers_of(self.root)
        except ImportError as error:
            raise Refusal("unavailable", f"{error}: run `make adapters`")
        self.version = version_of(self.root)
        self.choose = getattr(module, self.helper, None)
        if self.choose is None:
            raise Refusal("unavailable", f"SGLang {self.version} has no {self.helper}")

    def allocate(self, request):
        return [self.choose() for _ in range(request["addresses"])]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--root", required=True)
parser.add_argument("--helper", choices=HELPERS, default=HELPERS[0])
given = parser.parse_args()
serve(SGLang(given.root, given.helper))
