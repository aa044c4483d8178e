"""What stands in for the rest of the world while a vLLM release's own start-up code runs, unchanged, on its own.

No package of the release is imported. `Release` parses the files that it is asked for and runs their top-level
statements one by one; what a file imports is another file of the release, a module of the standard library that can do
no harm, or a stand-in. Stand-ins of sockets, ZeroMQ, processes and pipes touch nothing: they write down each call with
the line of the release that made it.
"""

import ast
import builtins
import inspect
import os
import sys
import types
import urllib.parse
import __future__

# Modules of the standard library whose real code may run: none of them opens, starts or waits for anything.
HARMLESS = {
    "abc", "collections", "collections.abc", "contextlib", "copy", "dataclasses", "enum", "functools", "inspect",
    "ipaddress", "itertools", "json", "logging", "math", "sys", "types", "typing", "uuid", "warnings", "weakref",
}


class Unknown(BaseException):
    """The release asks for something that the extractor does not know: it must be taught. Not an `Exception`: code of
    the release catches those."""


class Enough(BaseException):
    """What was to be seen has been seen: ends the release's code."""


class Word(str):
    """A named constant of a module that is not there, such as `zmq.ROUTER`."""


class Sentinel(int):
    """What becomes readable when a process ends."""

    def __new__(cls, number, process):
        made = super().__new__(cls, number)
        made.process = process
        return made


class Base:
    """In place of an unknown base class."""

    def __init_subclass__(cls, **_):
        pass


class StandIn:
    """An object of which nothing is known but its name. It can be called, indexed, inherited from and used as a
    decorator, which changes nothing; no decision of the release may depend on it."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}")

    def __setattr__(self, name, value):
        pass

    def __call__(self, *arguments, **named):
        if len(arguments) == 1 and not named and inspect.isroutine(arguments[0]) | inspect.isclass(arguments[0]):
            return arguments[0]
        return StandIn(f"{self._name}()")

    def __mro_entries__(self, _):
        return (Base,)

    def __getitem__(self, _):
        return self

    def __or__(self, _):
        return self

    __ror__ = __add__ = __radd__ = __or__

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def __bool__(self):
        raise Unknown(f"the release decides by {self._name}, of which nothing is known")


class Settings(types.SimpleNamespace):
    """An object of which some attributes are known. Reading another one is an error, with its name."""

    def __init__(self, _name="copy", **known):
        super().__init__(**known)
        self._name = _name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise Unknown(f"the release reads {self.__dict__.get('_name')}.{name}, which is not known")


class Event:
    """A call: what was done, its details, and the lines of the release that led to it, the innermost first."""

    def __init__(self, what, details, chain):
        self.what = what
        self.chain = chain
        self.__dict__.update(details)

    def where(self, *skipped):
        """The innermost line that is not in one of these files."""
        for file, line in self.chain:
            if not file.endswith(skipped):
                return f"{file}:{line}"
        return "?"


class World:
    """Everything outside the release's own code, and the record of what was asked of it."""

    def __init__(self, root, memory=8):
        self.root = os.path.join(root, "")
        self.events = []
        self.next_port = 40001
        self.dead = {}
        # How waits end: by kind of wait, a function; without one, the release's code ends there.
        self.answers = {}
        self.environment = {}
        gib = 1024**3
        self.memory = Settings("memory", total=memory * gib, available=memory * gib)

    def note(self, what, **details):
        chain, frame = [], sys._getframe(1)
        while frame:
            if frame.f_code.co_filename.startswith(self.root):
                chain.append((frame.f_code.co_filename[len(self.root) :], frame.f_lineno))
            frame = frame.f_back
        event = Event(what, details, chain)
        self.events.append(event)
        return event

    def wait(self, kind, **details):
        event = self.note("wait", kind=kind, **details)
        if kind not in self.answers:
            raise Enough(kind)
        return self.answers[kind](event)

    def port(self):
        self.next_port += 1
        return self.next_port

    def of(self, what):
        return [event for event in self.events if event.what == what]

    def modules(self):
        """The modules that stand in for real ones, by name."""
        multiprocessing = Multiprocessing(self)
        zmq = ZeroMQ(self)
        return {
            "socket": SocketModule(self),
            "zmq": zmq,
            "zmq.asyncio": zmq.asyncio,
            "multiprocessing": multiprocessing,
            "multiprocessing.connection": multiprocessing.connection,
            "multiprocessing.process": StandIn("multiprocessing.process"),
            "multiprocessing.queues": StandIn("multiprocessing.queues"),
            "threading": Settings(
                "threading", Thread=lambda **_: Settings("thread", start=lambda: None),
                Event=lambda: Settings("event", is_set=lambda: False, set=lambda: None)),
            "psutil": Settings("psutil", virtual_memory=lambda: self.memory, Process=StandIn("psutil.Process")),
            "os": Settings(
                "os", environ=self.environment, getpid=lambda: 4711, path=os.path, makedirs=lambda *_, **__: None,
                getenv=self.environment.get, unlink=lambda _: None,
            ),
            "time": Settings("time", monotonic=lambda: 0.0, time=lambda: 0.0),
            "tempfile": Settings("tempfile", gettempdir=lambda: "/tmp"),
            "msgspec": MessagePack(),
            "msgspec.msgpack": MessagePack.msgpack,
            "urllib3.util": Settings("urllib3.util", parse_url=urllib.parse.urlsplit),
        }


class SocketModule:
    def __init__(self, world):
        self.world = world

    def __getattr__(self, name):
        if name.isupper():
            return Word(name)
        raise Unknown(f"the release uses socket.{name}")

    def socket(self, family=Word("AF_INET"), type=Word("SOCK_STREAM"), **_):
        return Socket(self.world, family, type)


class Socket:
    def __init__(self, world, family, kind):
        self.world = world
        self.calls = [f"socket {family} {kind}"]
        self.address = None
        self.record = world.note("socket", calls=self.calls, socket=self)

    def setsockopt(self, level, name, value):
        self.calls.append(f"{name}={value}")

    def bind(self, address):
        host, port = address if isinstance(address, tuple) else ("", 0)
        if isinstance(address, str):
            self.calls.append("bind path")
            self.address = (address, 0)
        else:
            self.calls.append(f"bind {host or '*'}:{port}")
            self.address = (host, port or self.world.port())
        self.world.note("bind", socket=self, family=self.calls[0].split()[1], host=host, port=port)

    def listen(self, *backlog):
        self.calls.append("listen")

    def getsockname(self):
        self.calls.append("getsockname")
        return self.address

    def close(self):
        if self.calls[-1] != "close":
            self.calls.append("close")
            self.world.note("close", socket=self)

    def detach(self):
        self.calls.append("detach")
        return self

    def fileno(self):
        return 3

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ZeroMQ:
    def __init__(self, world):
        self.world = world
        # An asynchronous context is made of a plain one.
        self.asyncio = Settings("zmq.asyncio", Context=lambda context: context, Socket=type("AsyncSocket", (), {}))
        self.Socket = Settings("zmq.Socket", shadow=lambda socket: socket)
        self.Poller = lambda: Poller(world)

    def __getattr__(self, name):
        if name.isupper():
            return Word(name)
        return StandIn(f"zmq.{name}")

    def Context(self, io_threads=1):
        return ZContext(self.world, io_threads)


class ZContext:
    def __init__(self, world, io_threads):
        self.world = world
        self.io_threads = io_threads

    def socket(self, kind):
        return ZSocket(self.world, self, kind)

    def destroy(self, linger=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class ZSocket:
    def __init__(self, world, context, kind):
        self.world = world
        self.context = context
        self.kind = str(kind)
        self.options = []
        self.endpoint = ""

    def setsockopt(self, name, value):
        self.options.append((str(name), value))

    def getsockopt(self, name):
        return self.endpoint.encode()

    def _attach(self, how, address):
        self.endpoint = address[:-1] + str(self.world.port()) if address.endswith(":0") else address
        self.world.note(
            "zmq", socket=self, how=how, address=address, kind=self.kind, options=list(self.options),
            io_threads=self.context.io_threads)

    def bind(self, address):
        self._attach("bind", address)

    def connect(self, address):
        self._attach("connect", address)

    def send(self, frame, **_):
        self.world.note("send", socket=self, frames=[frame])

    def send_multipart(self, frames, **_):
        self.world.note("send", socket=self, frames=list(frames))

    def poll(self, timeout=None, *_):
        return self.world.wait(f"{self.kind} poll", timeout=timeout, socket=self)

    def recv(self, *_, **__):
        return self.world.wait(f"{self.kind} recv", socket=self)

    def recv_multipart(self, *_, **__):
        return self.world.wait(f"{self.kind} recv_multipart", socket=self)

    def close(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Poller:
    def __init__(self, world):
        self.world = world
        self.registered = []

    def register(self, item, *_):
        self.registered.append(item)

    def poll(self, timeout=None):
        return self.world.wait("poller", timeout=timeout, registered=self.registered)


class Multiprocessing:
    """`multiprocessing` and a context of it at once."""

    def __init__(self, world):
        self.world = world
        self.connection = Settings(
            "multiprocessing.connection",
            wait=lambda items, timeout=None: world.wait("processes", items=list(items), timeout=timeout),
            Pipe=self.Pipe)
        self.Queue = lambda *_: StandIn("queue")
        self.RawArray = lambda *_: StandIn("array")

    def get_context(self, *_):
        return self

    def Process(self, target=None, name="", args=(), kwargs=None, daemon=None):
        return Process(self.world, name, target, args, kwargs or {})

    def Pipe(self, duplex=True):
        return Pipe(self.world), Pipe(self.world)


class Process:
    def __init__(self, world, name, target, args, kwargs):
        self.world, self.name, self.target, self.args, self.kwargs = world, name, target, args, kwargs
        self.sentinel = Sentinel(1000 + len(world.of("made")), name)
        world.note("made")
        # Of the first API server after the zeroth, as bindstorm's own sample histories have it.
        self.pid = 901

    def start(self):
        self.world.note("process", name=self.name, process=self)

    @property
    def exitcode(self):
        return self.world.dead.get(self.name)

    def is_alive(self):
        return False

    def join(self, *_):
        pass


class Pipe:
    def __init__(self, world):
        self.world = world

    def recv(self):
        return self.world.wait("pipe")

    def send(self, value):
        self.world.note("pipe send", value=value)

    def close(self):
        pass


class MessagePack:
    """Messages stay what they are."""

    msgpack = Settings("msgspec.msgpack", encode=lambda value: value, decode=lambda value, **_: value)
    Struct = Base
    field = staticmethod(lambda **_: None)


class Module:
    """A module of the release, or of the rest of the world, as its importer sees it."""

    def __init__(self, release, name):
        self._release = release
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        return self._release.attribute(self._name, name)


class Release:
    """The files of a release, each run when something of it is first asked for."""

    def __init__(self, root, own, world, replaced=None):
        """own: names of the modules whose real code runs; replaced: what stands for `module.name`."""
        self.root = root
        self.own = set(own)
        self.world = world
        self.replaced = replaced or {}
        self.standing = world.modules()
        self.spaces = {}

    def file_of(self, name):
        path = os.path.join(self.root, *name.split("."))
        for file in (path + ".py", os.path.join(path, "__init__.py")):
            if os.path.exists(file):
                return file
        return None

    def attribute(self, module, name):
        whole = f"{module}.{name}"
        if whole in self.replaced:
            return self.replaced[whole]
        if module in self.own:
            space = self.space(module)
            if name in space:
                return space[name]
            # envs.py computes its values when they are asked for.
            computed = space.get("environment_variables", {})
            if name in computed:
                return computed[name]()
        if whole in self.own or any(item.startswith(whole + ".") for item in self.own):
            return Module(self, whole)
        if module in self.own:
            raise Unknown(f"{self.file_of(module) or module} has no {name}")
        return StandIn(whole)

    def get(self, module, name):
        return self.attribute(module, name)

    def imported(self, name, importer=None, _locals=None, names=(), level=0):
        if level:
            package = importer["__name__"].split(".")[:-level]
            name = ".".join(package + ([name] if name else []))
        # `import a.b` binds a, `from a.b import c` wants a.b.
        if not names:
            name = name.split(".")[0]
        if name in self.standing:
            return self.standing[name]
        if name in HARMLESS:
            return __import__(name, fromlist=names or ())
        return Module(self, name)

    def space(self, name):
        """The namespace of one of the release's own modules."""
        if name in self.spaces:
            return self.spaces[name]
        file = self.file_of(name)
        if file is None:
            raise Unknown(f"the release has no module {name}")
        with open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read(), file)
        made = types.ModuleType(name)
        space = vars(made)
        # `dataclasses` looks for the module of a class there.
        sys.modules[name] = made
        space["__builtins__"] = {**vars(builtins), "__import__": self.imported}
        self.spaces[name] = space
        for statement in tree.body:
            self._run(statement, file, space)
        return space

    @staticmethod
    def _run(statement, file, space):
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            return
        if isinstance(statement, (ast.Expr, ast.If, ast.For)):
            return  # documentation, imports for type checkers, registrations
        flags = __future__.annotations.compiler_flag
        code = compile(ast.Module([statement], []), file, "exec", flags=flags, dont_inherit=True)
        try:
            exec(code, space)
        except Exception:
            # What needs more than is here; it is an error only where it is used for a decision.
            nodes = getattr(statement, "targets", None) or getattr(statement, "names", [statement])
            for node in nodes:
                name = getattr(node, "asname", None) or getattr(node, "id", None) or getattr(node, "name", None)
                if name:
                    space[name] = StandIn(name)
