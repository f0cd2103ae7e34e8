"""Authepy: an HMAC of the raw body in hex, and nothing else."""

from checks import mac, parse_json, require_content_type, require_header, require_same
from shape import is_object, is_text, is_unix_seconds, require_shape

FIELDS = {"event_id": is_text, "type": is_text, "created_at": is_unix_seconds, "data": is_object}


def authepy(secret, _canonical):
    def verify(request, _now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "authepy-signature")
        require_same(signature, mac(secret, request.body).hexdigest())
        event = parse_json(request.body)
        require_shape(event, FIELDS)
        return event["event_id"], event["type"]

    return verify
