"""A distributed reservation: numbers are leased keys in a real etcd (Debian's etcd-server), as dynamo#2175 does.

One etcd serves all launches of the namespace: the first adapter starts it, on ports below the pool, with its data on
a tmpfs of its own that vanishes with it. A number is reserved by creating its key, which fails where the key exists
(etcd's transactions), under a lease that ends with the trial. The keys bind those who ask etcd, nobody else, and hold
no socket.

Options: --pool LOW-HIGH (the numbers that are reserved).
"""

import argparse
import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from bindstorm_adapter import Adapter, Refusal, serve

CLIENT, PEER = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
LEASE_SECONDS = 60


def call(path, body):
    """One request to etcd's JSON gateway, API v3."""
    request = urllib.request.Request(CLIENT + path, json.dumps(body).encode())
    # No proxy: etcd is on this host.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=4) as answer:
        return json.load(answer)


def answers():
    try:
        call("/v3/maintenance/status", {})
        return True
    except (OSError, ValueError):
        return False


class Etcd(Adapter):
    name = "etcd reservation"

    def __init__(self, low, high):
        self.low, self.high = low, high
        self.next = low
        self.server = None
        self.lease = None

    def hello(self, request):
        if shutil.which("etcd") is None:
            raise Refusal("unavailable", "there is no etcd: install the package etcd-server (`make adapters-etcd`)")
        if not answers():
            etcd = (
                "mount -t tmpfs tmpfs /mnt && exec etcd --data-dir /mnt/etcd --unsafe-no-fsync"
                f" --listen-client-urls {CLIENT} --advertise-client-urls {CLIENT} --listen-peer-urls {PEER}"
                f" --initial-advertise-peer-urls {PEER} --initial-cluster default={PEER}"
            )
            self.server = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", etcd],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        # Another launch's adapter may have been faster: then this one's etcd ends, and that one's serves.
        limit = time.monotonic() + 8
        while not answers():
            if time.monotonic() > limit:
                raise Refusal("failed", "etcd does not answer")
            time.sleep(0.02)

    def reserve(self, port):
        """Creates the number's key; False where it exists."""
        key = base64.b64encode(f"bindstorm/ports/{port}".encode()).decode()
        answer = call(
            "/v3/kv/txn",
            {
                "compare": [{"key": key, "target": "CREATE", "createRevision": "0"}],
                "success": [{"requestPut": {"key": key, "value": key, "lease": self.lease}}],
            },
        )
        return answer.get("succeeded", False)

    def allocate(self, request):
        try:
            self.lease = call("/v3/lease/grant", {"TTL": LEASE_SECONDS})["ID"]
            ports, tried = [], 0
            while len(ports) < request["addresses"]:
                if tried > self.high - self.low:
                    raise Refusal("exhausted", f"no number is left in {self.low}-{self.high}")
                port, tried = self.next, tried + 1
                self.next = self.next + 1 if self.next < self.high else self.low
                if self.reserve(port):
                    ports.append(port)
            return ports
        except (OSError, ValueError, KeyError) as error:
            raise Refusal("failed", f"etcd: {error}")

    def release(self, request):
        if self.lease is None:
            return
        lease, self.lease = self.lease, None
        try:
            call("/v3/lease/revoke", {"ID": lease})
        except (OSError, ValueError) as error:
            raise Refusal("failed", f"etcd: {error}")

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait()


parser = argparse.ArgumentParser()
parser.add_argument("--pool", default="15000-24999")
low, high = parser.parse_args().pool.split("-")
serve(Etcd(int(low), int(high)))
