"""What all levels share: the command line of the head node, its log, and how it went."""

import re

# What the launch path needs and no more: random weights, one layer, few blocks of cache.
SMALL = [
    "--load-format", "dummy", "--max-model-len", "128", "--max-num-seqs", "4", "--enforce-eager",
    "--dtype", "bfloat16", "--num-gpu-blocks-override", "16",
]
STARTED = "Application startup complete"
# What vLLM's log says of a port that another socket has; pyzmq, uvloop and torch each in their words.
TAKEN = re.compile(
    r"Address already in use \(addr='tcp://[^']*?:(\d+)'\)"
    r"|EADDRINUSE.*?port: (\d+)"
    r"|error while attempting to bind on address \('[^']*', (\d+)\)", re.S)
# An exception's last line, behind nothing but the prefix of a process or of the log.
ERROR = re.compile(r"(?:^|[\])]) *((?:\w+\.)*\w*(?:Error|Exception): .+)$", re.M)


def head_arguments(model, host, port, rpc_port, api_servers, ranks, local_ranks):
    """Arguments of `vllm serve` on the head node, of `ranks` data parallel ranks in all."""
    return [
        "serve", str(model), *SMALL, "--data-parallel-size", str(ranks), "--data-parallel-size-local", str(local_ranks),
        "--data-parallel-address", host, "--data-parallel-rpc-port", str(rpc_port),
        "--host", host, "--port", str(port), "--api-server-count", str(api_servers),
    ]


def headless_arguments(model, host, rpc_port, ranks, first_rank):
    """Arguments of `vllm serve` on a node without API servers, with the ranks from `first_rank` on."""
    return [
        "serve", str(model), *SMALL, "--data-parallel-size", str(ranks),
        "--data-parallel-size-local", str(ranks - first_rank), "--data-parallel-address", host,
        "--data-parallel-rpc-port", str(rpc_port), "--headless", "--data-parallel-start-rank", str(first_rank),
    ]


def taken_port(log):
    """The port that the log says was taken, with the line that says so; None if it says nothing of the kind."""
    found = TAKEN.search(log)
    return (int(next(filter(None, found.groups()))), found[0]) if found else None


def last_words(log, limit=600):
    """The part of a log that says why a start failed: its exceptions in their order, each once; else the log's end."""
    errors = list(dict.fromkeys(ERROR.findall(log)))
    return " | ".join(errors)[:limit] if errors else log.strip().replace("\n", " | ")[-limit:]


def port_of(address):
    """The number of a TCP address; 0 where the kernel is to choose it."""
    return int(address.rsplit(":", 1)[1])
