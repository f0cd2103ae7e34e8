"""A server between client and server that loses answers, or answers by itself."""

import http.server
import threading
import urllib.request
from typing import Callable, List, Optional, Tuple

#: Status, headers and body of an answer made here; None passes the call on; "lose" passes it on and
#: loses the answer.
Answer = Optional[object]


class Between:
    """Answers calls as ``script`` says of each, by its number from 1 on."""

    def __init__(self, base: str, script: Callable[[int], Answer]) -> None:
        self.calls: List[Tuple[str, str, dict]] = []
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def handle_one(self) -> None:
                between.calls.append((self.command, self.path, {n.lower(): v for n, v in self.headers.items()}))
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length) if length else None
                answer = script(len(between.calls))
                if isinstance(answer, tuple):
                    status, headers, content = answer
                else:
                    status, headers, content = between.pass_on(base, self, body)
                    if answer == "lose":
                        self.connection.close()
                        return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_one

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def pass_on(base: str, handler: http.server.BaseHTTPRequestHandler, body: Optional[bytes]) -> Tuple[int, dict, bytes]:
        kept = ("authorization", "content-type", "idempotency-key")
        headers = {n: v for n, v in handler.headers.items() if n.lower() in kept}
        request = urllib.request.Request(base + handler.path, data=body, headers=headers, method=handler.command)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, {"content-type": response.headers["content-type"]}, response.read()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
