"""Adopts orphans, runs a command and counts what it leaves behind: leftovers.py COMMAND..."""
import ctypes
import os
import subprocess
import sys

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
status = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
left = 0
try:
    while True:
        os.waitpid(-1, os.WNOHANG)
        left += 1
        if left > 100:
            break
except ChildProcessError:
    pass
print(status, left)
