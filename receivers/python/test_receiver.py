"""Do the receivers accept what is right and refuse what is not?"""

import http.client
import json
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import requests_for_test as made
from formats import FORMATS, verifier_for
from receiver import Request
from refused import Refused
from requests_for_test import NOW_S, SECRET, all_good, digest

PROGRAM = Path(__file__).with_name("receiver.py")
DATED = {"x-envoyou-timestamp", "x-reachscore-timestamp", "x-slack-request-timestamp"}
DATED |= {"webhook-timestamp"}


def judge(good, now_s=NOW_S):
    verify = verifier_for(good.format, good.secret, good.canonical)
    return verify(Request(good.headers, good.body), now_s)


def with_header(good, name, value):
    return good._replace(headers=good.headers | {name: value})


class Formats(unittest.TestCase):
    def refused(self, good, now_s=NOW_S):
        with self.assertRaises(Refused, msg=good):
            judge(good, now_s)

    def test_a_good_request_is_accepted(self):
        self.assertEqual({good.format for good in all_good()}, set(FORMATS))
        for good in all_good():
            event_id, event_type = judge(good)
            self.assertTrue(event_type)
            self.assertEqual(event_id is None, good.format == "authento")

    def test_a_flipped_bit_anywhere_in_the_body_is_refused(self):
        for good in all_good():
            for bit in range(0, len(good.body) * 8, 7):
                body = bytearray(good.body)
                body[bit >> 3] ^= 1 << (bit & 7)
                self.refused(good._replace(body=bytes(body)))

    def test_a_request_without_one_of_its_headers_is_refused(self):
        for good in all_good():
            for name in good.headers:
                headers = {k: v for k, v in good.headers.items() if k != name}
                self.refused(good._replace(headers=headers))

    def test_a_changed_signature_is_refused(self):
        for good in all_good():
            for name, value in good.headers.items():
                if not any(word in name for word in ("signature", "digest", "hmac")):
                    continue
                for at in (len(value) - 40, len(value) - 10):
                    other = "1" if value[at] == "0" else "0"
                    changed = value[:at] + other + value[at + 1 :]
                    self.refused(with_header(good, name, changed))
                for broken in ("", "é", "v1,é", "=", ",", "v1,v1,v1", "sha256="):
                    self.refused(with_header(good, name, broken))

    def test_another_timestamp_than_the_signed_one_is_refused(self):
        for good in all_good():
            for name in DATED & good.headers.keys():
                for value in (NOW_S + 1, NOW_S - 301, NOW_S + 302, "", "x", "-1", "1_0", "١"):
                    self.refused(with_header(good, name, str(value)))

    def test_another_secret_is_refused(self):
        for good in all_good():
            webhook = (good.secret or "").startswith("whsec_")
            self.refused(good._replace(secret="whsec_" + "A" * 32 if webhook else "wrong"))

    def test_a_signed_timestamp_that_is_too_old_or_too_new_is_refused(self):
        for good in (made.envoyou(), made.reachscore(), made.slack(), made.stripe()):
            for offset_s in (300, -300):
                judge(good, NOW_S + offset_s)
            for offset_s in (301, -301):
                self.refused(good, NOW_S + offset_s)

    def test_a_nonce_is_accepted_once(self):
        good = made.envoyou()
        verify = verifier_for(good.format, good.secret)
        verify(Request(good.headers, good.body), NOW_S)
        with self.assertRaisesRegex(Refused, "seen before"):
            verify(Request(good.headers, good.body), NOW_S)

    def test_the_body_is_verified_as_written_again_unless_taken_raw(self):
        for good, name, prefix in (
            (made.envoyou(), "x-envoyou-signature", "v1,"),
            (made.reachscore(), "x-reachscore-signature", "sha256="),
        ):
            body = json.dumps(json.loads(good.body), separators=(",", " : ")).encode()
            mac = digest(str(NOW_S).encode(), b".", body).hexdigest()
            changed = with_header(good, name, prefix + mac)._replace(body=body)
            self.refused(changed)
            judge(changed._replace(canonical="raw"))

    def test_a_field_too_many_too_few_or_of_another_type_is_refused(self):
        good = made.authepy()

        def signed_again(**changes):
            fields = json.loads(good.body) | changes
            body = json.dumps({k: v for k, v in fields.items() if v is not None}).encode()
            again = with_header(good, "authepy-signature", digest(body).hexdigest())
            return again._replace(body=body)

        judge(signed_again())
        for changes in ({"extra": 1}, {"data": None}, {"created_at": "now"}, {"type": True}):
            self.refused(signed_again(**changes))

    def test_cloudevents_without_a_secret_need_no_signature(self):
        for good in (made.cloudevents(), made.cloudevents_binary()):
            kept = {k: v for k, v in good.headers.items() if not k.startswith("webhook-")}
            self.assertEqual(judge(good._replace(secret=None, headers=kept)), ("e", "t.t"))

    def test_a_format_without_its_secret_or_without_a_name_cannot_be_run(self):
        for name in ("authepy", "authpi", "standard-webhooks", "nonesuch"):
            with self.assertRaises(ValueError):
                verifier_for(name)


class Program(unittest.TestCase):
    def setUp(self):
        self.child = subprocess.Popen(
            [sys.executable, PROGRAM, "--format", "authepy", "--secret", SECRET]
            + ["--status-sequence", "500,200"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.end)
        word, port = self.child.stdout.readline().split()
        self.assertEqual(word, "listening")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        self.addCleanup(self.connection.close)

    def end(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()

    def post(self, headers, body):
        self.connection.request("POST", "/hook?a=b", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, json.loads(self.child.stdout.readline())

    def test_it_answers_in_order_and_prints_a_line_for_each_request(self):
        good = made.authepy()
        status, line = self.post(good.headers, b"{}")
        self.assertEqual((status, line["status"], line["verified"]), (401, 401, False))
        for expected in (500, 200, 200):
            status, line = self.post(good.headers, good.body)
            self.assertEqual((status, line["status"]), (expected, expected))
            self.assertEqual((line["verified"], line["reason"]), (True, None))
            self.assertEqual((line["method"], line["path"]), ("POST", "/hook?a=b"))
            self.assertEqual((line["event_id"], line["event_type"]), ("e", "delivery.spam"))
            self.assertEqual(line["headers"]["content-type"], "application/json")
        self.child.stdin.close()
        self.assertEqual(self.child.wait(timeout=10), 0)

    def test_it_ends_on_sigterm(self):
        self.child.send_signal(signal.SIGTERM)
        self.assertEqual(self.child.wait(timeout=10), 0)


if __name__ == "__main__":
    unittest.main()
