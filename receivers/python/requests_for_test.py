"""What does a good request of each format look like? For the self-test only."""

import base64
import hashlib
import hmac
import json
import time
from typing import NamedTuple

NOW_S = int(time.time())
SECRET = "a secret of the customer"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Good(NamedTuple):
    format: str
    secret: str | None
    headers: dict
    body: bytes
    canonical: str = "document"


def digest(*parts, key=SECRET.encode()):
    return hmac.new(key, b"".join(parts), hashlib.sha256)


def stamped(body):
    return digest(str(NOW_S).encode(), b".", body).hexdigest()


def standard_headers(body):
    key = base64.b64decode(WEBHOOK_SECRET[len("whsec_") :])
    made = digest(b"msg_1.", str(NOW_S).encode(), b".", body, key=key).digest()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW_S),
        "webhook-signature": f"v1a,AAAA v1,{base64.b64encode(made).decode()}",
    }


def compact(document):
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def good(name, body, headers, secret=SECRET, content_type="application/json"):
    return Good(name, secret, {"content-type": content_type} | headers, body)


def authepy():
    body = compact({"event_id": "e", "type": "delivery.spam", "created_at": NOW_S, "data": {}})
    return good("authepy", body, {"authepy-signature": digest(body).hexdigest()})


def authento(secret):
    fields = {"event": "RESET", "userId": "u", "userIdentifier": "i", "type": "INDIVIDUAL"}
    body = compact(fields | {"status": {"poa": "VERIFIED"}, "timeCreated": NOW_S + 0.611})
    made = digest(body) if secret else hashlib.sha256(body)
    return good("authento", body, {"x-payload-digest": made.hexdigest()}, secret)


def envoyou():
    fields = {"id": "e", "type": "user.created", "created": NOW_S, "webhook_id": "wh_1"}
    body = compact(fields | {"data": {"object": {"email": "ü@example.com", "n": 1.0}}})
    headers = {
        "x-envoyou-signature": f"v1,{stamped(body)}",
        "x-envoyou-timestamp": str(NOW_S),
        "x-envoyou-webhook-id": "wh_1",
        "x-envoyou-event-type": "user.created",
        "x-envoyou-nonce": "4f2c7a81-bc2a-4c2f-9a3d-91d7fa2d6c55",
    }
    return good("envoyou", body, headers)


def reachscore():
    fields = {"id": "e", "object": "event", "type": "test.failed", "livemode": False}
    fields |= {"created_at": "2024-01-15T10:31:15Z", "data": {"name": "ü", "n": [1, 2]}}
    body = json.dumps(fields).encode()
    headers = {
        "x-reachscore-signature": f"sha256={stamped(body)}",
        "x-reachscore-timestamp": str(NOW_S),
        "x-reachscore-event-id": "e",
    }
    return good("reachscore", body, headers)


def authpi():
    inner = {"id": "e", "type": "user.created", "trace": "t", "source": "com.authpi/v1"}
    outer = {"id": "e", "specversion": "1.0", "source": "com.authpi.webhooks/v1/wh_1"}
    outer |= {"type": "event", "datacontenttype": "application/json"}
    outer |= {"time": "2024-01-01T03:21:36Z", "data": inner | {"subject": {}, "data": {}}}
    body = compact(outer)
    return good("authpi", body, standard_headers(body), WEBHOOK_SECRET, "application/cloudevents+json")


def standard_webhooks():
    body = compact({"type": "user.created", "timestamp": "2024-01-01T03:21:36Z", "data": {}})
    return good("standard-webhooks", body, standard_headers(body), WEBHOOK_SECRET)


def cloudevents():
    body = compact({"specversion": "1.0", "id": "e", "source": "/p", "type": "t.t", "data": {}})
    headers = standard_headers(body)
    return good("cloudevents", body, headers, WEBHOOK_SECRET, "application/cloudevents+json")


def cloudevents_binary():
    body = b'{"n":1}'
    attributes = {"ce-specversion": "1.0", "ce-id": "e", "ce-source": "/p", "ce-type": "t.t"}
    headers = attributes | standard_headers(body)
    return good("cloudevents-binary", body, headers, WEBHOOK_SECRET)


def stripe():
    fields = {"id": "e", "object": "event", "type": "charge.failed", "created": NOW_S}
    body = compact(fields | {"data": {"object": {}}, "livemode": True})
    header = f"t={NOW_S},v1=00,v1={stamped(body)}"
    return good("stripe", body, {"stripe-signature": header})


def github():
    body = b'{"ref":"main"}'
    headers = {"x-hub-signature-256": f"sha256={digest(body).hexdigest()}"}
    return good("github", body, headers | {"x-github-event": "push", "x-github-delivery": "e"})


def shopify():
    body = b'{"id":1}'
    made = base64.b64encode(digest(body).digest()).decode()
    headers = {"x-shopify-topic": "orders/create", "x-shopify-event-id": "e"}
    return good("shopify", body, headers | {"x-shopify-hmac-sha256": made})


def slack():
    fields = {"type": "event_callback", "event_id": "e", "event_time": NOW_S}
    body = compact(fields | {"event": {"type": "team_join"}})
    made = digest(b"v0:", str(NOW_S).encode(), b":", body).hexdigest()
    headers = {"x-slack-signature": f"v0={made}", "x-slack-request-timestamp": str(NOW_S)}
    return good("slack", body, headers)


def all_good():
    return [
        authepy(),
        authento(SECRET),
        authento(None),
        envoyou(),
        reachscore(),
        authpi(),
        standard_webhooks(),
        cloudevents(),
        cloudevents_binary(),
        stripe(),
        github(),
        shopify(),
        slack(),
    ]
