"""What prepare.py makes its parts with: processes, pip, wheels, folders."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import zipfile

# Compiled kernels, by far the largest part of a release; only real engine cores need them.
KERNELS = re.compile(r"^vllm/_C.*\.so$")
# How long a process that is told to end may take for what it has started.
END_SECONDS = 20


class Problem(Exception):
    """Why the environment cannot be prepared, and what to do."""


def end(process):
    """Ends a process that may have started others: it gets the time to end them."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdout, process.stderr):
        pipe.close()


def fresh(folder):
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def call(command, advice):
    try:
        finished = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL)
    except OSError as error:
        raise Problem(f"{command[0]}: {error.strerror}")
    if finished.returncode != 0:
        raise Problem(advice)


def pip(python, arguments, advice):
    call([python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], advice)


def sum_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sum(wheel, known):
    found = sum_of(wheel)
    if known and found != known:
        wheel.unlink()
        raise Problem(f"{wheel.name} has the SHA-256 sum {found}, and {known} was expected; it has been deleted, try again")


def unpack(wheel, place, version, keeps_kernels):
    """Unpacks a release, whole or not at all, and describes it as vLLM itself asks for it."""
    part = fresh(place.with_name(place.name + ".part"))
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if keeps_kernels or not KERNELS.match(name)]
            archive.extractall(part, names)
        describe(part, version)
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    except zipfile.BadZipFile as error:
        wheel.unlink()
        raise Problem(f"{wheel.name} is damaged ({error}) and has been deleted; try again")
    except OSError as error:
        raise Problem(f"{wheel.name} cannot be unpacked into {place}: {error.strerror}; is there space?")
    finally:
        shutil.rmtree(part, ignore_errors=True)


def describe(place, version):
    """vLLM asks for its own distribution by the name of the main package, and takes "cpu" in its version for the platform."""
    folder = place / f"vllm-{version}+cpu.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n")


def size_of(folder):
    """Megabytes of a folder's files."""
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_size
    return total // 1_000_000
