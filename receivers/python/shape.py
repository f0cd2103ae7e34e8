"""Does a document have exactly the fields that a vendor's documentation shows?"""

import re
from datetime import datetime

from refused import Refused

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def is_text(value):
    return isinstance(value, str) and value != ""


def is_flag(value):
    return isinstance(value, bool)


def is_object(value):
    return isinstance(value, dict)


def is_unix_seconds(value):
    # In Python a bool is an int.
    return type(value) is int and 1e9 < value < 1e11


def is_unix_seconds_with_fraction(value):
    return type(value) in (int, float) and 1e9 < value < 1e11


def is_rfc3339(value):
    if not (is_text(value) and RFC3339.fullmatch(value)):
        return False
    try:
        datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


def exactly(wanted):
    return lambda value: type(value) is type(wanted) and value == wanted


def matching(pattern):
    return lambda value: is_text(value) and re.fullmatch(pattern, value) is not None


def require_shape(document, fields, optional=(), where="body"):
    """Refuse a document that lacks a field, has one too many, or has one of the wrong type."""
    if not is_object(document):
        raise Refused(f"{where} is not an object", 400)
    for name in document:
        if name not in fields:
            raise Refused(f'{where} has the field "{name}"', 400)
    for name, check in fields.items():
        if name not in document:
            if name in optional:
                continue
            raise Refused(f'{where} lacks the field "{name}"', 400)
        if not check(document[name]):
            raise Refused(f'{where} has a wrong "{name}"', 400)
