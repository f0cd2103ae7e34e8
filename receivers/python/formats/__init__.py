"""Which receiver verifies which format?"""

from formats.authento import authento
from formats.authepy import authepy
from formats.cloud_events import authpi, cloudevents, cloudevents_binary
from formats.envoyou import envoyou
from formats.others import github, shopify, slack, stripe
from formats.reachscore import reachscore
from formats.standard_webhooks import standard_webhooks

FORMATS = {
    "authepy": authepy,
    "authpi": authpi,
    "authento": authento,
    "envoyou": envoyou,
    "reachscore": reachscore,
    "standard-webhooks": standard_webhooks,
    "cloudevents": cloudevents,
    "cloudevents-binary": cloudevents_binary,
    "stripe": stripe,
    "github": github,
    "shopify": shopify,
    "slack": slack,
}
WITHOUT_SECRET = {"authento", "cloudevents", "cloudevents-binary"}


def verifier_for(name, secret=None, canonical="document"):
    """Make a verifier: `verify(request, now_s)` gives (event id, event type) or raises Refused.

    A request has `headers`, a dict with lower-case names, and `body`, bytes.
    """
    if name not in FORMATS:
        raise ValueError(f'"{name}" is no format; hint: use one of {" ".join(FORMATS)}')
    if not secret and name not in WITHOUT_SECRET:
        raise ValueError(f'"{name}" needs a secret; hint: --secret')
    if canonical not in ("document", "raw"):
        raise ValueError(f'"{canonical}" is no form; hint: use "document" or "raw"')
    return FORMATS[name](secret, canonical)
