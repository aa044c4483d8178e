"""The release's own helpers with real sockets, by the calls that the kernel gets.

    python3 live.py FOLDER

Prints claims of `release.py` again: there they come from stand-ins, here from strace. What differs is a mistake of the
stand-ins. Only helpers that need neither ZeroMQ nor another host are run.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile

from model import Trace, is_probe
from release import HOST, Start
from standins import Word

MODULE = "vllm.utils.network_utils"


def act(root):
    start = Start(root)
    start.release.standing["socket"] = socket
    start.get(MODULE, "get_open_port")()
    if start.has(MODULE, "make_zmq_listener"):
        start.get(MODULE, "make_zmq_listener")(f"tcp://{HOST}:0", Word("ROUTER"))


def claims(root):
    with tempfile.TemporaryDirectory(prefix="bindstorm-live-") as folder:
        out = os.path.join(folder, "strace")
        calls = "trace=socket,bind,listen,setsockopt,getsockname,close"
        subprocess.run(
            ["strace", "-f", "-qq", "-e", calls, "-o", out, sys.executable, "-B", __file__, "--act", root], check=True)
        sockets = [item for _, item in Trace(out).sockets if item.bound and item.bound[0] == "tcp"]
    for item in sockets:
        if is_probe(item):
            yield "probe: calls", item.calls
        else:
            # The file ends with its process; adoption is libzmq's.
            yield "listener: calls", [call for call in item.calls if call not in ("getsockname", "close")] + ["USE_FD"]


if __name__ == "__main__":
    if sys.argv[1] == "--act":
        act(sys.argv[2])
    else:
        found = [{"name": name, "value": value} for name, value in claims(os.path.realpath(sys.argv[1]))]
        json.dump({"claims": found}, sys.stdout)
        print()
