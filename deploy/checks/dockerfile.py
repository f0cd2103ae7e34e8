"""What does the Dockerfile say, and what does the builder get to see?"""

import fnmatch
import re
import subprocess
from typing import NamedTuple

from files import ROOT, text


class Instruction(NamedTuple):
    """One instruction of a stage, its lines joined."""

    word: str
    rest: str


def stages():
    """The instructions of each stage, by its name; the last one is "final"."""
    lines = [line for line in text("deploy/Dockerfile").splitlines() if not line.startswith("#")]
    named, current = {}, []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = named.setdefault(name or "final", [])
            rest = base
        current.append(Instruction(word, " ".join(rest.split())))
    return named


def all_of(stage, word):
    """What follows each such instruction of a stage."""
    return [each.rest for each in stages()[stage] if each.word == word]


def one_of(stage, word):
    """What follows the only such instruction of a stage."""
    (rest,) = all_of(stage, word)
    return rest


def copied_from_the_repository():
    """The paths that are copied out of the repository."""
    copies = [rest for rest in all_of("build", "COPY") if "--from=" not in rest]
    return [source for rest in copies for source in rest.split()[:-1]]


def cargo_line():
    """The command that builds, as the shell gets it."""
    (line,) = re.findall(r"cargo build .*?(?= &&|$)", " ".join(all_of("build", "RUN")))
    return line


def _matches(path, pattern):
    """Whether a path, or a folder that it lies in, is meant by a line of .dockerignore."""
    parts = path.split("/")
    heads = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
    return any(
        head.count("/") == pattern.count("/") and fnmatch.fnmatchcase(head, pattern)
        for head in heads
    )


def let_through(path):
    """Whether the builder gets a path. The last line of .dockerignore that means it decides."""
    seen = True
    for line in text(".dockerignore").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _matches(path, pattern.removeprefix("!")):
            seen = pattern.startswith("!")
    return seen


def context():
    """The committed files that the builder gets."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    return [path for path in listed.stdout.decode().split("\0") if path and let_through(path)]
