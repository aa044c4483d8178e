#!/usr/bin/env python3
"""Programs without a port race under `bindstorm check`, which must not report one: servers, clients and test suites of
daily use, each alone, with --watch-connects and with --groups.

Each runs in a network namespace and a folder of its own. What is not installed is left out and named. Ends with 1 when a
race is reported or a program behaves otherwise than plainly, when nothing could be run, or when a program with a race, the
control, passes.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, "..", "..", ".venv", "check", "bin", "python")
PYTHON = VENV if os.access(VENV, os.X_OK) else sys.executable

# Asks until there is an answer, as clients do that wait for their server.
WAIT = """
wait_for() { n=0; until (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null; do n=$((n+1)); [ $n -lt 600 ] || exit 9; sleep .05; done; }
"""

CONTROL = """#!python
import socket
with socket.create_server(("127.0.0.1", 0)) as s: port = s.getsockname()[1]
socket.create_server(("127.0.0.1", port)).close()
"""

# Name, what must be installed ("py:" for a module), a command that prints the version, and the program as text of bash or
# of the language that its first line names.
PROGRAMS = [
    ("python http.server 0", [], "$PYTHON --version", WAIT + """
$PYTHON -u -m http.server --bind 127.0.0.1 0 > log 2>&1 & server=$!
until port=$(sed -n 's/.* port \\([0-9]*\\) .*/\\1/p' log) && [ -n "$port" ]; do sleep .05; done
$PYTHON -c "import urllib.request as u; assert u.urlopen('http://127.0.0.1:$port/').status == 200"
kill $server
"""),
    ("redis, restarted", ["redis-server", "redis-cli"], "redis-server --version", """
for run in 1 2; do
  redis-server --port 16379 --save '' --daemonize no > /dev/null & server=$!
  until [ "$(redis-cli -p 16379 ping 2>/dev/null)" = PONG ]; do sleep .05; done
  redis-cli -p 16379 set a $run > /dev/null
  redis-cli -p 16379 shutdown nosave; wait $server
done
"""),
    ("nginx, reloaded", ["nginx", "curl"], "nginx -v 2>&1", WAIT + """
cat > nginx.conf <<END
daemon off; master_process on; worker_processes 2; pid $PWD/pid; error_log $PWD/error; user root;
events {} http { access_log off; server { listen 127.0.0.1:18080 reuseport; listen 127.0.0.1:18081; return 200 yes; } }
END
nginx -e $PWD/error -c $PWD/nginx.conf & server=$!
for port in 18080 18081; do wait_for $port; [ "$(curl -s http://127.0.0.1:$port/)" = yes ]; done
kill -HUP $server; sleep .3; [ "$(curl -s http://127.0.0.1:18081/)" = yes ]
kill -QUIT $server; wait $server
"""),
    ("memcached", ["memcached"], "memcached --version", WAIT + """
memcached -u root -l 127.0.0.1 -p 21211 & server=$!
wait_for 21211
exec 4<>/dev/tcp/127.0.0.1/21211; printf 'version\\r\\n' >&4; read -r word rest <&4; [ "$word" = VERSION ]; exec 4>&-
kill $server
"""),
    ("etcd", ["etcd", "curl"], "etcd --version | head -1", """
etcd --data-dir data --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 \\
  --listen-peer-urls http://127.0.0.1:12380 --initial-advertise-peer-urls http://127.0.0.1:12380 \\
  --initial-cluster default=http://127.0.0.1:12380 > log 2>&1 & server=$!
n=0; until curl -sf http://127.0.0.1:12379/health | grep -q true; do n=$((n+1)); [ $n -lt 300 ] || exit 9; sleep .1; done
kill $server; wait $server || true
"""),
    ("postgresql", ["postgres", "initdb", "pg_ctl", "psql", "setpriv"], "postgres --version", """
as=; [ $(id -u) -ne 0 ] || { as="setpriv --reuid=65534 --regid=65534 --clear-groups"; chown 65534:65534 .; }
export HOME=$PWD
$as initdb -D data -A trust -U me > log 2>&1
for run in 1 2; do
  $as pg_ctl -D data -w -o "-p 15432 -k $PWD -c listen_addresses=127.0.0.1" -l server.log start > /dev/null
  [ "$($as psql -h 127.0.0.1 -p 15432 -U me -Atc 'select 42' postgres)" = 42 ]
  $as pg_ctl -D data -w -m fast stop > /dev/null
done
"""),
    ("node http listen(0)", ["node"], "node --version", """#!node
const http = require('http');
const server = http.createServer((_, answer) => answer.end('yes')).listen(0, '127.0.0.1', () => {
  const agent = new http.Agent({ keepAlive: true });
  let left = 5;
  const ask = () => http.get({ port: server.address().port, host: '127.0.0.1', agent }, (answer) => {
    answer.resume().on('end', () => { if (--left) ask(); else { agent.destroy(); server.close(); } });
  });
  ask();
});
"""),
    ("node cluster", ["node"], "node --version", """#!node
const cluster = require('cluster'), http = require('http');
if (cluster.isMaster) {
  let up = 0, left = 4;
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('listening', (_, address) => {
    if (++up < 2) return;
    const ask = () => http.get({ port: address.port, host: '127.0.0.1', agent: false }, (answer) => answer.resume().on('end', () => {
      if (--left) ask(); else cluster.disconnect();
    }));
    ask();
  });
} else http.createServer((_, answer) => answer.end('yes')).listen(0, '127.0.0.1');
"""),
    ("go httptest", ["go"], "go version", """
cat > go.mod <<END
module clean
go 1.19
END
cat > clean_test.go <<'END'
package clean
import ("net/http"; "net/http/httptest"; "testing")
func ask(t *testing.T, server *httptest.Server) {
  defer server.Close()
  answer, err := server.Client().Get(server.URL)
  if err != nil || answer.StatusCode != 200 { t.Fatal(err, answer) }
  answer.Body.Close()
}
var ok = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
func TestPlain(t *testing.T) { for i := 0; i < 20; i++ { ask(t, httptest.NewServer(ok)) } }
func TestTLS(t *testing.T) { for i := 0; i < 3; i++ { t.Run("", func(t *testing.T) { t.Parallel(); ask(t, httptest.NewTLSServer(ok)) }) } }
END
export HOME=$PWD GOFLAGS=-mod=mod GOCACHE=${GOCACHE:-$TMPDIR/go-cache}
go test ./... > log 2>&1 || { cat log; exit 1; }
"""),
    ("java ServerSocket(0)", ["java"], "java -version 2>&1 | head -1", """
cat > Clean.java <<'END'
import java.net.*;
import java.net.http.*;
import com.sun.net.httpserver.HttpServer;
public class Clean {
  public static void main(String[] a) throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    for (int i = 0; i < 10; i++) try (ServerSocket server = new ServerSocket(0, 5, here);
        Socket client = new Socket(here, server.getLocalPort()); Socket accepted = server.accept()) { client.getOutputStream().write(1); }
    HttpServer web = HttpServer.create(new InetSocketAddress(here, 0), 0);
    web.createContext("/", e -> { e.sendResponseHeaders(204, -1); e.close(); });
    web.start();
    URI uri = URI.create("http://127.0.0.1:" + web.getAddress().getPort() + "/");
    int code = HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    web.stop(0);
    System.exit(code == 204 ? 0 : 1);
  }
}
END
java Clean.java
"""),
    ("curl and wget", ["curl", "wget"], "curl --version | head -1", WAIT + """
echo hello > page
$PYTHON -m http.server --bind 127.0.0.1 18000 > /dev/null 2>&1 & server=$!
curl -s --retry 99 --retry-delay 1 --retry-connrefused -o one http://127.0.0.1:18000/page
wget -q --tries=20 --retry-connrefused -O two http://127.0.0.1:18000/page
for i in 1 2 3 4 5; do curl -s -o three http://localhost:18000/page http://127.0.0.1:18000/page -o four; done
cmp page one; cmp page two; kill $server
"""),
    ("git daemon and clone", ["git"], "git --version", WAIT + """
export HOME=$PWD GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
git init -q source; cd source; echo 1 > file; git add file; git commit -qm one; cd ..
git daemon --reuseaddr --export-all --listen=127.0.0.1 --port=19418 --base-path=$PWD > /dev/null 2>&1 & server=$!
wait_for 19418
git clone -q git://127.0.0.1:19418/source copy; cmp source/file copy/file
kill $server
"""),
    ("rsync daemon", ["rsync"], "rsync --version | head -1", WAIT + """
mkdir from to; echo 1 > from/file
printf 'use chroot = no\\n[m]\\npath = %s/from\\n' $PWD > conf
[ $(id -u) -ne 0 ] || printf 'uid = root\\ngid = root\\n' >> conf
rsync --daemon --no-detach --address=127.0.0.1 --port=18730 --config=conf --log-file=log & server=$!
wait_for 18730
rsync -a rsync://127.0.0.1:18730/m/ to/; cmp from/file to/file
kill $server
"""),
    ("sshd, ssh -N -L", ["/usr/sbin/sshd", "ssh", "ssh-keygen"], "ssh -V 2>&1", WAIT + """
[ $(id -u) -ne 0 ] || mkdir -p /run/sshd
export HOME=$PWD; chmod 700 .
ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key; cp key.pub keys; chmod 600 keys
/usr/sbin/sshd -D -e -p 18022 -o ListenAddress=127.0.0.1 -h $PWD/host -o AuthorizedKeysFile=$PWD/keys -o StrictModes=no -o PidFile=none -o UsePAM=no -o PermitRootLogin=yes -f /dev/null 2> log & server=$!
wait_for 18022
$PYTHON -m http.server --bind 127.0.0.1 18001 > /dev/null 2>&1 & web=$!
wait_for 18001
ssh -N -i key -p 18022 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -L 127.0.0.1:18002:127.0.0.1:18001 127.0.0.1 & tunnel=$!
wait_for 18002
$PYTHON -c "import urllib.request as u; assert u.urlopen('http://127.0.0.1:18002/').status == 200"
kill $tunnel $web $server
"""),
    ("php -S", ["php", "curl"], "php --version | head -1", WAIT + """
echo '<?php echo "yes";' > index.php
php -S 127.0.0.1:18003 > /dev/null 2>&1 & server=$!
wait_for 18003
[ "$(curl -s http://127.0.0.1:18003/)" = yes ]
kill $server
"""),
    ("ruby TCPServer(0)", ["ruby"], "ruby --version", """#!ruby
require 'socket'
require 'net/http'
5.times do
  server = TCPServer.new('127.0.0.1', 0)
  answer = Thread.new do
    client = server.accept
    client.gets
    client.write "HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
    client.close
  end
  Net::HTTP.get_response('127.0.0.1', '/', server.addr[1])
  answer.join
  server.close
end
"""),
    ("rust TcpListener 0", ["rustc"], "rustc --version", """
cat > clean.rs <<'END'
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
fn main() {
    for _ in 0..10 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"yes").unwrap());
        let mut text = String::new();
        TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
        server.join().unwrap();
        assert_eq!(text, "yes");
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        one.send_to(b"x", two.local_addr().unwrap()).unwrap();
        two.recv(&mut [0; 8]).unwrap();
    }
}
END
rustc -o clean clean.rs && ./clean
"""),
    ("perl IO::Socket 0", ["perl"], "perl --version | sed -n 2p", """#!perl
use strict; use warnings; use IO::Socket::INET;
for (1 .. 5) {
  my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 5) or die $!;
  my $port = $server->sockport;
  my $pid = fork;
  if (!$pid) { close $server; my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or exit 1; print $c "hello\\n"; exit 0 }
  my $client = $server->accept; my $line = <$client>; waitpid $pid, 0; die if $? || $line ne "hello\\n";
}
"""),
    ("pytest, servers on port 0, xdist", ["py:pytest", "py:xdist"], "$PYTHON -m pytest --version", """
cat > test_clean.py <<'END'
import http.server, socket, threading, urllib.request
import pytest

@pytest.fixture
def server():
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    t = threading.Thread(target=s.serve_forever)
    t.start()
    yield s.server_address[1]
    s.shutdown(); s.server_close(); t.join()

@pytest.mark.parametrize("n", range(30))
def test_it(server, n):
    assert urllib.request.urlopen(f"http://127.0.0.1:{server}/").status == 200

def test_refused():
    # Reserved, so nobody can be there.
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(s.getsockname())
END
$PYTHON -m pytest -q -p no:cacheprovider -n 3 . > log 2>&1 || { cat log; exit 1; }
"""),
    ("uvicorn", ["py:uvicorn"], "$PYTHON -m uvicorn --version", WAIT + """
cat > app.py <<'END'
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})
END
$PYTHON -m uvicorn --port 18004 --workers 2 app:app > log 2>&1 & server=$!
wait_for 18004
$PYTHON -c "import urllib.request as u; assert u.urlopen('http://127.0.0.1:18004/').read() == b'yes'"
kill $server; wait $server || true
$PYTHON -m uvicorn --port 0 app:app > log2 2>&1 & server=$!
until port=$(sed -n 's/.*running on.*127.0.0.1:\\([0-9]*\\) .*/\\1/p' log2) && [ -n "$port" ]; do sleep .05; done
$PYTHON -c "import urllib.request as u; assert u.urlopen('http://127.0.0.1:$port/').read() == b'yes'"
kill $server; wait $server || true
"""),
    ("gunicorn, reloaded", ["py:gunicorn"], "$PYTHON -m gunicorn --version", WAIT + """
cat > app.py <<'END'
def app(environ, start):
    start("200 OK", [])
    return [b"yes"]
END
for flags in "" --reuse-port; do
  $PYTHON -m gunicorn -b 127.0.0.1:18005 -w 2 $flags --pid pid app:app > log 2>&1 & server=$!
  wait_for 18005
  ask="import urllib.request as u; assert u.urlopen('http://127.0.0.1:18005/').read() == b'yes'"
  $PYTHON -c "$ask"; kill -HUP $(cat pid); sleep .3; $PYTHON -c "$ask"
  kill $server; wait $server
done
"""),
    ("flask and werkzeug", ["py:flask"], "$PYTHON -c 'import importlib.metadata as m; print(m.version(\"flask\"))'", """#!python
import threading, urllib.request
import flask, werkzeug.serving
app = flask.Flask("app")
app.route("/")(lambda: "yes")
for _ in range(3):
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read() == b"yes"
    server.shutdown(); thread.join(); server.server_close()
"""),
    ("asyncio servers", [], "$PYTHON --version", """#!python
import asyncio
async def serve(reader, writer):
    writer.write(await reader.readline()); await writer.drain(); writer.close()
async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"x\\n"); assert await reader.readline() == b"x\\n"; writer.close()
async def main():
    for _ in range(5):
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.gather(*(ask(port) for _ in range(20)))
    loop = asyncio.get_running_loop()
    one, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
    two, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=one.get_extra_info("sockname"))
    two.sendto(b"x"); await asyncio.sleep(.05); one.close(); two.close()
asyncio.run(main())
"""),
    ("aiohttp test server", ["py:aiohttp"], "$PYTHON -c 'import aiohttp; print(aiohttp.__version__)'", """#!python
import asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
async def yes(_): return web.Response(text="yes")
async def main():
    for _ in range(5):
        app = web.Application(); app.router.add_get("/", yes)
        async with TestClient(TestServer(app)) as client:
            assert await (await client.get("/")).text() == "yes"
asyncio.run(main())
"""),
    ("multiprocessing managers, xmlrpc", [], "$PYTHON --version", """#!python
import multiprocessing, multiprocessing.managers, threading, xmlrpc.client, xmlrpc.server
class Manager(multiprocessing.managers.BaseManager): pass
Manager.register("list", list, exposed=["append", "__len__"])
if __name__ == "__main__":
    for _ in range(3):
        with Manager(("127.0.0.1", 0), b"key") as m:
            l = m.list(); l.append(1); assert l.__len__() == 1
            # A proxy that outlives its manager connects to a number that anybody may have by then.
            del l
    server = xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
    server.register_function(pow)
    t = threading.Thread(target=server.serve_forever); t.start()
    assert xmlrpc.client.ServerProxy("http://127.0.0.1:%d" % server.server_address[1]).pow(2, 5) == 32
    server.shutdown(); t.join(); server.server_close()
"""),
    ("pyzmq bind_to_random_port", ["py:zmq"], "$PYTHON -c 'import zmq; print(zmq.__version__, zmq.zmq_version())'", """#!python
import zmq
context = zmq.Context()
for _ in range(10):
    a, b = context.socket(zmq.REP), context.socket(zmq.REQ)
    b.connect("tcp://127.0.0.1:%d" % a.bind_to_random_port("tcp://127.0.0.1"))
    b.send(b"x"); a.send(a.recv()); assert b.recv() == b"x"
    a.close(0); b.close(0)
context.term()
"""),
    ("a listener held over restarts", [], "$PYTHON --version", """#!python
import os, socket, subprocess, sys
if len(sys.argv) > 1:
    s = socket.socket(fileno=int(sys.argv[1]))
    c, _ = s.accept(); c.sendall(b"yes"); c.close(); sys.exit(0)
held = socket.create_server(("127.0.0.1", 0))
for _ in range(4):
    worker = subprocess.Popen([sys.executable, sys.argv[0], str(held.fileno())], pass_fds=[held.fileno()])
    with socket.create_connection(held.getsockname()) as c: assert c.recv(9) == b"yes"
    assert worker.wait() == 0
"""),
    ("socket activation", ["systemd-socket-activate", "curl"], "systemd-socket-activate --version | head -1", WAIT + """
cat > app.py <<'END'
import http.server, socket
class Web(http.server.HTTPServer):
    def server_bind(self): self.socket.close(); self.socket = socket.socket(fileno=3); self.server_address = self.socket.getsockname()
    def server_activate(self): pass
web = Web(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
web.handle_request()
END
systemd-socket-activate -l 127.0.0.1:18006 $PYTHON app.py > log 2>&1 & server=$!
n=0; until curl -sf -o page http://127.0.0.1:18006/; do n=$((n+1)); [ $n -lt 100 ] || exit 9; sleep .05; done
wait $server
"""),
    ("clients that wait for their server", [], "bash --version | head -1", WAIT + """
# The clients ask before the server is there, on a number of the ephemeral range too.
for port in 18007 40123; do
  (wait_for $port; exec 4<>/dev/tcp/127.0.0.1/$port; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&4; read -r line <&4; [ "${line#*200}" != "$line" ]) & client=$!
  sleep .3
  $PYTHON -m http.server --bind 127.0.0.1 $port > /dev/null 2>&1 & server=$!
  wait $client; kill $server; wait $server || true
done
"""),
]


def namespace():
    """The words before a command that give it a network namespace with loopback, none where that is refused."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    words += ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not shutil.which("unshare") or not shutil.which("ip"):
        return []
    return words if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL).returncode == 0 else []


def missing(needs):
    for need in needs:
        if need.startswith("py:"):
            if subprocess.run([PYTHON, "-c", f"import {need[3:]}"], stderr=subprocess.DEVNULL).returncode != 0:
                return f"no Python module {need[3:]}"
        elif shutil.which(need) is None:
            return f"no {need}"
    return None


def script(folder, text):
    """The command that runs the program's text."""
    first, _, rest = text.partition("\n")
    if not first.startswith("#!"):
        path = os.path.join(folder, "program")
        with open(path, "w") as file:
            file.write("set -e\n" + text)
        return ["bash", path]
    interpreter = first[2:]
    path = os.path.join(folder, "program." + {"node": "js"}.get(interpreter, interpreter))
    with open(path, "w") as file:
        file.write(rest)
    return [PYTHON if interpreter == "python" else shutil.which(interpreter), path]


def run(words, options, text, limit):
    """Exit code, end of standard error, and the report (None without `options`)."""
    folder = tempfile.mkdtemp(prefix="clean-")
    report = os.path.join(folder, "report.json")
    os.chmod(folder, 0o755)
    command = script(folder, text)
    if options is not None:
        command = options + ["--json", report, "--"] + command
    process = subprocess.Popen(words + command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 15)
        output, _ = process.communicate()
        return None, "its time was over: " + output.decode(errors="replace")[-2000:], None
    finally:
        data = None
        if os.path.exists(report) and os.path.getsize(report):
            with open(report) as file:
                data = json.load(file)
        shutil.rmtree(folder, ignore_errors=True)
    return process.returncode, output.decode(errors="replace")[-6000:], data


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bindstorm", required=True)
    parser.add_argument("--limit", type=float, default=180, help="seconds for one run")
    parser.add_argument("--only", default="", help="a part of the names of the programs to run")
    options = parser.parse_args()
    os.environ["PYTHON"] = PYTHON
    tool = [os.path.abspath(options.bindstorm), "check"]
    ways = [("alone", []), ("--watch-connects", ["--watch-connects"]), ("--groups", ["--groups"])]
    words = namespace()
    ran, left_out, wrong = 0, [], []
    for way, more in ways:
        code, output, _ = run(words, tool + more, CONTROL, options.limit)
        if code != 66:
            wrong.append(f"the control, {way}: its race was not reported: {code}: {output}")
    print(f"{'program':36}{'ports':>7}{'notes':>7}  version", flush=True)
    for name, needs, version, text in PROGRAMS:
        if options.only not in name:
            continue
        lack = missing(needs)
        if lack:
            left_out.append(f"{name} ({lack})")
            continue
        code, output, _ = run(words, None, text, options.limit)
        if code != 0:
            wrong.append(f"{name}: ends with {code} without the tool: {output}")
            continue
        ran += 1
        ports, notes = 0, set()
        for way, more in ways:
            code, output, report = run(words, tool + more, text, options.limit)
            if report is None:
                wrong.append(f"{name}, {way}: {code}: {output}")
                continue
            ports = max(ports, report["portsChosenByKernel"] + report["portsBoundByNumber"])
            notes |= {place["verdict"] for place in report["places"] if not place["isRace"]}
            if code != 0 or report["races"] or report["unobservedCalls"]:
                races = [place["summary"] for place in report["places"] if place["isRace"]]
                wrong.append(f"{name}, {way}: ends with {code}, {report['unobservedCalls']} unobserved, {races}\n{output}")
        if ports == 0:
            wrong.append(f"{name}: no port was seen, so nothing is shown")
        said = subprocess.run(["bash", "-c", version], capture_output=True, text=True).stdout.strip().splitlines()
        print(f"{name:36}{ports:7}{len(notes):7}  {said[0] if said else '?'}{' ' + '; '.join(sorted(notes)) if notes else ''}",
              flush=True)
    for line in left_out:
        print("left out:", line)
    for line in wrong:
        print("WRONG:", line)
    print(f"{ran} programs, {len(ways)} runs each, {len(wrong)} wrong, {len(left_out)} left out")
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
