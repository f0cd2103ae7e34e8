"""What a JavaScript round trip makes of JSON, said in Python."""

import json
from decimal import Decimal


def number(literal):
    """As ECMAScript's Number::toString prints it; a number that no double is stays as it is."""
    double = float(literal)
    if double in (float("inf"), float("-inf")):
        return literal
    shortest = Decimal(repr(double))
    if shortest != Decimal(literal):
        return literal
    if double == 0:
        return "0"
    sign, digits, exponent = shortest.normalize().as_tuple()
    text = "".join(map(str, digits))
    count, point = len(text), len(text) + exponent
    minus = "-" if sign else ""
    if count <= point <= 21:
        return minus + text + "0" * (point - count)
    if 0 < point <= 21:
        return minus + text[:point] + "." + text[point:]
    if -6 < point <= 0:
        return minus + "0." + "0" * -point + text
    fraction = "." + text[1:] if count > 1 else ""
    return f"{minus}{text[0]}{fraction}e{point - 1:+d}"


class Number(str):
    """A number as it is written."""


def is_index(key):
    return key.isascii() and key.isdigit() and str(int(key)) == key and int(key) < 2**32 - 1


def printed(value, ordered):
    if isinstance(value, Number):
        return number(value)
    if isinstance(value, dict):
        indices = sorted((key for key in value if is_index(key)), key=int)
        others = [key for key in value if not is_index(key)]
        keys = indices + (sorted(others) if ordered else others)
        pairs = (json.dumps(key, ensure_ascii=False) + ":" + printed(value[key], ordered) for key in keys)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(printed(item, ordered) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def form(text, ordered=False):
    """`JSON.stringify(JSON.parse(text))`, with the keys sorted first where `ordered`."""
    return printed(json.loads(text, parse_float=Number, parse_int=Number), ordered)
