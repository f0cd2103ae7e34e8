"""Does the Dockerfile's build command make a static binary that serves, from what the builder gets and nothing else?

The steps of the image, without a container engine: the context by .dockerignore, the copies, the command. Takes
minutes. CARGO_TARGET_DIR keeps what was compiled for the next time; without it that is the target folder's "container".
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import dockerfile
from files import ROOT

STOP_MAX_S = 40


def lay_out(folder):
    """Puts there what the Dockerfile copies of what the builder gets."""
    copied = dockerfile.copied_from_the_repository()
    for path in dockerfile.context():
        if any(path == each or path.startswith(f"{each}/") for each in copied):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, place)


def build(folder, made):
    """Runs the command as the builder would; the binary that it makes."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(made)}
    line = dockerfile.cargo_line()
    subprocess.run(["nice", "-n", "19", "sh", "-c", line], cwd=folder, env=environment, check=True)
    binary = folder / "hookwright-stripped"
    target = f"{platform.machine()}-unknown-linux-musl"
    subprocess.run(["strip", "-o", binary, made / target / "release" / "hookwright"], check=True)
    return binary


def require_static(binary):
    """A binary that asks for a loader would not start in an empty image."""
    headers = ["readelf", "--program-headers", "--wide", binary]
    listed = subprocess.run(headers, check=True, capture_output=True, text=True).stdout
    if "INTERP" in listed:
        sys.exit(f"error: the binary is not static\n{listed}")


def require_serving(binary, folder):
    """Starts it with an empty environment, asks whether it is ready, and stops it."""
    environment = {"HOOKWRIGHT_LISTEN": "127.0.0.1:0", "HOOKWRIGHT_DATA_DIR": str(folder / "data")}
    command = [binary, "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stdout.readline, "")
            address = next(line.split()[-1] for line in lines if line.startswith("listening on "))
            for path in ["/healthz", "/readyz"]:
                with urllib.request.urlopen(address + path, timeout=5) as answer:
                    print(f"{path}: {answer.status}")
            server.send_signal(signal.SIGTERM)
            if server.wait(STOP_MAX_S) != 0:
                sys.exit(f"error: it ended with {server.returncode} after SIGTERM")
        finally:
            server.kill()


def main():
    made = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target" / "container")).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lay_out(folder)
        binary = build(folder, made)
        require_static(binary)
        require_serving(binary, folder)
        print(f"static, {binary.stat().st_size / 1_000_000:.1f} MB, and it serves")


if __name__ == "__main__":
    main()
