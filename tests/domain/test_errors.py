"""The error tree: what an error carries."""

from typing import get_args

from chalicelib.domain.errors import Code, Denied, Invalid, LimitReached, Unavailable


def test_an_error_carries_its_code_its_field_and_what_its_message_needs() -> None:
    full = LimitReached("license_users_limit_reached", limit=3, used=3)
    assert (full.code, full.field, full.params) == ("license_users_limit_reached", None, {"limit": 3, "used": 3})
    assert (Denied("account_locked", retry_after=9).retry_after, full.retry_after) == (9, None)


def test_an_invalid_call_names_each_wrong_field() -> None:
    name, code = Invalid("validation_error", field="name"), Invalid("validation_error", field="code")
    assert name.errors == (name,)
    assert Invalid("validation_error", errors=[name, code]).errors == (name, code)


def test_what_is_unavailable_says_why_for_the_log() -> None:
    assert str(Unavailable("database_busy", cause="ThrottlingException")) == "database_busy: ThrottlingException"
    assert str(Unavailable("too_many_rivals")) == "too_many_rivals"


def test_no_code_is_listed_twice() -> None:
    codes = get_args(Code)
    assert len(codes) == len(set(codes))
