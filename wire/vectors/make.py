"""Writes NAME.json, the test vectors of each built-in profile, sharing no code with the crate.

    python3 make.py            writes the files
    python3 make.py --check    fails where a file is not what would be written
"""

import base64
import json
import pathlib
import sys

import ed25519
import formats
import payloads

HERE = pathlib.Path(__file__).parent

RAW = [["whsec_5f1d0c9b8a7e"], ["chosen by a customer: Ž€"], ["whsec_newest_of_two", "whsec_older_of_two"]]
SEED = bytes(range(32))
PAIR = "whsk_" + base64.b64encode(SEED + ed25519.public(SEED)).decode()
SEED_ONLY = "whsk_" + base64.b64encode(SEED).decode()
SHORTEST = "whsec_" + base64.b64encode(bytes(range(100, 124))).decode()
LONGEST = "whsec_" + base64.b64encode(bytes(range(64))).decode()
STANDARD = [[SHORTEST], [LONGEST, SHORTEST], [PAIR], [SEED_ONLY, SHORTEST]]

# From the Standard Webhooks 1.0.0 specification's own libraries, not from here.
PUBLISHED = [
    {
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    {
        "secret": "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
        "signature": "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    },
]


def vector(profile, event):
    body, headers = formats.FORMATS[profile](event)
    headers = {"Content-Type": "application/json"} | headers
    return event | {"body": body, "headers": headers}


def messages(profile):
    secrets = STANDARD if profile in formats.STANDARD else RAW
    events = payloads.events()
    for place, event in enumerate(events):
        yield vector(profile, event | {"secrets": secrets[place % len(secrets)]})
    if profile == "authento":
        yield vector(profile, events[0] | {"name": "no secret: a plain digest", "secrets": []})


def published():
    """The specification's vectors; our own arithmetic must agree before we use it elsewhere."""
    for known in PUBLISHED:
        body = '{"test": 2432232314}'
        event = {
            "event_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "attempt_ms": 1614265330000,
            "secrets": [known["secret"]],
        }
        made = formats.standard(event, body)["webhook-signature"]
        if made != known["signature"]:
            raise SystemExit(f"the specification says {known['signature']}, we made {made}")
        yield event | {"body": body, "signature": made}


def main():
    stale = []
    for profile in formats.FORMATS:
        content = {"profile": profile, "messages": list(messages(profile))}
        if profile == "standard-webhooks":
            content["published"] = list(published())
        text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
        path = HERE / f"{profile}.json"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        raise SystemExit(f"not what make.py writes: {', '.join(stale)}")


main()
