"""What does the program itself say of its settings, its addresses and its ports?"""

import functools
import re
import subprocess

from files import ROOT, text

PROGRAM = ROOT / "target" / "debug" / "hookwright"


@functools.cache
def help_of(*command):
    """What `--help` prints for a command."""
    done = subprocess.run([PROGRAM, *command, "--help"], check=True, capture_output=True, text=True)
    return done.stdout


def variables():
    """Every environment variable that `serve` reads."""
    return set(re.findall(r"\[env: (HOOKWRIGHT_\w+)", help_of("serve")))


def flags():
    """Every flag of `serve`."""
    return set(re.findall(r"(--[a-z][a-z-]*)", help_of("serve")))


def commands():
    """Every command."""
    listed = help_of().split("Commands:")[1].split("Options:")[0]
    return set(re.findall(r"^  (\w+)", listed, re.MULTILINE))


def health_paths():
    """The paths that answer without a key."""
    return set(re.findall(r'\.get\(\s*"(/\w+)"', text("web/src/health.rs")))
