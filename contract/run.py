"""Starts the server, puts one of each thing into it, lets the generated calls loose, and judges."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT_KEY = "a-root-key-for-the-contract-tests-only-0123"
#: Calls generated for each operation and phase.
EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "8")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"
#: Of each thing that a call may delete.
MANY = 80
#: What never ends by itself, or ends what the others need.
LEFT_OUT = {
    "streamEvents": "it goes on for ever; tested by hand of the end-to-end tests",
    "deleteProject": "it ends the project that all else is called on; called last",
}


class Server:
    """The real binary on a folder of its own."""

    def __init__(self, binary, folder):
        self.log = open(Path(folder) / "log", "w+")
        command = [binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", str(Path(folder) / "data")]
        environment = {**os.environ, "HOOKWRIGHT_ROOT_KEY": ROOT_KEY}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if "listening on " in line:
                self.base = line.split("listening on ")[1].strip()
                return
        sys.exit("error: the server did not start")

    def call(self, method, path, body=None, key=ROOT_KEY):
        """An answer's JSON; a refusal is an error here."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        request = urllib.request.Request(self.base + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            content = response.read()
            return json.loads(content) if content else None


def things(server):
    """One of each thing, and its ids by what the paths call them."""
    project = server.call("POST", "/v1/projects", {"name": "contract", "profile": "standard-webhooks"})
    key = project["api_key"]

    def make(path, body):
        return server.call("POST", path, body, key)

    make("/v1/accounts", {"id": "acme", "name": "Acme"})
    spare = [make("/v1/accounts", {"id": f"spare{n}"})["id"] for n in range(MANY)]

    def endpoint(n):
        validated = {"validation": "cloudevents"} if n % 8 < 4 else {}
        return make("/v1/endpoints", {"url": f"http://127.0.0.1:9/{n}", "account_id": "acme", **validated})["id"]

    endpoints = [endpoint(n) for n in range(MANY)]
    keys = [make("/v1/keys", {"scopes": ["events:read"]})["id"] for _ in range(MANY)]
    account_keys = [make("/v1/accounts/acme/keys", {})["id"] for _ in range(MANY)]
    asked = {"capabilities": ["endpoints:read"]}
    tokens = [make("/v1/accounts/acme/portal-tokens", asked)["id"] for _ in range(MANY)]
    root_keys = [server.call("POST", "/v1/root-keys", {})["id"] for _ in range(MANY)]
    events = [make("/v1/events", {"account_id": "acme", "type": "user.created", "data": {"n": n}})["id"] for n in range(3)]
    event = {"type": "a.b", "data": {}}
    # Described: by chance the project may be told to publish no others.
    make("/v1/event-types", {"name": event["type"]})
    broadcasts = [make("/v1/events/broadcast", event)["id"]]
    replays = [make("/v1/replays", {"since": "2020-01-01T00:00:00Z"})["id"] for _ in range(3)]
    purge = server.call("POST", f"/v1/purges?project_id={project['id']}", {"subject": "nobody"})["id"]
    url = {"url": "http://127.0.0.1:9/hook"}
    imported = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": {"imported.one": {"post": {"summary": "One."}}}}
    bodies = {
        **{name: url for name in ("createEndpoint", "createWebhook", "createWebhookEndpoint", "createAccountWebhook")},
        **{f"{verb}{name}": {"name": "x"} for verb in ("put", "update") for name in ("Endpoint", "Webhook", "WebhookEndpoint", "AccountWebhook")},
        "createPortalToken": asked,
        "createBroadcast": event,
        "importEventTypes": imported,
        "createReplay": {"since": "2020-01-01T00:00:00Z"},
        "createPurge": {"subject": "nobody"},
        "createProject": {"name": "made", "profile": "authepy"},
        "updateProject": {"name": "contract"},
        "testFilter": {"filter": {"a": 1}, "data": {"a": 1}},
        "publishEvent": event,
        "dryRunEvent": event,
        "cancelDeliveries": {"endpoint_id": endpoints[0]},
        "createEventType": {"name": "made.here"},
    }
    deliveries = [it["id"] for it in server.call("GET", "/v1/deliveries", key=key)["data"]]
    ids = {
        "spared": ["acme", "default", project["id"], *(server.call("GET", "/v1/keys/self", key=it)["id"] for it in (key, ROOT_KEY))],
        "bodies": bodies,
        "deleteAccount": spare,
        "/v1/broadcasts": broadcasts,
        "/v1/replays": replays,
        "/v1/purges": [purge],
        "project_id": [project["id"]],
        "/v1/projects": [project["id"]],
        "/v1/catalogue": [project["id"]],
        "account_id": ["acme"],
        "/v1/accounts": ["acme"],
        "/v1/keys": keys,
        "/v1/accounts/{account_id}/keys": account_keys,
        "/v1/accounts/{account_id}/portal-tokens": tokens,
        "/v1/root-keys": root_keys,
        "endpoint_id": endpoints,
        "/v1/events": events,
        "event_id": events,
        "/v1/deliveries": deliveries,
        "/v1/profiles": ["standard-webhooks", "authepy"],
        "/v1/event-types": ["user.created", "order.paid"],
    }
    # One resource at four paths: each call its own share, as one that is deleted is gone at all.
    paths = ("/v1/endpoints", "/v1/webhooks", "/v1/webhooks/endpoints", "/v1/accounts/{account_id}/webhooks")
    for share, path in enumerate(paths):
        ids[path] = endpoints[share :: len(paths)]
    return key, project["id"], ids


def generate(server, key, ids, folder, who):
    """Lets schemathesis loose with one key. Answers whether all was well, and what was reached."""
    reached = Path(folder) / f"reached-{who}.json"
    environment = {
        **os.environ,
        "CONTRACT_IDS": json.dumps(ids),
        "CONTRACT_REACHED": str(reached),
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
    }
    command = [
        *(str(HERE / ".venv/bin/schemathesis"), "run", f"{server.base}/openapi.json"),
        *("--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--seed", "7"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--mode", "all"),
        *("--suppress-health-check", "all", "--request-timeout", "30", "--continue-on-failure"),
    ]
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    done = subprocess.run(command, env=environment, cwd=folder)
    return done.returncode == 0, json.loads(reached.read_text()) if reached.exists() else {}


def served_by_hand(server, document, name, ids):
    """Whether an operation that chance did not serve is served with ids and a body known to be good."""
    method, path = name.split(" ")
    operation = document["paths"][path][method.lower()]
    asks = [it.get("name") for it in operation.get("parameters", [])]
    query = f"?project_id={ids['project_id'][0]}" if "project_id" in asks else ""
    body = ids["bodies"].get(operation["operationId"], {})
    # The last id is of what the operation is about, one before it of its account.
    before = path.rpartition("/{")[0] or path
    *within, _ = re.findall(r"{\w+}", path) or [None]
    for account in within:
        path = path.replace(account, ids["account_id"][0])
    for one in ids.get(before, [""]):
        request = urllib.request.Request(
            server.base + re.sub(r"{\w+}", one, path) + query,
            data=json.dumps(body).encode() if method != "GET" else None,
            headers={"authorization": f"Bearer {ROOT_KEY}", "content-type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30):
                return True
        except urllib.error.HTTPError as error:
            if error.code == 409:
                return True
            print(f"by hand, {name}: {error.code} {error.read().decode(errors='replace')}")
    return False


def served_in_a_browser(server, key, endpoint):
    """What only a browser's session may ask, or an endpoint under its account: which of it was served."""
    link = server.call("POST", "/v1/portal-sessions", {"account_id": "acme"}, key)["url"]
    code = {"code": link.rstrip("/").split("/")[-1]}
    visitor = server.call("POST", "/v1/portal-sessions/redeem", code)["token"]
    server.call("GET", "/v1/portal", key=visitor)
    session = server.call("POST", "/v1/sessions", {}, key)["token"]
    server.call("DELETE", "/v1/sessions/self", key=session)
    server.call("PUT", f"/v1/accounts/acme/webhooks/{endpoint}", {"name": "of acme"}, key)
    return {
        "POST /v1/portal-sessions/redeem",
        "GET /v1/portal",
        "DELETE /v1/sessions/self",
        "PUT /v1/accounts/{account_id}/webhooks/{id}",
    }


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(sys.argv[1], folder)
        try:
            key, project, ids = things(server)
            in_browser = served_in_a_browser(server, key, ids["endpoint_id"][0])
            well = True
            answered = {}
            for who, it in (("project", key), ("root", ROOT_KEY)):
                print(f"\n== generated calls with a {who} key", flush=True)
                fine, reached = generate(server, it, ids, folder, who)
                well &= fine
                for name, count in reached.items():
                    answered[name] = answered.get(name, 0) + count
            document = server.call("GET", "/openapi.json")
            # A conflict is past all that could be wrong with the call itself.
            served = ("2xx", "409")
            missed = [it for it in operations(document) if not any(f"{it} {way}" in answered for way in served)]
            missed = [it for it in missed if it not in in_browser]
            missed = [it for it in missed if not served_by_hand(server, document, it, ids)]
            server.call("DELETE", f"/v1/projects/{project}")
            alive = server.call("GET", "/healthz")["status"] == "ok"
        finally:
            server.process.terminate()
            server.process.wait(timeout=60)
    for name in missed:
        print(f"never served: {name}: {[it for it in answered.items() if it[0].startswith(name + ' ')]}")
    count = len(operations(document))
    failed = (not well) + len(missed) + (not alive)
    print(f"contract: {count - len(missed)} passed, {failed} failed ({sum(answered.values())} calls to {count} operations)")
    sys.exit(1 if failed else 0)


def operations(document):
    """Every operation that is called, as `GET /v1/keys`."""
    return [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, it in item.items()
        if method != "parameters" and it["operationId"] not in LEFT_OUT
    ]


main()
