"""An adapter for the fuzzer: the shipped one with plain sockets, but for one answer, which a file gives."""

import pathlib
import subprocess
import sys

shipped = pathlib.Path(__file__).resolve().parents[2] / "Adapters/socket_adapter.py"
number, _, replaced = pathlib.Path(sys.argv[1]).read_bytes().partition(b" ")
with subprocess.Popen(
        [sys.executable, shipped, "wildcard"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as real:
    for count, line in enumerate(sys.stdin.buffer):
        real.stdin.write(line)
        answer = real.stdout.readline()
        if not answer:
            break
        try:
            sys.stdout.buffer.write(replaced + b"\n" if str(count).encode() == number else answer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            break
    real.stdin.close()
