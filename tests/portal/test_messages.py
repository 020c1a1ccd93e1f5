"""Events and refusals in the words of people."""

import re
from dataclasses import replace
from typing import get_args

from chalicelib.domain.errors import Code, Denied, Invalid
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.portal.messages import _EVENTS, error_message, event_words
from chalicelib.web.refusal_messages import refusal_message
from tests.support import NOW
from tests.usecases.refusals import a_refusal


def test_every_event_is_said_in_words() -> None:
    for type in get_args(EventType):
        of_refusal: dict[str, str | int | None] = {
            "code": "license_not_enabled",
            "limit": None,
            "used": None,
            "hostname": None,
        }
        words = event_words(Event(type, NOW, Actor("admin"), detail=of_refusal))
        assert words[:1].isupper()
        assert "_" not in words


def test_a_refused_activation_is_told_with_its_limit_its_device_and_how_often() -> None:
    refusal = a_refusal(7, hostname="LAPTOP-7")
    assert event_words(refusal.as_event()) == "Refused: all 5 devices are in use (device LAPTOP-7)"
    by_user = replace(refusal, code="user_activated_max_times", limit=1, used=1, hostname=None, hardware_id="\u202epc")
    assert event_words(replace(by_user, times=12).as_event()) == (
        "Refused: the one device of the user is in use (device pc), 12 times"
    )
    assert event_words(a_refusal(7, limit=3, used=4).as_event()) == "Refused: 4 of 3 devices are in use (device pc)"


def test_that_a_license_will_expire_is_told_with_the_days() -> None:
    said = [event_words(Event("license_will_expire", NOW, Actor("sweep"), detail={"days": days})) for days in (30, 1)]
    assert said == ["License will expire within 30 days", "License will expire within a day"]


def test_who_has_stopped_a_license_is_told_in_the_words_of_its_state() -> None:
    said = [event_words(Event("license_disabled", NOW, Actor(name))) for name in ("user:ann@customer.test", "admin")]
    assert said == ["License paused", "License suspended by the vendor"]
    assert event_words(Event("license_enabled", NOW, Actor("admin"))) == "License resumed"


def test_every_refusal_has_a_reason_in_words() -> None:
    for code in get_args(Code):
        reason = refusal_message(code)
        assert reason[:1].islower() or reason[:1] == "a" or reason.startswith("API"), reason
        assert not reason.endswith(".")
        assert "_" not in reason or "max_activations" in reason, reason


def test_the_name_of_a_field_is_left_out() -> None:
    assert error_message(Invalid("email_malformed", field="email")) == ("This is not an email address.")


def test_how_long_to_wait_is_reported() -> None:
    assert "in 1 second," in error_message(Denied("account_locked", retry_after=1))
    assert "in 15 minutes," in error_message(Denied("account_locked", retry_after=900))


OF_THE_VENDOR = re.compile(
    "company_|product_|feature_|field_|policy_|api_key_|management_key_|webhook_|customer|order_changed|import_started"
    "|links_repaired|sweep_late"
)
"""Events that stand in no history that the portal shows."""


def test_every_event_of_a_license_and_a_person_has_a_name_in_the_language_of_the_reader() -> None:
    nameless = set(get_args(EventType)) - _EVENTS.keys()
    assert {type for type in nameless if not OF_THE_VENDOR.match(type)} == set()
