"""Where do the files lie, and what do they say?"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml")) + [
    DEPLOY / "kubernetes" / "secret.yaml.example"
]


class Strict(yaml.SafeLoader):
    """A key given twice is a fault; YAML's own loaders keep the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f'key "{key}" given twice', node.start_mark
                )
        return super().construct_mapping(node, deep)


def text(path):
    """The text of a file, by its path from the root."""
    return (ROOT / path).read_text(encoding="utf-8")


def load(path):
    """The one document of a YAML file."""
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Strict)


def manifests():
    """Every Kubernetes object, by its kind. No two are of one kind."""
    objects = [load(path) for path in MANIFESTS]
    by_kind = {each["kind"]: each for each in objects}
    assert len(by_kind) == len(objects), "two objects of one kind"
    return by_kind


def number(path, pattern):
    """A whole number in a source file, where the pattern's group is. Underscores are allowed."""
    found = re.findall(pattern, text(path))
    assert len(found) == 1, f'"{pattern}" found {len(found)} times in {path}'
    return int(found[0].replace("_", ""))


def stop_limit_s():
    """How long the server takes to stop, at most, by its own constants."""
    requests_s = number("web/src/serve.rs", r"FINISH_TIMEOUT: Duration = Duration::from_secs\((\w+)\)")
    deliveries_ms = number("hookwright/src/server.rs", r"STOP_MS: u64 = ([\d_]+)")
    # While the database is away.
    outcomes_ms = number("delivery/src/worker/stop.rs", r"SETTLED_WITHIN_MS: u64 = ([\d_]+)")
    close_s = number("store/src/postgres/writer.rs", r"CLOSE_WITHIN: Duration = Duration::from_secs\((\w+)\)")
    return requests_s + (deliveries_ms + outcomes_ms) / 1000 + close_s
