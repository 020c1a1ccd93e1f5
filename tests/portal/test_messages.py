"""Events and refusals in the words of people."""

from typing import get_args

from chalicelib.domain.errors import Code, Denied, Invalid
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.portal.messages import error_message, event_words
from chalicelib.web.errors import ERRORS
from tests.support import NOW


def test_every_event_is_told_in_words() -> None:
    for type in get_args(EventType):
        words = event_words(Event(type, NOW, Actor("admin")))
        assert words[:1].isupper()
        assert "_" not in words


def test_every_refusal_is_a_sentence() -> None:
    for code in set(get_args(Code)) & set(ERRORS):
        words = error_message(Denied(code))
        assert words[:1].isupper()
        assert words.endswith("."), words
        assert "_" not in words


def test_the_name_of_a_field_is_left_out() -> None:
    assert error_message(Invalid("validation_error", "email: this is not an e-mail address.")) == (
        "This is not an e-mail address."
    )


def test_how_long_to_wait_is_told() -> None:
    assert "in 1 second," in error_message(Denied("account_locked", retry_after=1))
    assert "in 15 minutes," in error_message(Denied("account_locked", retry_after=900))
