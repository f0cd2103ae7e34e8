"""ReachScore: an HMAC of the timestamp and of the body as Python writes it again; 400 if wrong."""

import json

from checks import (
    mac,
    parse_json,
    require_content_type,
    require_fresh,
    require_header,
    require_same,
)
from refused import Refused
from shape import exactly, is_flag, is_object, is_rfc3339, is_text, require_shape

REFUSED_STATUS = 400
FIELDS = {
    "id": is_text,
    "object": exactly("event"),
    "type": is_text,
    "created_at": is_rfc3339,
    "livemode": is_flag,
    "data": is_object,
}


def reachscore(secret, canonical):
    def verify(request, now_s):
        require_content_type(request, "application/json")
        signature = require_header(request, "x-reachscore-signature", REFUSED_STATUS)
        timestamp = require_header(request, "x-reachscore-timestamp", REFUSED_STATUS)
        event_id = require_header(request, "x-reachscore-event-id", REFUSED_STATUS)
        require_fresh(timestamp, now_s, REFUSED_STATUS)

        event = parse_json(request.body)
        # The separators of json.dumps are ", " and ": " where nothing is said.
        signed = request.body if canonical == "raw" else json.dumps(event).encode()
        digest = mac(secret, timestamp.encode(), b".", signed).hexdigest()
        require_same(signature, f"sha256={digest}", REFUSED_STATUS)

        require_shape(event, FIELDS)
        if event["id"] != event_id:
            raise Refused("the event ids differ", REFUSED_STATUS)
        return event["id"], event["type"]

    return verify
