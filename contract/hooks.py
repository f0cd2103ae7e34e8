"""What the generated calls need of a server with something in it, and which operations they reached."""

import json
import os
import random
from collections import Counter
from pathlib import Path

import schemathesis

#: Ids of things that exist, by what the path calls them: {"{account_id}": [...], ...}.
KNOWN = json.loads(os.environ["CONTRACT_IDS"])
REACHED = Path(os.environ["CONTRACT_REACHED"])
CHANCE = random.Random(7)
answers: Counter = Counter()


def known(path, name):
    """Ids for a parameter: by the path up to it, or by its name."""
    before = path.split("{" + name + "}")[0].rstrip("/")
    return KNOWN.get(before) or KNOWN.get(name) or []


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Three calls of four are about something that exists."""
    if path_parameters and CHANCE.random() < 0.75:
        path = context.operation.path
        for name in path_parameters:
            ids = known(path, name)
            if ids:
                path_parameters[name] = CHANCE.choice(ids)
    # Ids are learnt from answers too: the keys that the calls are made with must outlive them.
    for name, value in (path_parameters or {}).items():
        if value in KNOWN["spared"]:
            path_parameters[name] = "key_0000000000000000"
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    """Most calls name nothing, or something that exists: else all are refused for that alone."""
    for name in ("project_id", "account_id", "endpoint_id", "event_id", "cursor"):
        if query and name in query and CHANCE.random() < 0.85:
            ids = known(context.operation.path, name)
            if ids and CHANCE.random() < 0.5:
                query[name] = CHANCE.choice(ids)
            else:
                del query[name]
    return query


@schemathesis.hook
def after_call(context, case, response):
    """Counts what each operation answered."""
    operation = case.operation
    answers[f"{operation.method.upper()} {operation.path} {response.status_code // 100}xx"] += 1
    REACHED.write_text(json.dumps(answers))
