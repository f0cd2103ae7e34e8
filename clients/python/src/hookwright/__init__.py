"""A typed client for the Hookwright API."""

from . import types
from ._operations import Operations
from ._transport import ApiError, ConnectionFailed


class Hookwright(Operations):
    """A client with one key. Safe to share between threads."""


__all__ = ["ApiError", "ConnectionFailed", "Hookwright", "types"]
