"""EnvoyOU: every recommended step of its document, over the body as Python writes it again."""

import json
import re

from checks import (
    DRIFT_MAX_S,
    mac,
    parse_json,
    require_content_type,
    require_fresh,
    require_header,
    require_same,
)
from refused import Refused
from shape import is_object, is_text, is_unix_seconds, require_shape

FIELDS = {
    "id": is_text,
    "type": is_text,
    "created": is_unix_seconds,
    "data": is_object,
    "webhook_id": is_text,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Twice the drift, both ways: a nonce is remembered for as long as its timestamp could pass.
NONCE_KEPT_S = 2 * DRIFT_MAX_S


def envoyou(secret, canonical):
    seen_nonces = {}

    def verify(request, now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "x-envoyou-signature")
        timestamp = require_header(request, "x-envoyou-timestamp")
        webhook_id = require_header(request, "x-envoyou-webhook-id")
        event_type = require_header(request, "x-envoyou-event-type")
        nonce = require_header(request, "x-envoyou-nonce")
        require_fresh(timestamp, now_s)

        event = parse_json(request.body)
        signed = request.body if canonical == "raw" else written_again(event)
        digest = mac(secret, timestamp.encode(), b".", signed).hexdigest()
        require_same(signature, f"v1,{digest}")
        if signed != request.body:
            raise Refused("the body differs when written again")

        remember_once(seen_nonces, nonce, now_s)
        require_shape(event, FIELDS)
        require_shape(event["data"], {"object": is_object}, where="data")
        if event["webhook_id"] != webhook_id:
            raise Refused("the webhook ids differ")
        if event["type"] != event_type:
            raise Refused("the event types differ")
        return event["id"], event["type"]

    return verify


def written_again(event):
    return json.dumps(event, separators=(",", ":"), sort_keys=True).encode()


def remember_once(seen, nonce, now_s):
    if not UUID.fullmatch(nonce):
        raise Refused("the nonce is no UUID")
    for old in [old for old, at in seen.items() if now_s - at > NONCE_KEPT_S]:
        del seen[old]
    if nonce in seen:
        raise Refused("the nonce was seen before")
    seen[nonce] = now_s
