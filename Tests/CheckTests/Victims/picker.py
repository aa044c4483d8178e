"""Takes a port from portpicker (which probes, then verifies by binding) and binds it."""
import portpicker, socket, sys
p = portpicker.pick_unused_port()
s = socket.socket(socket.AF_INET6)
s.bind(("::", p)); s.listen(); print("ok")
