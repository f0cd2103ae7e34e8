"""Stripe, GitHub, Shopify and Slack: the raw schemes of senders that receivers know already."""

import base64

from checks import (
    mac,
    parse_json,
    require_content_type,
    require_fresh,
    require_header,
    require_same,
    same_text,
)
from refused import Refused
from shape import exactly, is_object, is_text, is_unix_seconds


def stripe(secret, _canonical):
    def verify(request, now_s):
        require_content_type(request, "application/json")
        header = require_header(request, "stripe-signature")
        items = [item.partition("=")[::2] for item in header.split(",")]
        timestamps = [value for name, value in items if name == "t"]
        if len(timestamps) != 1:
            raise Refused("there is not one timestamp")
        require_fresh(timestamps[0], now_s)
        expected = mac(secret, timestamps[0].encode(), b".", request.body).hexdigest()
        if not any(name == "v1" and same_text(value, expected) for name, value in items):
            raise Refused("no v1 signature matches")
        event = parse_json(request.body)
        require_each(
            event,
            id=is_text,
            object=exactly("event"),
            type=is_text,
            created=is_unix_seconds,
            data=lambda data: is_object(data) and is_object(data.get("object")),
        )
        return event["id"], event["type"]

    return verify


def github(secret, _canonical):
    def verify(request, _now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "x-hub-signature-256")
        require_same(signature, f"sha256={mac(secret, request.body).hexdigest()}")
        event_type = require_header(request, "x-github-event", 400)
        event_id = require_header(request, "x-github-delivery", 400)
        require_each(parse_json(request.body))
        return event_id, event_type

    return verify


def shopify(secret, _canonical):
    def verify(request, _now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "x-shopify-hmac-sha256")
        expected = base64.b64encode(mac(secret, request.body).digest()).decode()
        require_same(signature, expected)
        event_type = require_header(request, "x-shopify-topic", 400)
        headers = request.headers
        event_id = headers.get("x-shopify-event-id", headers.get("x-shopify-webhook-id"))
        if not is_text(event_id):
            raise Refused("there is no id in the headers", 400)
        require_each(parse_json(request.body))
        return event_id, event_type

    return verify


def slack(secret, _canonical):
    def verify(request, now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "x-slack-signature")
        timestamp = require_header(request, "x-slack-request-timestamp")
        require_fresh(timestamp, now_s)
        digest = mac(secret, b"v0:", timestamp.encode(), b":", request.body).hexdigest()
        require_same(signature, f"v0={digest}")
        callback = parse_json(request.body)
        require_each(
            callback,
            type=exactly("event_callback"),
            event_id=is_text,
            event_time=is_unix_seconds,
            event=lambda event: is_object(event) and is_text(event.get("type")),
        )
        return callback["event_id"], callback["event"]["type"]

    return verify


def require_each(document, **fields):
    """These senders add fields over time, so that only the known ones are looked at."""
    if not is_object(document):
        raise Refused("body is not an object", 400)
    for name, check in fields.items():
        if not check(document.get(name)):
            raise Refused(f'body has a wrong "{name}"', 400)
