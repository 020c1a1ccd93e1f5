"""What is signed is verified by the reference library of the convention."""

import base64

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.bootstrap import system_clock
from chalicelib.webhooks.signature import new_secret, signed_headers

ID, BODY = "6f1c3a52-1d0c-4a44-9f6f-0a8c2f0d4d11", '{"event": "license.created", "name": "Grüße"}'.encode()


def test_a_receiver_verifies_what_is_sent() -> None:
    secret = new_secret()
    headers = signed_headers(ID, [secret], BODY, system_clock())
    assert Webhook(secret).verify(BODY, headers) == {"event": "license.created", "name": "Grüße"}
    assert headers["webhook-id"] == ID


def test_another_body_id_second_or_secret_is_not_verified() -> None:
    secret, now = new_secret(), system_clock()
    headers = signed_headers(ID, [secret], BODY, now)
    others = [
        (secret, BODY + b" ", headers),
        (secret, BODY, headers | {"webhook-id": f"{ID}0"}),
        (secret, BODY, headers | {"webhook-timestamp": str(now // 1000 - 1)}),
        (new_secret(), BODY, headers),
    ]
    for key, body, received in others:
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, received)


def test_while_a_secret_is_replaced_the_old_one_and_the_new_one_verify() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers(ID, [new, old], BODY, system_clock())
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)


def test_the_second_is_that_of_the_try() -> None:
    """A receiver refuses one of more than five minutes ago: as it would be if the second were the event's."""
    assert signed_headers(ID, [new_secret()], BODY, 1_795_500_000_999)["webhook-timestamp"] == "1795500000"


def test_a_secret_is_32_random_bytes_that_libraries_know_by_their_prefix() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert (first[:6], len(base64.b64decode(first[6:], validate=True))) == ("whsec_", 32)


def test_a_signature_is_as_the_convention_has_it() -> None:
    """By the example of its specification's libraries, which none of ours has made."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        b'{"test": 2432232314}',
        1_614_265_330_000,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
