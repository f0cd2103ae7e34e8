"""The client against the real server: what it sends, repeats and raises."""

import os
import unittest

from hookwright import ApiError, ConnectionFailed, Hookwright

from lossy import Between

BASE = os.environ["HOOKWRIGHT_URL"]
ROOT = Hookwright(BASE, os.environ["HOOKWRIGHT_ROOT_KEY"])


class Client(unittest.TestCase):
    def setUp(self) -> None:
        self.key = ROOT.create_project({"name": "python", "profile": "standard-webhooks"})["api_key"]
        self.client = Hookwright(BASE, self.key)
        self.pauses: list = []

    def between(self, script) -> tuple:
        """A client that goes through a server which does as the script says."""
        between = Between(BASE, script)
        self.addCleanup(between.close)
        return between, Hookwright(between.base, self.key, sleep=self.pauses.append)

    def test_what_is_published_is_read_back(self) -> None:
        endpoint = self.client.create_endpoint({"url": "http://127.0.0.1:9/hook", "events": ["user.*"]})
        published = self.client.publish_event({"type": "user.created", "data": {"name": "Ada"}})
        self.assertEqual(published["deliveries"], 1)
        self.assertEqual(self.client.get_event(published["id"])["data"], {"name": "Ada"})
        delivery = self.client.list_deliveries(event_id=published["id"])["data"][0]
        self.assertEqual(delivery["endpoint_id"], endpoint["id"])
        self.client.delete_endpoint(endpoint["id"])

    def test_a_list_goes_on_from_page_to_page(self) -> None:
        made = [self.client.publish_event({"type": "a.b", "data": n})["id"] for n in range(5)]
        self.assertEqual([it["id"] for it in self.client.list_events_all(limit=2)], made[::-1])

    def test_a_refusal_is_raised_with_its_code(self) -> None:
        with self.assertRaises(ApiError) as raised:
            self.client.get_event("evt_nobody")
        self.assertEqual((raised.exception.status, raised.exception.code), (404, "not_found"))
        with self.assertRaises(ApiError) as raised:
            self.client.create_endpoint({"url": "ftp://a.example"})
        self.assertEqual(raised.exception.errors[0]["pointer"], "/url")

    def test_an_answer_that_is_lost_makes_no_second_event(self) -> None:
        between, client = self.between(lambda call: "lose" if call == 1 else None)
        published = client.publish_event({"type": "a.b", "data": 1})
        self.assertEqual(len(between.calls), 2)
        keys = {headers["idempotency-key"] for _, _, headers in between.calls}
        self.assertEqual(len(keys), 1)
        self.assertEqual([it["id"] for it in self.client.list_events_all()], [published["id"]])

    def test_what_cannot_be_repeated_is_not(self) -> None:
        between, client = self.between(lambda call: "lose")
        with self.assertRaises(ConnectionFailed):
            client.create_endpoint({"url": "http://127.0.0.1:9/once"})
        self.assertEqual((len(between.calls), self.pauses), (1, []))
        self.assertEqual(len(list(self.client.list_endpoints_all())), 1)

    def test_a_limited_call_waits_for_as_long_as_it_was_told(self) -> None:
        limited = (429, {"retry-after": "3", "content-type": "application/problem+json"}, b'{"code":"rate_limited"}')
        between, client = self.between(lambda call: limited if call < 3 else None)
        client.create_account({"id": "slow"})
        self.assertEqual((len(between.calls), self.pauses), (3, [3, 3]))

    def test_trouble_that_stays_is_raised_after_five_tries(self) -> None:
        busy = (503, {"content-type": "application/problem+json"}, b'{"code":"unavailable","detail":"no"}')
        between, client = self.between(lambda call: busy)
        with self.assertRaises(ApiError) as raised:
            client.list_events()
        self.assertEqual((raised.exception.code, len(between.calls)), ("unavailable", 5))
        self.assertEqual(self.pauses, sorted(self.pauses))

    def test_a_key_is_not_sent_on_to_where_an_answer_points(self) -> None:
        elsewhere = Between(BASE, lambda call: (200, {}, b"{}"))
        self.addCleanup(elsewhere.close)
        between, client = self.between(lambda call: (302, {"location": elsewhere.base + "/x"}, b""))
        with self.assertRaises(ApiError):
            client.list_events()
        self.assertEqual(elsewhere.calls, [])

    def test_an_id_is_one_segment_of_a_path(self) -> None:
        between, client = self.between(lambda call: (404, {}, b"{}"))
        with self.assertRaises(ApiError):
            client.get_event("a/../b?c#d")
        self.assertEqual(between.calls[0][1], "/v1/events/a%2F..%2Fb%3Fc%23d")


if __name__ == "__main__":
    unittest.main()
