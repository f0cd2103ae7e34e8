"""How requests are made: retries, idempotency keys, errors."""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Callable, Dict, Iterator, Mapping, Optional

#: Tries of one call, the first included.
TRIES_MAX = 5
#: The first pause between two tries, in seconds; each is twice the one before.
FIRST_PAUSE_S = 0.2
#: No pause is longer, in seconds, but for a Retry-After.
PAUSE_S_MAX = 10.0
#: A longer Retry-After is not waited for: the call fails, in seconds.
RETRY_AFTER_S_MAX = 60.0

_UNTRIED = (429,)
_TRIED_AGAIN = (408, 429, 500, 502, 503, 504)


class ApiError(Exception):
    """The server refused: ``code`` is stable, ``detail`` says what to do."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors = problem.get("errors") or []
        super().__init__(f"{status} {self.code}: {self.detail}")


class ConnectionFailed(Exception):
    """No answer came, however often it was tried."""


class _NotRedirected(urllib.request.HTTPRedirectHandler):
    """A key is never sent on to where an answer points."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _segment(text: str) -> str:
    """One segment of a path."""
    return urllib.parse.quote(text, safe="")


class Transport:
    """Makes calls under one address with one key."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = 30.0,
        tries: int = TRIES_MAX,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._timeout = timeout
        self._tries = tries
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NotRedirected)

    def _call(
        self,
        method: str,
        path: str,
        *,
        kind: str,
        timeout: Optional[float] = None,
        query: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, Any]] = None,
        body: Any = None,
    ) -> Any:
        url = self._base + path + _query_string(query or {})
        sent = {"authorization": f"Bearer {self._key}", "accept": "*/*"}
        sent.update({name: str(value) for name, value in (headers or {}).items() if value is not None})
        data: Optional[bytes] = None
        if body is not None:
            # Bytes are sent as they are: what was written down before stays so.
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent["content-type"] = "application/json"
        repeatable = method != "POST" or _is_named(path, sent, body)
        request = urllib.request.Request(url, data=data, headers=sent, method=method)
        response = self._try(request, repeatable, self._timeout if timeout is None else timeout)
        if kind == "lines":
            return _lines(response)
        with response:
            content = response.read()
        if kind == "json":
            return json.loads(content)
        return content.decode() if kind == "text" else None

    def _try(self, request: urllib.request.Request, repeatable: bool, timeout: float) -> http.client.HTTPResponse:
        tried = 0
        while True:
            tried += 1
            wait: Optional[float] = None
            try:
                response: http.client.HTTPResponse = self._opener.open(request, timeout=timeout)
                return response
            except urllib.error.HTTPError as error:
                with error:
                    failed: Exception = ApiError(error.code, _problem(error.read()))
                    wait = _retry_after(error.headers.get("retry-after"))
                again = error.code in (_TRIED_AGAIN if repeatable else _UNTRIED)
            except (OSError, http.client.HTTPException) as error:
                failed, again = ConnectionFailed(f"{request.method} {request.full_url}: {error}"), repeatable
                failed.__cause__ = error
            if not again or tried >= self._tries or (wait or 0) > RETRY_AFTER_S_MAX:
                raise failed
            pause = min(FIRST_PAUSE_S * 2 ** (tried - 1), PAUSE_S_MAX)
            # Half of it by chance, so that many clients do not come back at once.
            self._sleep(max(wait or 0, pause * (0.5 + random.random() / 2)))


def _is_named(path: str, headers: Dict[str, str], body: Any) -> bool:
    """Whether a POST may be repeated: an event is known by its id, or by a key that is made here."""
    if path != "/v1/events":
        return False
    known = {name.lower() for name in headers}
    if "idempotency-key" not in known and not (isinstance(body, dict) and body.get("id")):
        headers["idempotency-key"] = str(uuid.uuid4())
    return True


def _query_string(query: Mapping[str, Any]) -> str:
    pairs = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, dict):
            pairs += [(f"{name}[{inner}]", str(it)) for inner, it in value.items()]
        elif isinstance(value, (list, tuple)):
            pairs.append((name, ",".join(map(str, value))))
        else:
            pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return "?" + urllib.parse.urlencode(pairs) if pairs else ""


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": content[:500].decode(errors="replace")}


def _retry_after(value: Optional[str]) -> Optional[float]:
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def _lines(response: http.client.HTTPResponse) -> Iterator[str]:
    with response:
        for line in response:
            yield line.decode().rstrip("\r\n")
