"""What do the vendors' verifications have in common?"""

import hashlib
import hmac
import json
import re

from refused import Refused

DRIFT_MAX_S = 300


def mac(secret, *parts):
    """The HMAC-SHA256 of the parts, one after the other, under the secret's own bytes."""
    made = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    for part in parts:
        made.update(part)
    return made


def same_text(left, right):
    # compare_digest takes text only where it is ASCII.
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode())


def require_same(received, expected, status=401):
    if not same_text(received, expected):
        raise Refused("the signature does not match", status)


def require_header(request, name, status=401):
    value = request.headers.get(name)
    if not value:
        raise Refused(f'the header "{name}" is missing', status)
    return value


def require_fresh(timestamp, now_s, status=401):
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise Refused("the timestamp is no number", status)
    if abs(now_s - int(timestamp)) > DRIFT_MAX_S:
        raise Refused("the timestamp is too far from now", status)


def require_content_type(request, wanted):
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != wanted:
        raise Refused(f'the content type is "{given}"', 415)


def parse_json(body):
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("the body is not JSON", 400) from None
