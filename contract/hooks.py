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


def known(path, name, operation=""):
    """Ids for a parameter: of the operation's own, by the path up to it, or by its name."""
    if operation in KNOWN:
        return KNOWN[operation]
    before = path.split("{" + name + "}")[0].rstrip("/")
    return KNOWN.get(before) or KNOWN.get(name) or []


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Three calls of four are about something that exists."""
    if path_parameters and CHANCE.random() < 0.75:
        operation = context.operation
        for name in path_parameters:
            ids = known(operation.path, name, operation.definition.raw["operationId"])
            if ids:
                path_parameters[name] = CHANCE.choice(ids)
    # Ids are learnt from answers too: what the calls are made with and about must outlive them.
    if context.operation.method.upper() in ("DELETE", "POST"):
        for name, value in (path_parameters or {}).items():
            if value in KNOWN["spared"] and not (name == "account_id" and "{account_id}/" in context.operation.path):
                path_parameters[name] = "nobody"
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
def map_body(context, body):
    """Some calls have a body that is known to be good, where chance would hardly find one."""
    if isinstance(body, dict) and body.get("account_id") in KNOWN["spared"]:
        body["account_id"] = "nobody"
    good = KNOWN["bodies"].get(context.operation.definition.raw["operationId"])
    return good if good is not None and CHANCE.random() < 0.4 else body


@schemathesis.hook
def after_call(context, case, response):
    """Counts what each operation answered."""
    operation = case.operation
    status = response.status_code
    told = f"{status // 100}xx" if status != 409 else "409"
    answers[f"{operation.method.upper()} {operation.path} {told}"] += 1
    REACHED.write_text(json.dumps(answers))
