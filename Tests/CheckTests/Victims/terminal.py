"""Runs the tool on a terminal of its own, as a shell with job control does: terminal.py TOOL WHAT."""
import os
import pty
import select
import signal
import sys
import time

tool, what = sys.argv[1], sys.argv[2]


class Terminal:
    """The shell's process is the session's leader; the tool is its job, with a process group of its own."""

    def __init__(self, *words):
        self.seen = b""
        self.orders, order = os.pipe()
        self.order = order
        answer, self.answers = os.pipe()
        self.answer = answer
        self.shell, self.side = pty.fork()
        if self.shell == 0:
            os.close(order)
            os._exit(self.be_shell(words))
        os.close(self.answers)
        os.close(self.orders)

    def be_shell(self, words):
        """Starts the job in the foreground; tells of each stop, continues it when told, ends as it ended."""
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.execvp(words[0], words)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            os.tcsetpgrp(0, os.getpgrp())
            if not os.WIFSTOPPED(status):
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            os.write(self.answers, b"s")
            if os.read(self.orders, 1) == b"f":
                os.tcsetpgrp(0, job)
            os.killpg(job, signal.SIGCONT)

    def type(self, text):
        os.write(self.side, text)

    def await_text(self, text):
        limit = time.monotonic() + 30
        while text not in self.seen and time.monotonic() < limit:
            if select.select([self.side], [], [], 1)[0] and not self.read():
                break
        if text not in self.seen:
            print("never came:", text, "but", self.seen)
            sys.exit(1)

    def read(self):
        try:
            more = os.read(self.side, 100)
        except OSError:
            more = b""
        self.seen += more
        return more

    def await_stop(self):
        if not select.select([self.answer], [], [], 30)[0]:
            print("was not stopped", self.seen)
            sys.exit(1)
        os.read(self.answer, 1)

    def resume(self, where=b"f"):
        os.write(self.order, where)

    def end(self):
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.shell, 0)[1])


def check(script, *options):
    return Terminal(tool, "check", "-q", *options, "--", "sh", "-c", script)


if what == "interrupt":
    job = check("test -t 0 && test -t 1 && echo tty; trap 'echo got; exit 9' INT; echo go; while :; do sleep 0.05; done")
    job.await_text(b"go")
    job.type(b"\x03")
    status = job.end()
    print("tty" if b"tty" in job.seen else "no tty", job.seen.count(b"got"), status)
elif what == "read":
    # Echo is the terminal's; the command answers what it read.
    job = check("echo go; read x; echo read:$x; read y; echo then:$y; exit 4")
    job.await_text(b"go")
    job.type(b"one\n")
    job.await_text(b"read:one")
    job.type(b"two\n")
    job.await_text(b"then:two")
    print("read", job.end())
elif what == "settings":
    # As a password prompt does.
    job = check("stty -echo; echo go; read x; stty echo; echo read:$x")
    job.await_text(b"go")
    job.type(b"secret\n")
    job.await_text(b"read:secret")
    status = job.end()
    print("settings", job.seen.count(b"secret"), status)
elif what == "interrupt-reader":
    # While it reads, Ctrl-C reaches its group alone; the tool ends by the same signal.
    job = check("echo go; read x; echo still")
    job.await_text(b"go")
    job.type(b"a")
    job.await_text(b"a")
    job.type(b"\x03")
    status = job.end()
    print("interrupt-reader", b"still" in job.seen, status)
elif what == "suspend":
    # Ctrl-Z stops tool and command, fg continues both: once before it reads, once while it does.
    job = check("echo go; while ! test -e \"$0\"; do sleep 0.05; done; read x; echo read:$x".replace("$0", sys.argv[3]))
    job.await_text(b"go")
    job.type(b"\x1a")
    job.await_stop()
    open(sys.argv[3], "w").close()
    job.resume()
    job.type(b"one\n")
    job.await_text(b"read:one")
    print("suspend", job.end())
elif what == "suspend-reader":
    job = check("echo go; read x; echo read:$x; read y; echo then:$y")
    job.await_text(b"go")
    job.type(b"one\n")
    job.await_text(b"read:one")
    job.type(b"\x1a")
    job.await_stop()
    job.resume()
    job.type(b"two\n")
    job.await_text(b"then:two")
    print("suspend-reader", job.end())
elif what == "background":
    # bg lets it run; when it reads, the whole job stops for want of the terminal; fg gives it.
    job = check("echo go; read x; echo read:$x; read y; echo then:$y")
    job.await_text(b"go")
    job.type(b"one\n")
    job.await_text(b"read:one")
    job.type(b"\x1a")
    job.await_stop()
    job.resume(b"b")
    job.await_stop()
    job.resume()
    job.type(b"two\n")
    job.await_text(b"then:two")
    print("background", job.end())
elif what == "pipeline":
    # The reader at the pipe's other end keeps the terminal that it had.
    script = '"$0" check -q -- sh -c "echo data; kill 0" | { read x; read y < /dev/tty; echo $x:$y; }; echo end'
    job = Terminal("sh", "-c", script, tool)
    job.type(b"typed\n")
    job.await_text(b"data:typed")
    job.await_text(b"end")
    print("pipeline", job.end())
