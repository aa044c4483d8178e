import vllm
from vllm.entrypoints.openai.api_server import setup_server
from vllm.v1.engine.utils import CoreEngineProcManager, get_engine_zmq_addresses, launch_core_engines
from vllm.v1.utils import APIServerProcessManager, wait_for_any


def run_multi_api_server(args):
    address, sock = setup_server(args)
    config = vllm.AsyncEngineArgs.from_cli_args(args).create_engine_config()
    addresses = get_engine_zmq_addresses(config, args.api_server_count)
    with launch_core_engines(config, addresses):
        manager = APIServerProcessManager(address, sock, args, addresses)
    wait_for_any(manager.processes)


def run_headless(args):
    config = vllm.AsyncEngineArgs.from_cli_args(args).create_engine_config()
    CoreEngineProcManager(config, "tcp://127.0.0.1:29550").join_first()
