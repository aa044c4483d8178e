#!/usr/bin/env python3
import socket
probe = socket.socket(); probe.bind(("127.0.0.1", 0)); port = probe.getsockname()[1]; probe.close()
server = socket.socket(); server.bind(("127.0.0.1", port)); server.listen()
