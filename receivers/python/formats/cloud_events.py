"""CloudEvents 1.0 over HTTP, structured and binary, and AuthPI's events within it."""

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat

from checks import parse_json, require_content_type
from formats.standard_webhooks import signed_by
from refused import Refused
from shape import exactly, is_object, is_rfc3339, is_text, matching, require_shape

STRUCTURED = "application/cloudevents+json"
REQUIRED = ("specversion", "id", "source", "type")

AUTHPI_OUTER = {
    "id": is_text,
    "specversion": exactly("1.0"),
    "source": matching(r"com\.authpi\.webhooks/v1/[^/]+"),
    "type": exactly("event"),
    "datacontenttype": exactly("application/json"),
    "time": is_rfc3339,
    "data": is_object,
}
AUTHPI_INNER = {
    "id": is_text,
    "type": is_text,
    "trace": is_text,
    "source": exactly("com.authpi/v1"),
    "subject": is_object,
    "data": is_object,
}


def authpi(secret, _canonical):
    require_signed = signed_by(secret)

    def verify(request, _now_s):
        require_content_type(request, STRUCTURED)
        require_signed(request)
        event = parse_json(request.body)
        require_shape(event, AUTHPI_OUTER)
        require_shape(event["data"], AUTHPI_INNER, where="data")
        parse_event(http.from_structured, request)
        return event["data"]["id"], event["data"]["type"]

    return verify


def cloudevents(secret, _canonical):
    require_signed = signed_by(secret) if secret else accept

    def verify(request, _now_s):
        require_content_type(request, STRUCTURED)
        require_signed(request)
        given = parse_json(request.body)
        if not is_object(given):
            raise Refused("body is not an object", 400)
        require_attributes(given)
        return named(parse_event(http.from_structured, request))

    return verify


def cloudevents_binary(secret, _canonical):
    require_signed = signed_by(secret) if secret else accept

    def verify(request, _now_s):
        require_content_type(request, "application/json")
        require_signed(request)
        start = len("ce-")
        given = {k[start:]: v for k, v in request.headers.items() if k.startswith("ce-")}
        require_attributes(given)
        # The package takes a body that is not JSON for text.
        parse_json(request.body)
        return named(parse_event(http.from_binary, request))

    return verify


def accept(_request):
    """Without a secret there is no signature to check."""


def require_attributes(given):
    """The package fills in an id, a version and a time: what was not sent is noticed here."""
    for name in REQUIRED:
        if not is_text(given.get(name)):
            raise Refused(f'the attribute "{name}" is missing', 400)
    if given["specversion"] != "1.0":
        raise Refused("the version is not 1.0", 400)


def parse_event(read, request):
    try:
        return read(http.HTTPMessage(headers=request.headers, body=request.body), JSONFormat())
    except Exception as error:
        raise Refused(f"the package says: {error}", 400) from None


def named(event):
    return event.get_id(), event.get_type()
