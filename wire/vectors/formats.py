"""The formats as their documents state them: body, headers and signatures of one attempt."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime, timezone

import ecma
import ed25519

SEPARATED = "{}.{}.{}"


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def moment(ms, fraction=False):
    text = datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{ms % 1000:03d}Z" if fraction else "Z")


def joined(*members):
    """An object of raw values; a member of none is left out."""
    return "{" + ",".join(f'"{key}":{value}' for key, value in members if value is not None) + "}"


def truth(event):
    return "true" if event["livemode"] else "false"


def picked(data, name):
    """The raw text of a top-level member, the last of several."""
    decoder, at, found = json.JSONDecoder(), 1, None

    def space(at):
        while data[at] in " \t\r\n":
            at += 1
        return at

    if not isinstance(json.loads(data), dict):
        return None
    while data[at := space(at)] != "}":
        key, at = decoder.raw_decode(data, at)
        start = space(space(at) + 1)
        _, at = decoder.raw_decode(data, start)
        found = data[start:at] if key == name else found
        at = space(at)
        at += data[at] == ","
    return found


def mac(key, content, how=hashlib.sha256):
    return hmac.new(key, content.encode(), how)


def raw(event, content, how=hashlib.sha256):
    """Signed with the newest secret, whose whole text is the key."""
    return mac(event["secrets"][0].encode(), content, how)


def standard(event, body):
    """The three headers of Standard Webhooks; HMAC signatures first, then Ed25519."""
    stamp = str(event["attempt_ms"] // 1000)
    content = SEPARATED.format(event["event_id"], stamp, body)
    symmetric, asymmetric = [], []
    for secret in event["secrets"]:
        kind, _, written = secret.partition("_")
        key = base64.b64decode(written)
        if kind == "whsec":
            symmetric.append("v1," + base64.b64encode(mac(key, content).digest()).decode())
        else:
            made = ed25519.sign(key[:32], content.encode())
            asymmetric.append("v1a," + base64.b64encode(made).decode())
    return {
        "webhook-id": event["event_id"],
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(symmetric + asymmetric),
    }


def authepy(event):
    body = joined(
        ("event_id", quoted(event["event_id"])),
        ("type", quoted(event["event_type"])),
        ("created_at", event["event_time_ms"] // 1000),
        ("data", event["data"]),
    )
    return body, {"Authepy-Signature": raw(event, body).hexdigest()}


def authento(event):
    names = ["userId", "userIdentifier", "type", "status"]
    body = joined(
        ("event", quoted(event["event_type"])),
        *((name, picked(event["data"], name)) for name in names),
        ("timeCreated", repr(event["event_time_ms"] / 1000)),
    )
    plain = hashlib.sha256(body.encode())
    return body, {"X-PAYLOAD-DIGEST": (raw(event, body) if event["secrets"] else plain).hexdigest()}


def authpi(event):
    trace = event["trace"] or hashlib.sha256(event["event_id"].encode()).hexdigest()[:32]
    data = joined(
        ("id", quoted(event["event_id"])),
        ("type", quoted(event["event_type"])),
        ("trace", quoted(trace)),
        ("source", '"com.authpi/v1"'),
        ("subject", event["subject"] or "{}"),
        ("data", event["data"]),
    )
    body = joined(
        ("id", quoted(event["event_id"])),
        ("specversion", '"1.0"'),
        ("source", quoted("com.authpi.webhooks/v1/" + event["endpoint_id"])),
        ("type", '"event"'),
        ("datacontenttype", '"application/json"'),
        ("time", quoted(moment(event["event_time_ms"]))),
        ("data", data),
    )
    return body, standard(event, body) | {"Content-Type": "application/cloudevents+json"}


def envoyou(event):
    members = joined(
        ("id", quoted(event["event_id"])),
        ("type", quoted(event["event_type"])),
        ("created", event["event_time_ms"] // 1000),
        ("data", joined(("object", event["data"]))),
        ("webhook_id", quoted(event["endpoint_id"])),
    )
    body, stamp = ecma.form(members, ordered=True), str(event["attempt_ms"] // 1000)
    return body, {
        "X-EnvoyOU-Webhook-ID": event["endpoint_id"],
        "X-EnvoyOU-Event-Type": event["event_type"],
        "X-EnvoyOU-Nonce": str(uuid.UUID(event["nonce"], version=4)),
        "X-EnvoyOU-Timestamp": stamp,
        "X-EnvoyOU-Signature": "v1," + raw(event, f"{stamp}.{body}").hexdigest(),
    }


def reachscore(event):
    members = joined(
        ("id", quoted(event["event_id"])),
        ("object", '"event"'),
        ("type", quoted(event["event_type"])),
        ("created_at", quoted(moment(event["event_time_ms"]))),
        ("livemode", truth(event)),
        ("data", event["data"]),
    )
    body, stamp = ecma.form(members), str(event["attempt_ms"] // 1000)
    return body, {
        "X-ReachScore-Event-ID": event["event_id"],
        "X-ReachScore-Timestamp": stamp,
        "X-ReachScore-Signature": "sha256=" + raw(event, f"{stamp}.{body}").hexdigest(),
    }


def standard_webhooks(event):
    body = joined(
        ("type", quoted(event["event_type"])),
        ("timestamp", quoted(moment(event["event_time_ms"], fraction=True))),
        ("data", event["data"]),
    )
    return body, standard(event, body)


def cloudevents(event):
    body = joined(
        ("specversion", '"1.0"'),
        ("id", quoted(event["event_id"])),
        ("source", quoted("hookwright/" + event["endpoint_id"])),
        ("type", quoted(event["event_type"])),
        ("time", quoted(moment(event["event_time_ms"], fraction=True))),
        ("datacontenttype", '"application/json"'),
        ("data", event["data"]),
    )
    kind = "application/cloudevents+json; charset=utf-8"
    return body, standard(event, body) | {"Content-Type": kind}


def cloudevents_binary(event):
    return event["data"], standard(event, event["data"]) | {
        "ce-specversion": "1.0",
        "ce-id": event["event_id"],
        "ce-source": "hookwright/" + event["endpoint_id"],
        "ce-type": event["event_type"],
        "ce-time": moment(event["event_time_ms"], fraction=True),
    }


def github(event):
    return event["data"], {
        "X-GitHub-Event": event["event_type"],
        "X-GitHub-Delivery": event["event_id"],
        "X-GitHub-Hook-ID": event["endpoint_id"],
        "X-Hub-Signature-256": "sha256=" + raw(event, event["data"]).hexdigest(),
        "X-Hub-Signature": "sha1=" + raw(event, event["data"], hashlib.sha1).hexdigest(),
    }


def shopify(event):
    return event["data"], {
        "X-Shopify-Topic": event["event_type"],
        "X-Shopify-Webhook-Id": event["event_id"],
        "X-Shopify-Event-Id": event["event_id"],
        "X-Shopify-Triggered-At": moment(event["event_time_ms"], fraction=True),
        "X-Shopify-Hmac-SHA256": base64.b64encode(raw(event, event["data"]).digest()).decode(),
    }


def slack(event):
    body = joined(
        ("type", '"event_callback"'),
        ("event", event["data"]),
        ("event_id", quoted(event["event_id"])),
        ("event_time", event["event_time_ms"] // 1000),
    )
    stamp = str(event["attempt_ms"] // 1000)
    return body, {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": "v0=" + raw(event, f"v0:{stamp}:{body}").hexdigest(),
    }


def stripe(event):
    body = joined(
        ("id", quoted(event["event_id"])),
        ("object", '"event"'),
        ("created", event["event_time_ms"] // 1000),
        ("data", joined(("object", event["data"]))),
        ("livemode", truth(event)),
        ("type", quoted(event["event_type"])),
    )
    stamp = event["attempt_ms"] // 1000
    made = [mac(secret.encode(), f"{stamp}.{body}").hexdigest() for secret in event["secrets"]]
    value = ",".join([f"t={stamp}", *(f"v1={signature}" for signature in made)])
    kind = "application/json; charset=utf-8"
    return body, {"Stripe-Signature": value, "Content-Type": kind}


STANDARD = {"authpi", "cloudevents", "cloudevents-binary", "standard-webhooks"}
FORMATS = {
    "authento": authento,
    "authepy": authepy,
    "authpi": authpi,
    "cloudevents": cloudevents,
    "cloudevents-binary": cloudevents_binary,
    "envoyou": envoyou,
    "github": github,
    "reachscore": reachscore,
    "shopify": shopify,
    "slack": slack,
    "standard-webhooks": standard_webhooks,
    "stripe": stripe,
}
