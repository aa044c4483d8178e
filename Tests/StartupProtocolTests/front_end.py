"""Asks bindstorm-frontend as any HTTP client would, and stands for the API server behind it.

Usage: front_end.py PATH-OF-BINDSTORM-FRONTEND. Prints what it saw, one line for each answer.
"""

import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import threading

RECORD = struct.Struct("<IIQq")
OPEN, REQUEST, ANSWER, REFUSAL = 1, 2, 3, 4

listener = socket.create_server(("127.0.0.1", 0), backlog=64)
ours, theirs = socket.socketpair()


def descriptors():
    """The channel becomes descriptor 3, the listener 4."""
    os.dup2(theirs.fileno(), 30)
    os.dup2(listener.fileno(), 31)
    os.dup2(30, 3)
    os.dup2(31, 4)


front_end = subprocess.Popen(
    [sys.argv[1], "serve", "77", "3"], preexec_fn=descriptors, pass_fds=(3, 4)
)
theirs.close()


def serve():
    """Answers each request from engine core 7; refuses the nonce -1."""
    while record := ours.recv(RECORD.size, socket.MSG_WAITALL):
        kind, _, number, nonce = RECORD.unpack(record)
        assert kind == REQUEST, kind
        ours.sendall(RECORD.pack(REFUSAL if nonce == -1 else ANSWER, 7, number, nonce))


threading.Thread(target=serve, daemon=True).start()
ours.sendall(RECORD.pack(OPEN, 0, 0, 0))


def connect():
    return http.client.HTTPConnection(*listener.getsockname(), timeout=60)


def ask(name, method, path, body=None, connection=None, headers={}):
    own = connection or connect()
    own.request(method, path, body, {"content-type": "application/json", **headers})
    response = own.getresponse()
    text = response.read()
    assert int(response.headers["content-length"]) == len(text)
    if connection is None:
        own.close()
    value = json.loads(text) if text else None
    what = ""
    if value and "error" in value:
        assert value["error"]["code"] == response.status and value["error"]["message"]
        what = value["error"]["type"]
    elif value:
        assert value["object"] == "chat.completion" and value["choices"][0]["index"] == 0
        what = value["choices"][0]["message"]["content"] + " " + value["system_fingerprint"]
    print(f"{name}: {response.status} {what}".rstrip())
    return response


def chat(content):
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": content}]})


PATH = "/v1/chat/completions"
ask("health", "GET", "/health")
ask("completion", "POST", PATH, chat("42"))
ask("largest", "POST", PATH, chat(str(2**63 - 1)))
same = connect()
for number in range(3):
    ask(f"same connection {number}", "POST", PATH, chat(str(number)), same)
last = ask("close", "POST", PATH, chat("5"), same, {"connection": "close"})
assert last.headers["connection"] == "close"
ask("refused", "POST", PATH, chat("-1"))
ask("no number", "POST", PATH, chat("hello"))
ask("no message", "POST", PATH, json.dumps({"model": "m", "messages": []}))
ask("no JSON", "POST", PATH, "{")
ask("no body", "POST", PATH)
ask("too large", "POST", PATH, chat("1" * 70_000))
ask("method", "GET", PATH)
ask("path", "GET", "/nothing")

# Many at once, each answered with its own number.
def one(number):
    connection = connect()
    connection.request("POST", PATH, chat(str(number)))
    answer = json.loads(connection.getresponse().read())
    results[number] = answer["choices"][0]["message"]["content"] == str(number)


results = {}
threads = [threading.Thread(target=one, args=(number,)) for number in range(100, 150)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"at once: {sum(results.values())}")

ours.shutdown(socket.SHUT_RDWR)
print(f"ended: {front_end.wait(60)}")
