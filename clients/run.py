"""Starts the server on an empty folder and runs both clients' tests against it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT_KEY = "a-root-key-for-the-client-tests-only-01234"


def run(command, environment):
    """A test program's status and output, shown as it is."""
    done = subprocess.run(command, env=environment, cwd=HERE, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    return done.returncode, done.stdout + done.stderr


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.argv[1], "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", f"{folder}/data"]
        environment = {**os.environ, "HOOKWRIGHT_ROOT_KEY": ROOT_KEY}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            base = next(line.split("listening on ")[1].strip() for line in server.stdout if "listening on " in line)
            given = {**os.environ, "HOOKWRIGHT_URL": base, "HOOKWRIGHT_ROOT_KEY": ROOT_KEY, "PYTHONPATH": "python/src"}
            python, text = run([sys.executable, "-m", "unittest", "discover", "-v", "python/tests"], given)
            ran = int(re.search(r"Ran (\d+) test", text)[1])
            bad = sum(int(it) for it in re.findall(r"(?:failures|errors)=(\d+)", text))
            node, text = run(["node", "--test", "--test-reporter=tap", "typescript/test/"], given)
            ran += int(re.search(r"# pass (\d+)", text)[1])
            bad_node = int(re.search(r"# fail (\d+)", text)[1])
        finally:
            server.terminate()
            server.wait(timeout=60)
    failed = bad + bad_node or int(bool(python or node))
    print(f"clients: {ran - bad} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
