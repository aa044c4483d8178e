"""The recipes of CONTRIBUTING.md, as steps: which file is made, which line is added where."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
STEP = re.compile(
    r"^(?:File `(?P<file>[^`]+)`|Line in `(?P<edited>[^`]+)`, after `(?P<anchor>[^`]+)`):\n\n"
    r"```\w+\n(?P<block>.*?)^```", re.S | re.M)


def section(title):
    """The text below a heading, to the next one."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def steps(title):
    """Each step as (file, anchor, block); the anchor is None where the file is new."""
    return [(step["file"] or step["edited"], step["anchor"], step["block"])
            for step in STEP.finditer(section(title))]


def generates(title):
    """Whether the recipe asks for `make generate`."""
    return "`make generate`" in section(title)
