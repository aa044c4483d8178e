import Foundation
import TestSupport

/// Adapters in Python, written by the tests: plain ones that share nothing with those in `Adapters/`.
enum TestAdapter {
  static let hasPython: Bool = {
    let finished = try? Program.run(["python3", "-c", "import socket, signal; socket.send_fds"])
    return finished?.ending == .exit(0)
  }()

  /// One script; its first argument says what it does, right or wrong. Numbers are below the ephemeral range and
  /// follow from the launch, so that nothing here depends on chance.
  static let script = #"""
    import json, os, signal, socket, sys, time

    how = sys.argv[1]
    kinds = {"allocate": [], "listeners": ["listeners"], "bind": ["bind"]}
    capability, _, fault = how.partition("/")
    held, allocations = [], 0


    def say(text):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


    def listener(port, backlog=16):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", port))
        if backlog:
            one.listen(backlog)
        return one


    def pass_on(items, at_once=64):
        for first in range(0, len(items), at_once):
            socket.send_fds(channel, [b"l"], [item.fileno() for item in items[first : first + at_once]])


    for line in sys.stdin:
        request = json.loads(line)
        kind, reply = request["request"], {"id": request["id"]}
        if kind == "hello":
            count, launch = request["addresses"], request["launch"]
            numbers = [20000 + 100 * launch + item for item in range(count)]
            reply.update(protocol=1, name="test adapter", capabilities=["allocate"] + kinds[capability])
            if capability == "listeners":
                channel = socket.socket(fileno=request["listener_descriptor"])
            if fault == "unavailable":
                reply = {"id": request["id"], "error": "unavailable", "message": "no luck on this host"}
            if fault == "hello-version":
                reply["protocol"] = 2
            if fault == "hello-excludes":
                reply["capabilities"] = ["allocate", "listeners", "bind"]
            if fault == "hello-capability":
                reply["capabilities"] = ["allocate", "fly"]
            if fault == "hello-without-allocate":
                reply["capabilities"] = []
        if kind == "allocate":
            allocations += 1
            sys.stderr.write("last words of " + how + "\n")
            sys.stderr.flush()
            reply["ports"] = numbers if capability != "bind" else [0] * count
            if fault == "malformed":
                say('{"id": %d, "ports": [' % request["id"])
                continue
            if fault == "no-object":
                say("[]")
                continue
            if fault == "no-id":
                del reply["id"]
            if fault == "wrong-id":
                reply["id"] += 1
            if fault == "no-ports":
                del reply["ports"]
            if fault == "too-few":
                reply["ports"] = numbers[1:]
            if fault == "too-many":
                reply["ports"] = numbers + [30000]
            if fault == "wrong-port":
                reply["ports"] = [70000] + numbers[1:]
            if fault == "placeholder":
                reply["ports"] = [0] + numbers[1:]
            if fault == "silent":
                continue
            if fault == "late":
                time.sleep(600)
            if fault == "half":
                sys.stdout.write('{"id"')
                sys.stdout.flush()
                continue
            if fault == "oversized":
                reply["padding"] = "x" * 70000
            if fault == "endless":
                while True:
                    sys.stdout.write("x" * 65536)
            if fault == "exits":
                sys.exit(3)
            if fault == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if fault == "kills-group":
                os.killpg(os.getpgrp(), signal.SIGKILL)
            if fault == "closes":
                os.close(1)
                continue
            if fault == "exits-in-second" and allocations == 2:
                sys.exit(4)
            if fault == "twice":
                say(json.dumps(reply))
            if fault == "exhausted":
                reply = {"id": request["id"], "error": "exhausted", "message": "none left"}
            if fault == "failed":
                reply = {"id": request["id"], "error": "failed", "message": "out of luck"}
            if fault == "unknown-error":
                reply = {"id": request["id"], "error": "tired"}
            if fault == "late-unavailable":
                reply = {"id": request["id"], "error": "unavailable"}
            if capability == "listeners" and "ports" in reply:
                items = [listener(port, 0 if fault == "not-listening" else 16) for port in numbers]
                if fault == "other-port":
                    items.reverse()
                if fault == "no-socket":
                    items[0].close()
                    items[0] = open("/dev/null")
                if fault == "one-less":
                    items.pop().close()
                if fault == "one-more":
                    items.append(listener(30000))
                if fault == "crowded":
                    items += [items[0]] * 80
                pass_on(items, 200 if fault == "crowded" else 3)
                for item in items:
                    item.close()
        if kind == "bind":
            if fault == "bind-silent":
                continue
            if fault == "bind-exits":
                sys.exit(5)
            if fault == "bind-in-use":
                reply.update(error="address-in-use", address=0, port=numbers[0])
            if fault not in ("binds-nothing", "bind-in-use"):
                held = [listener(port) for port in numbers]
            if fault == "binds-without-listening":
                for item in held:
                    item.close()
                held = [listener(port, 0) for port in numbers]
        if kind == "report":
            reply["ports"] = numbers
            if fault == "report-too-few":
                reply["ports"] = numbers[1:]
            if fault == "report-placeholder":
                reply["ports"] = [0] + numbers[1:]
        if kind == "release" and fault != "keeps":
            for item in held:
                item.close()
            held = []
        if kind == "release" and fault == "release-silent":
            continue
        say(json.dumps(reply))
        if kind == "stop":
            if fault == "stop-code":
                sys.exit(3)
            if fault == "stop-late":
                time.sleep(600)
            break
    """#

  /// Writes the script.
  static func write(to scratch: ScratchFolder) throws -> String {
    try scratch.write(script, to: "adapter.py")
  }

  /// A strategy of a plan.
  static func element(_ script: String, _ how: String, options: String = "{}") -> String {
    #"{"name": "exec", "label": "\#(how)", "command": ["python3", "\#(script)", "\#(how)"], "options": \#(options)}"#
  }
}
