"""A customer's webhook endpoint, as each vendor's document tells customers to write it.

usage: python receiver.py --format NAME [--secret S] [--status-sequence 500,200]
                          [--canonical document|raw]

Prints "listening PORT", then one line of JSON for each request. Ends on SIGTERM or when stdin
closes. Accepted requests are answered with the statuses in order, the last one for ever.
"""

import argparse
import base64
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from formats import verifier_for
from refused import Refused

BODY_BYTES_MAX = 8 * 1024 * 1024


class Request(NamedTuple):
    headers: dict
    body: bytes


class Judge:
    """Verifies one request at a time and hands out the statuses in order."""

    def __init__(self, verify, statuses):
        self.verify = verify
        self.statuses = list(statuses)
        self.lock = threading.Lock()

    def report(self, method, path, headers, body):
        """Judge a request, print its line and give the status to answer."""
        with self.lock:
            line = self.verdict(Request(headers, body))
            line |= {"method": method, "path": path, "headers": headers}
            line["body_base64"] = base64.b64encode(body).decode()
            print(json.dumps(line), flush=True)
        return line["status"]

    def verdict(self, request):
        line = {"verified": False, "reason": None, "status": None}
        line |= {"event_id": None, "event_type": None}
        try:
            line["event_id"], line["event_type"] = self.verify(request, int(time.time()))
        except Refused as refused:
            return line | {"reason": str(refused), "status": refused.status}
        except Exception as error:
            return line | {"reason": f"a fault of the receiver: {error!r}", "status": 500}
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return line | {"verified": True, "status": status}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered, so that an answer goes out as one packet.
    wbufsize = -1

    def receive(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.send_error(411)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        names = {name.lower() for name in self.headers}
        headers = {name: ", ".join(self.headers.get_all(name)) for name in sorted(names)}
        status = self.server.judge.report(self.command, self.path, headers, body)
        self.answer(status)

    do_POST = do_PUT = do_PATCH = do_GET = do_DELETE = receive

    def answer(self, status):
        body = b"" if status in (204, 304) else b'{"received": true}'
        if status >= 400:
            body = b'{"received": false}'
        self.send_response(status)
        # A sender that follows redirects would show itself by a second line.
        if 300 <= status <= 399:
            self.send_header("Location", "/redirected")
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Standard output is for the lines alone."""


def parse_statuses(text):
    words = text.split(",")
    if all(word.isdigit() and 200 <= int(word) <= 599 for word in words):
        return [int(word) for word in words]
    raise ValueError(f'"{text}" is no list of statuses; hint: write it as "500,200"')


def end_with_input():
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--format", required=True)
    parser.add_argument("--secret")
    parser.add_argument("--canonical", default="document")
    parser.add_argument("--status-sequence", default="200")
    options = parser.parse_args()
    try:
        verify = verifier_for(options.format, options.secret, options.canonical)
        judge = Judge(verify, parse_statuses(options.status_sequence))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.judge = judge
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_input, daemon=True).start()
    print(f"listening {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
