"""Sends its parent a signal, and tells who of its own group gets it: group.py SIGNAL."""
import os
import signal
import sys

number = getattr(signal, "SIG" + sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [number])
parent = os.getppid()
child = os.fork()
if child == 0:
    signal.sigwait([number])
    os.write(1, b"child ")
    os._exit(0)
os.kill(parent, number)
signal.sigwait([number])
os.waitpid(child, 0)
print("parent", flush=True)
sys.exit(7)
