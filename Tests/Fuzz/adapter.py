"""An adapter for the fuzzer: answers as the protocol has it, but for one answer, which a file gives."""

import json
import pathlib
import sys

number, _, replaced = pathlib.Path(sys.argv[1]).read_bytes().partition(b" ")
for count, line in enumerate(sys.stdin.buffer):
    request = json.loads(line)
    answer = {"id": request["id"]}
    if request["request"] == "hello":
        addresses = request["addresses"]
        answer |= {"protocol": 1, "name": "fuzz", "capabilities": ["bind"]}
    elif request["request"] in ("allocate", "report"):
        answer["ports"] = list(range(40_001, 40_001 + addresses))
    data = replaced if str(count).encode() == number else json.dumps(answer).encode()
    try:
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        break
    if request["request"] == "stop":
        break
