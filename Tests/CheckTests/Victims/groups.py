"""Two deployments, told apart by BINDSTORM_GROUP. The client of the second dials the first one's server."""
import os
import socket
import subprocess
import sys

if len(sys.argv) > 1:
    socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
    sys.exit(0)
os.environ["BINDSTORM_GROUP"] = "first"
if "GROUPS_READY" not in os.environ:
    # The group is in the environment that a process was started with.
    os.environ["GROUPS_READY"] = "1"
    os.execv(sys.executable, [sys.executable] + sys.argv)
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
other = dict(os.environ, BINDSTORM_GROUP=os.environ.get("CLIENT_GROUP", "second"))
sys.exit(subprocess.run([sys.executable, sys.argv[0], str(server.getsockname()[1])], env=other).returncode)
