"""Kills the tool in the middle and tells whether the tree lives on and the guard ends with it: orphan.py TOOL."""
import os
import signal
import subprocess
import sys
import time

steady = os.path.join(os.path.dirname(os.path.abspath(__file__)), "steady.py")
tool = subprocess.Popen([sys.argv[1], "check", "--", sys.executable, steady],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def ask():
    tool.stdin.write(b"x\n")
    tool.stdin.flush()
    return tool.stdout.readline().decode().strip()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


print(tool.stdout.readline().decode().strip())
print(ask())
with open(f"/proc/{tool.pid}/task/{tool.pid}/children") as f:
    children = [int(word) for word in f.read().split()]
print("children", len(children))
tool.send_signal(signal.SIGKILL)
print("killed", tool.wait() == -signal.SIGKILL)
print([ask() for _ in range(3)])
tool.stdin.close()
print("rest", tool.stdout.read())
deadline = time.monotonic() + 20
while any(map(alive, children)) and time.monotonic() < deadline:
    os.sched_yield()
print("left", sum(map(alive, children)))
