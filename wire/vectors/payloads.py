"""The events that every format is tried with, the hard ones among them."""

EVENTS = [
    {
        "name": "plain",
        "event_id": "evt_2f9aQ1",
        "event_time_ms": 1705314675009,
        "attempt_ms": 1705314680123,
        "nonce": "00112233445566778899aabbccddeeff",
        "data": '{"userId":"u_17","type":"KYC","status":"PENDING","email":"a@example.com"}',
    },
    {
        "name": "spaces, a nested object and a missing member",
        "event_id": "evt_2f9aQ2",
        "event_time_ms": 1705314675990,
        "attempt_ms": 1705314999999,
        "nonce": "ffffffffffffffffffffffffffffffff",
        "data": '{ "userIdentifier" : "x",\n\t"status" : { "b" : [ ] , "a" : { } } }',
        "subject": '{"id": "u_17", "kind": "user"}',
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
        "livemode": False,
    },
    {
        "name": "letters beyond ASCII, escapes and quotes",
        "event_id": "evt_2f9aQ3",
        "event_time_ms": 1719792000000,
        "attempt_ms": 1719792000000,
        "nonce": "0123456789abcdef0123456789abcdef",
        "data": '{"userId":"Žofie \\u017d \\/ 日本 😀 \\ud83d\\ude00","type":"\\"\\\\\\n\\t\\u0001\\u007f","né":"\u2028"}',
    },
    {
        "name": "numbers that printers disagree on",
        "event_id": "evt_2f9aQ4",
        "event_time_ms": 1,
        "attempt_ms": 1700000000500,
        "nonce": "80000000000000000000000000000001",
        "data": '{"status":1.0,"a":[1E2,-0,-0.0,0.10,1e21,1e-7,123456789012345680000,1.5e300,0.000001],'
        '"b":9007199254740993,"c":12345678901234567890123,"d":0.1000000000000000055,"e":1e400}',
    },
    {
        "name": "keys that look like indices, and one that comes twice",
        "event_id": "evt_2f9aQ5",
        "event_time_ms": 1735689599999,
        "attempt_ms": 1735689600000,
        "nonce": "deadbeefdeadbeefdeadbeefdeadbeef",
        "data": '{"b":1,"10":1,"2":2,"01":3,"4294967294":4,"4294967295":5,"status":1,"a":{},"status":2,"-1":0}',
    },
    {
        "name": "an empty object",
        "event_id": "evt_2f9aQ6",
        "event_time_ms": 1705314675000,
        "attempt_ms": 1705314675999,
        "nonce": "00000000000000000000000000000000",
        "data": "{}",
        "endpoint_id": "wh_ž",
    },
    {
        "name": "no object at all",
        "event_id": "evt_2f9aQ7",
        "event_time_ms": 1705314675100,
        "attempt_ms": 1705314675100,
        "nonce": "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "data": '[null,true,"x",[],{}]',
    },
]

DEFAULTS = {
    "event_type": "user.created",
    "endpoint_id": "wh_7Hk2",
    "endpoint_url": "https://example.com/hooks?a=1",
    "subject": None,
    "trace": None,
    "livemode": True,
}


def events():
    """Every event with every field."""
    return [DEFAULTS | event for event in EVENTS]
