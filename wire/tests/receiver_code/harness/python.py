# Reads cases, asks the receivers beside it, and answers a line for each.
import base64, importlib, inspect, sys

sys.path.insert(0, sys.argv[1])
text = lambda encoded: base64.b64decode(encoded).decode()
for line in sys.stdin.read().strip().split("\n"):
    receiver, now, url, method, body, secrets, headers = line.split("\t")
    module = importlib.import_module("p" + receiver)
    pairs = [pair.split("=", 1) for pair in headers.split(";") if pair]
    headers = {name: text(value) for name, value in pairs}
    body = base64.b64decode(body)
    given = {"now": int(now), "url": text(url), "method": method}
    given["secrets"] = [text(secret) for secret in secrets.split(",") if secret]
    known = inspect.signature(module.verify).parameters
    good = module.verify(headers, body, **{name: value for name, value in given.items() if name in known})
    print("1 " + module.message_id(headers, body) if good else "0")
