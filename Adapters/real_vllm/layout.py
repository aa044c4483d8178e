"""Where the environment for real vLLM releases lies, and what is in it. Standard library only: prepare.py writes it, the
programs that start vLLM read it.

    python/             a virtual environment that serves every release
    releases/VERSION/   a release unpacked (or `vllm` as a link to a checkout), with the metadata that vLLM asks for
    models/dense, moe   one-layer models without weights
    home/VERSION        what a release keeps between starts; releases overwrite each other's files
    start               runs a program of this folder with the environment
    download/           wheels on their way; empty when nothing is being prepared
"""

import json
import os
import pathlib

# Another place for the environment than the repository's ignored folder.
FOLDER_VARIABLE = "BINDSTORM_REAL_VLLM"
# Written last, by which a complete part is told from one that was interrupted.
MARK = "bindstorm-complete.json"
HERE = pathlib.Path(__file__).resolve().parent


class Missing(Exception):
    """Something is not prepared; the text says what to do."""


def usual_folder():
    """Where the environment is unless a variable names another place."""
    return HERE.parent.parent / ".cache" / "real-vllm"


def folder():
    """The environment's folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return pathlib.Path(named).absolute() if named else usual_folder()


def read_mark(part):
    """What is written in the mark of a complete part; None if the part is missing or was interrupted."""
    try:
        return json.loads((part / MARK).read_text())
    except (OSError, ValueError):
        return None


def write_mark(part, content):
    """Marks a part as complete. The mark appears whole or not at all."""
    new = part / (MARK + ".new")
    new.write_text(json.dumps(content, indent=1) + "\n")
    new.rename(part / MARK)


class Environment:
    """The prepared environment, as programs that start a release use it."""

    def __init__(self, root=None):
        self.root = pathlib.Path(root) if root else folder()

    @property
    def python(self):
        return self.root / "python" / "bin" / "python"

    def home(self, version):
        return self.root / "home" / version

    def model(self, kind):
        return self.root / "models" / kind

    def release(self, version):
        return self.root / "releases" / version

    def versions(self):
        """The releases that are complete."""
        try:
            names = sorted(path.name for path in (self.root / "releases").iterdir())
        except OSError:
            return []
        return [name for name in names if read_mark(self.release(name))]

    def require(self, version):
        """Raises Missing unless the release can be started."""
        advice = f"run `make real-vllm VERSION={version}`"
        if version == "checkout":
            advice = "run `make real-vllm CHECKOUT=FOLDER`"
        if read_mark(self.root / "python") is None:
            raise Missing(f"no real vLLM in {self.root}: {advice}")
        if read_mark(self.release(version)) is None:
            there = ", ".join(self.versions()) or "none"
            raise Missing(f"vLLM {version} is not prepared in {self.root}, but {there}: {advice}")

    def variables(self, version, base=None):
        """The environment variables with which the release is started: no network, no threads beside the main one where
        it can be helped, one GiB of memory for the cache of keys and values."""
        variables = dict(os.environ if base is None else base)
        home = str(self.home(version))
        variables.update(
            PYTHONPATH=str(self.release(version)), PYTHONUNBUFFERED="1",
            HOME=home, VLLM_CACHE_ROOT=home, XDG_CACHE_HOME=home,
            HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1",
            VLLM_TARGET_DEVICE="cpu", VLLM_CPU_KVCACHE_SPACE="1", VLLM_CPU_OMP_THREADS_BIND="nobind",
            OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", NO_COLOR="1", VLLM_LOGGING_COLOR="0",
        )
        return variables


def available_memory():
    """Bytes that the kernel could give to new processes without swapping; None where it does not say."""
    try:
        with open("/proc/meminfo") as table:
            for line in table:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
