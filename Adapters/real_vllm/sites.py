"""Places in a release where a port is chosen and bound later, each driven by the release's own functions without a GPU:

    run sites.py VERSION SITE

Exit code 0: everybody met. 1: the release's own error, as its last words. What stands in for the rest of vLLM is said
with each site; SITES has them all.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import time
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import layout  # noqa: E402

HOST = "127.0.0.1"
RANKS = 2
# Group members wait for each other as long as their group's time limit says; here nobody is far away.
WAIT_SECONDS = 60


class Failed(Exception):
    """A member of the group did not come up; its own error is on standard error."""


def parallel(rank, **changes):
    from vllm.config.parallel import ParallelConfig

    return ParallelConfig(
        data_parallel_size=RANKS, data_parallel_rank=rank, data_parallel_master_ip=HOST,
        cpu_distributed_timeout_seconds=WAIT_SECONDS, **changes)


def told(errors, member, *arguments):
    """In a process of its own: the member, whose error is told."""
    try:
        member(*arguments)
    except BaseException as error:
        errors.put(f"{type(error).__module__}.{type(error).__name__}: {error}".replace("\n", " "))
        raise


def first_of(errors, otherwise):
    return otherwise if errors.empty() else errors.get()


def together(member, *arguments):
    """Runs `member(rank, *arguments)` in a process for each rank, and waits for all."""
    context = multiprocessing.get_context("fork")
    errors = context.SimpleQueue()
    members = [context.Process(target=told, args=(errors, member, rank, *arguments)) for rank in range(RANKS)]
    for process in members:
        process.start()
    until = time.monotonic() + WAIT_SECONDS
    # Once one has failed, the others wait for it in vain.
    while any(process.is_alive() for process in members) and time.monotonic() < until:
        if any(process.exitcode for process in members):
            break
        time.sleep(0.02)
    for process in members:
        if process.is_alive():
            process.kill()
        process.join()
    if any(process.exitcode for process in members):
        raise Failed(first_of(errors, f"the group's members did not meet within {WAIT_SECONDS} s"))


def join_group(rank, config):
    """As an engine core does."""
    config.data_parallel_rank = rank
    config.stateless_init_dp_group()


def data_parallel_list():
    """The launcher's configuration draws five ports (`ParallelConfig`), engine cores get copies and pop the same one; rank 0
    binds it. Without a coordination store, as with an external launcher. Stand-in: nothing but the engines themselves."""
    together(join_group, parallel(0))


def reform(rank, config, store_port):
    from torch.distributed import TCPStore
    from vllm.v1.fault_tolerance.engine_core_sentinel import EngineCoreSentinel
    from vllm.distributed.utils import stateless_init_torch_distributed_process_group

    config.data_parallel_rank = rank
    group = stateless_init_torch_distributed_process_group(
        HOST, store_port, rank, RANKS, backend="gloo", return_store=True, timeout=config.cpu_distributed_timeout)
    engine = types.SimpleNamespace(
        dp_group=group[0], dp_store=group[1], vllm_config=types.SimpleNamespace(parallel_config=config))
    sentinel = types.SimpleNamespace(engine=engine, _dp_reinit_epoch=0)
    EngineCoreSentinel._reinit_dp_group(sentinel)


def fault_tolerance():
    """After a fault rank 0 draws a port for the engines' group and one for each worker, sends them through the store, and
    all form the group anew (`EngineCoreSentinel._reinit_dp_group`). Stand-ins: the engine core, which only holds the group
    and its store; the first group's port is chosen here; workers' ports are drawn and not bound."""
    # Below the range that the kernel serves, and not probed: it would be a finding of its own.
    together(reform, parallel(0), 20_000 + os.getpid() % 10_000)


def worker(method):
    import torch.distributed as distributed

    distributed.init_process_group("gloo", init_method=method, rank=0, world_size=1)


def weight_cache():
    """`vllm preload` draws a port and starts its daemon, which forms a group of its own there (`entrypoints/cli/preload.py`).
    Real: the functions that choose and write the address, torch's rendezvous in another process. Stand-in: the daemon,
    which needs a GPU."""
    from vllm.utils.network_utils import get_distributed_init_method, get_open_port

    context = multiprocessing.get_context("fork")
    errors = context.SimpleQueue()
    method = get_distributed_init_method(HOST, get_open_port())
    daemon = context.Process(target=told, args=(errors, worker, method))
    daemon.start()
    daemon.join()
    if daemon.exitcode:
        raise Failed(first_of(errors, "the daemon was ended"))


def uniproc_on_rocm():
    """An executor of one process where AITER's own all-reduce is used (ROCm): `UniProcExecutor._distributed_args` draws a
    port, and its worker binds it. Real: both. Stand-in: that AITER is used."""
    from vllm.v1.executor import uniproc_executor

    uniproc_executor.aiter_requires_tcp_store = lambda: True
    executor = types.SimpleNamespace(
        vllm_config=types.SimpleNamespace(device_config=types.SimpleNamespace(device="cpu")))
    method, _, _ = uniproc_executor.UniProcExecutor._distributed_args(executor)
    worker(method)


SITES = {
    "data-parallel-list": data_parallel_list,
    "fault-tolerance": fault_tolerance,
    "weight-cache": weight_cache,
    "uniproc-on-rocm": uniproc_on_rocm,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("site", choices=SITES)
    given = parser.parse_args()
    environment = layout.Environment()
    try:
        environment.require(given.version)
    except layout.Missing as missing:
        sys.exit(f"real-vllm: {missing}")
    os.environ.update(environment.variables(given.version))
    sys.path.insert(0, str(environment.release(given.version)))
    try:
        SITES[given.site]()
    except Failed as failed:
        sys.exit(str(failed))
    print(json.dumps({"site": given.site, "version": given.version, "met": True}))


if __name__ == "__main__":
    main()
