"""Writes NAME.json, a few vectors for each format that is not built in, sharing no code with the crate.

    python3 make.py [--check]
"""

import base64
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "vectors"))

import ed25519  # noqa: E402
import payloads  # noqa: E402
from formats import joined, mac, moment, picked, quoted  # noqa: E402

SEED = bytes(range(7, 39))


def hexes(event, content):
    return [mac(secret.encode(), content).hexdigest() for secret in event["secrets"]]


def based(event, content):
    return base64.b64encode(mac(event["secrets"][0].encode(), content).digest()).decode()


def paddle(event):
    body = joined(
        ("event_id", quoted(event["event_id"])),
        ("event_type", quoted(event["event_type"])),
        ("occurred_at", quoted(moment(event["event_time_ms"], fraction=True))),
        ("data", event["data"]),
    )
    stamp = event["attempt_ms"] // 1000
    parts = [f"ts={stamp}", *(f"h1={made}" for made in hexes(event, f"{stamp}:{body}"))]
    return body, {"Paddle-Signature": ";".join(parts)}


def square(event):
    body = joined(
        ("type", quoted(event["event_type"])),
        ("event_id", quoted(event["event_id"])),
        ("created_at", quoted(moment(event["event_time_ms"]))),
        ("data", event["data"]),
    )
    return body, {"x-square-hmacsha256-signature": based(event, event["endpoint_url"] + body)}


def zoom(event):
    body = joined(
        ("event", quoted(event["event_type"])),
        ("event_ts", event["event_time_ms"]),
        ("payload", joined(("object", event["data"]))),
    )
    stamp = str(event["attempt_ms"] // 1000)
    signature = "v0=" + hexes(event, f"v0:{stamp}:{body}")[0]
    return body, {"x-zm-request-timestamp": stamp, "x-zm-signature": signature}


def hubspot(event):
    one = joined(
        ("eventId", quoted(event["event_id"])),
        ("subscriptionType", quoted(event["event_type"])),
        ("occurredAt", event["event_time_ms"]),
        ("attemptNumber", 0),
        ("objectId", picked(event["data"], "objectId")),
    )
    body, stamp = f"[{one}]", str(event["attempt_ms"])
    signature = based(event, "POST" + event["endpoint_url"] + body + stamp)
    return body, {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}


def twitch(event):
    name = quoted(event["event_type"])
    subscription = joined(("id", quoted(event["endpoint_id"])), ("type", name), ("version", '"1"'))
    body = joined(("subscription", subscription), ("event", event["data"]))
    stamp = moment(event["attempt_ms"], fraction=True)
    signature = "sha256=" + hexes(event, event["event_id"] + stamp + body)[0]
    return body, {
        "Twitch-Eventsub-Message-Id": event["event_id"],
        "Twitch-Eventsub-Message-Type": "notification",
        "Twitch-Eventsub-Subscription-Type": event["event_type"],
        "Twitch-Eventsub-Message-Timestamp": stamp,
        "Twitch-Eventsub-Message-Signature": signature,
    }


def pagerduty(event):
    inner = joined(
        ("id", quoted(event["event_id"])),
        ("event_type", quoted(event["event_type"])),
        ("occurred_at", quoted(moment(event["event_time_ms"], fraction=True))),
        ("data", event["data"]),
    )
    body = joined(("event", inner))
    return body, {
        "X-Webhook-Subscription": event["endpoint_id"],
        "X-PagerDuty-Signature": ",".join(f"v1={made}" for made in hexes(event, body)),
    }


def discord(event):
    inner = joined(
        ("type", quoted(event["event_type"])),
        ("timestamp", quoted(moment(event["event_time_ms"]))),
        ("data", event["data"]),
    )
    body, stamp = joined(("version", 1), ("type", 1), ("event", inner)), str(event["attempt_ms"] // 1000)
    signature = ed25519.sign(SEED, (stamp + body).encode()).hex()
    return body, {"X-Signature-Timestamp": stamp, "X-Signature-Ed25519": signature}


FORMATS = [discord, hubspot, paddle, pagerduty, square, twitch, zoom]


def vectors(make):
    secrets = [["a secret of some length"], ["the newest of two", "the older of two"]]
    for place, event in enumerate(payloads.events()[:4]):
        event = event | {"secrets": secrets[place % 2]}
        if make is discord:
            event |= {"secrets": ["edsk_" + SEED.hex()], "public_key": ed25519.public(SEED).hex()}
        if make is hubspot:
            event["data"] = '{"objectId": 12345678901234567890, "other": 1}' if place else "{}"
        body, headers = make(event)
        yield event | {"body": body, "headers": {"Content-Type": "application/json"} | headers}


def main():
    for make in FORMATS:
        content = {"profile": make.__name__, "messages": list(vectors(make))}
        text = json.dumps(content, indent=1) + "\n"
        path = HERE / f"{make.__name__}.json"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif path.read_text() != text:
            raise SystemExit(f"not what make.py writes: {path.name}")


main()
