"""Binds from a thread, through a generator, a comprehension, a class and a name that is not ASCII, and prints the stack
that Python itself gives for the call, innermost frame first."""

import json
import socket
import sys
import threading


def stack():
    frame, lines = sys._getframe(1), []
    while frame:
        lines.append([frame.f_code.co_name, frame.f_lineno])
        frame = frame.f_back
    print(json.dumps(lines), flush=True)
    return 0


class Würfel:
    def binde(self, number):
        with socket.socket() as s:
            s.bind(("127.0.0.1", number if number else stack()))
            return s.getsockname()[1]


def generate():
    yield Würfel().binde(0)


def deep(count):
    if count:
        return deep(count - 1)

    return list(
        port for port in generate())[0]


def main():
    port = max([deep(3)])
    Würfel().binde(port)


threading.current_thread()
helper = threading.Thread(target=main)
idle = threading.Thread(target=threading.Event().wait, args=(0.2,))
idle.start()
helper.start()
helper.join()
