"""Writes the table of open windows in Documentation/vllm.md: each is found in a start of a prepared release, and forced.

    python3 Adapters/real_vllm/windows.py --bindstorm PATH [--document FILE] [VERSION...]

For each release: its API servers' sockets (launch.py, level zygote); for the newest also the places of sites.py. Each is
watched first, and then started once for each window with a thief in it, for at most two windows. Standard library only;
takes about a minute for each place.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import layout  # noqa: E402
import sites  # noqa: E402

BEGIN, END = "<!-- windows: written by windows.py -->", "<!-- end of windows -->"
DOCUMENT = HERE.parent.parent / "Documentation" / "vllm.md"
API_SERVERS = 4
LIMIT_SECONDS = 600
HEAD = [
    "| release | place | port chosen | bound | strategy | window | forced | what the user sees |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
]
# Beyond these modules the caller says more than the helper does.
HELPERS = ("network_utils.py", "distributed/utils.py")


class CheckFailed(Exception):
    """bindstorm gave no report; the text is its last line."""


def check(bindstorm, options, command):
    """One run of `bindstorm check`. Returns its JSON report."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        finished = subprocess.run(
            [bindstorm, "check", *options, "--json-file", str(report), "--", *command],
            capture_output=True, text=True, timeout=LIMIT_SECONDS)
        try:
            return json.loads(report.read_text())
        except (OSError, ValueError):
            raise CheckFailed((finished.stderr.strip().splitlines() or ["no report"])[-1])


def place_of(stack, marker="/vllm/"):
    """The innermost frame of vLLM, and the first of its callers that is no helper, as `function file:line`."""
    frames = [frame for frame in stack if marker in frame["file"]]
    if not frames:
        frames = stack
    if not frames:
        return "?"
    texts = [f"`{frame['function']}` {shown(frame['file'])}:{frame['line']}" for frame in frames]
    if not frames[0]["file"].endswith(HELPERS):
        return texts[0]
    caller = next((text for frame, text in zip(frames, texts) if not frame["file"].endswith(HELPERS)), None)
    return texts[0] + (f" < {caller}" if caller else "")


def shown(file):
    return file.split("/vllm/")[-1] if "/vllm/" in file else pathlib.PurePath(file).name


def seconds(nanoseconds):
    value = nanoseconds / 1e9
    if value >= 1:
        return f"{value:.1f} s"
    return f"{value * 1e3:.0f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"


def times(count):
    return "once" if count == 1 else f"{count} times"


def words(text):
    """Last words as a cell: without addresses and process ids, which differ each time."""
    errors = re.findall(r"[\w.]*(?:Error|Exception)\b: [^|]+|Process \S+ \(PID: \d+\) died with exit code \d+", text)
    text = " ".join(dict.fromkeys(errors)) or text
    text = re.sub(r"\(PID: \d+\) ?", "", text)
    text = re.sub(r"\b\d{4,5}\b", "N", text).replace("|", "/")
    return " ".join(text.split())[:160]


def row(release, site, seen, forced):
    """The rows of one place: what was seen, and what a thief did to it."""
    if not seen["places"]:
        ports = seen["portsChosenByKernel"]
        return [f"| {release} | {site} | {ports} ports | as chosen | bound once | none | nothing to force | - |"]
    rows = []
    for place in seen["places"]:
        window = next((item for item in forced["windows"] if item["place"] == place["place"]), None)
        red = "not tried" if window is None else "yes" if window["isRed"] else "no"
        rows.append(
            f"| {release} | {site} | {place_of(place['probe']['sourceStack'])} | "
            f"{place_of(place['rebinder']['sourceStack'])} | probe, number handed on | "
            f"{seconds(place['longestWindowNanoseconds'])}, {times(place['count'])} | {red} | "
            f"{words(window['lastWords']) or window['outcome'] if window else '-'} |")
    return rows


def programs(version, has_sites):
    """What is started for a release: name, program and arguments."""
    start = ["launch.py", version, "--level", "zygote", "--api-servers", str(API_SERVERS)]
    yield f"sockets of {API_SERVERS} API servers", start
    for name in sites.SITES if has_sites else []:
        yield name, ["sites.py", version, name]


def table(bindstorm, versions, say=print):
    rows = []
    newest = max(versions, key=lambda version: [int(number) for number in re.findall(r"\d+", version)])
    for version in versions:
        for site, words_of_command in programs(version, version == newest):
            command = [str(HERE / "run"), *words_of_command]
            say(f"{version}, {site}")
            try:
                seen = check(bindstorm, [], command)
                forced = {"windows": []}
                if seen["places"]:
                    forced = check(bindstorm, ["--enumerate", "--enumerate-max", "2"], command)
                rows += row(version, site, seen, forced)
            except (CheckFailed, subprocess.TimeoutExpired) as error:
                rows.append(f"| {version} | {site} | not driven: {words(str(error))} | - | - | - | - | - |")
    return rows


def written(text, rows, date):
    """The document with the table in its place."""
    if BEGIN not in text or END not in text:
        sys.exit(f"the document has no place for the table: {BEGIN} and {END}")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    lines = [BEGIN, "", f"Seen on {date}.", "", *HEAD, *rows, "", END]
    return before + "\n".join(lines) + after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: all that are prepared")
    parser.add_argument("--bindstorm", required=True, metavar="PATH")
    parser.add_argument("--document", type=pathlib.Path, default=DOCUMENT)
    given = parser.parse_args()
    versions = given.versions or [name for name in layout.Environment().versions() if name != "checkout"]
    if not versions:
        sys.exit("no release is prepared: run `make real-vllm`")
    rows = table(given.bindstorm, versions)
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    given.document.write_text(written(given.document.read_text(), rows, date))


if __name__ == "__main__":
    main()
