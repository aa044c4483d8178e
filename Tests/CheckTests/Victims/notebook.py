"""Starts a Jupyter kernel as jupyter_client does, and runs a line in it."""
from jupyter_client.manager import start_new_kernel
km, kc = start_new_kernel(startup_timeout=20)
kc.execute_interactive("print(1+1)", timeout=20)
kc.stop_channels(); km.shutdown_kernel(now=True)
