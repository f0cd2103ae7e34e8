"""Authento: a digest of the raw body; under the secret where there is one."""

import hashlib

from checks import mac, parse_json, require_content_type, require_header, require_same
from shape import is_object, is_text, is_unix_seconds_with_fraction, require_shape


def is_status(value):
    return is_object(value) and all(is_text(word) for word in value.values())


# The document promises no sensitive information: a field that it does not show is a leak.
FIELDS = {
    "event": is_text,
    "userId": is_text,
    "userIdentifier": is_text,
    "type": is_text,
    "status": is_status,
    "timeCreated": is_unix_seconds_with_fraction,
}
OPTIONAL = {"userId", "userIdentifier", "type", "status"}


def authento(secret, _canonical):
    def verify(request, _now_s):
        require_content_type(request, "application/json")
        digest = require_header(request, "x-payload-digest")
        made = hashlib.sha256(request.body) if secret is None else mac(secret, request.body)
        require_same(digest, made.hexdigest())
        event = parse_json(request.body)
        require_shape(event, FIELDS, OPTIONAL)
        return None, event["event"]

    return verify
