"""Standard Webhooks: the published package verifies (it knows v1, shared secrets, only)."""

from standardwebhooks.webhooks import Webhook

from checks import parse_json, require_content_type
from refused import Refused
from shape import is_object, is_rfc3339, is_text, require_shape

FIELDS = {"type": is_text, "timestamp": is_rfc3339, "data": is_object}


def standard_webhooks(secret, _canonical):
    require_signed = signed_by(secret)

    def verify(request, _now_s):
        require_content_type(request, "application/json")
        require_signed(request)
        event = parse_json(request.body)
        require_shape(event, FIELDS)
        return request.headers["webhook-id"], event["type"]

    return verify


def signed_by(secret):
    """A check of the three headers by the package."""
    webhook = Webhook(secret)

    def require_signed(request):
        try:
            webhook.verify(request.body, request.headers)
        # A malformed header makes the package raise whatever it happens to meet.
        except Exception as error:
            raise Refused(f"the package says: {error}") from None

    return require_signed
