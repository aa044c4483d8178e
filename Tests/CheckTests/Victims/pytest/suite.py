import asyncio, os, socket, subprocess, sys
import pytest

BIND = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1])))"

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

def bind(port):
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))

@pytest.fixture
def port():
    return free_port()

def test_binds_in_the_call(port):
    bind(port)

def test_starts_a_program():
    port = free_port()
    subprocess.run([sys.executable, "-c", BIND, str(port)], check=True)

def test_forks():
    port = free_port()
    child = os.fork()
    if child == 0:
        bind(port)
        os._exit(0)
    os.waitpid(child, 0)

@pytest.mark.parametrize("number", range(20))
def test_many(number):
    bind(free_port())

@pytest.mark.asyncio
async def test_async():
    server = await asyncio.start_server(lambda *a: None, "127.0.0.1", free_port())
    server.close()
    await server.wait_closed()

def test_without_ports():
    pass
