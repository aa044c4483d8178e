"""Runs the tool on a terminal of its own and presses Ctrl-C: terminal.py TOOL."""
import os
import pty
import sys

script = "test -t 0 && test -t 1 && echo tty; trap 'echo got; exit 9' INT; echo go; while :; do sleep 0.05; done"
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "check", "-q", "--", "sh", "-c", script])
seen = b""
while b"go" not in seen:
    seen += os.read(terminal, 100)
os.write(terminal, b"\x03")
try:
    while more := os.read(terminal, 100):
        seen += more
except OSError:
    pass
print("tty" if b"tty" in seen else "no tty", seen.count(b"got"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
