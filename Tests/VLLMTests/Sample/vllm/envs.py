environment_variables = {
    "VLLM_PORT": lambda: None,
    "VLLM_ENGINE_READY_TIMEOUT_S": lambda: 600,
}
