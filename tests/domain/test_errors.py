"""The error tree: what an error carries."""

from typing import get_args

import pytest

from chalicelib.domain.errors import (
    AlreadyExists,
    Code,
    Denied,
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
    Rejected,
    Unauthenticated,
    Unavailable,
    sent_as,
)


def test_an_error_carries_its_code_its_field_and_what_its_message_needs() -> None:
    full = LimitReached("license_users_limit_reached", limit=3, used=3)
    assert (full.code, full.field, full.params) == ("license_users_limit_reached", None, {"limit": 3, "used": 3})
    assert (Denied("account_locked", retry_after=9).retry_after, full.retry_after) == (9, None)


def test_an_invalid_call_names_each_wrong_field() -> None:
    name, code = Invalid("validation_error", field="name"), Invalid("validation_error", field="code")
    assert name.errors == (name,)
    assert Invalid("validation_error", errors=[name, code]).errors == (name, code)


@pytest.mark.parametrize("kind", [AlreadyExists, Denied, Forbidden, Invalid, LimitReached, NotFound, Unauthenticated])
def test_what_is_told_by_another_name_stays_as_it_was(kind: type[Rejected]) -> None:
    """It may be raised again, inside another row, and would have the names of both."""
    counted = {"limit": 3, "used": 3} if kind is LimitReached else {}
    rule = kind("already_exists", field="code", of="code", **counted)
    rule.license_id = 7
    for row in ("rows.0", "rows.1"):
        with pytest.raises(kind) as raised, sent_as(f"{row}.{{}}".format):
            raise rule
        assert (vars(raised.value) | {"errors": ()}) == vars(rule) | {"field": f"{row}.code", "errors": ()}
        assert (rule.field, str(raised.value)) == ("code", str(rule))


def test_each_wrong_field_is_told_by_its_other_name() -> None:
    name, code = Invalid("field_malformed", field="name"), Invalid("integer_malformed", field="code")
    whole = Invalid.all([name, code])
    with pytest.raises(Invalid) as raised, sent_as("items.0.{}".format):
        raise whole
    with pytest.raises(Invalid) as alone, sent_as("items.0.{}".format):
        raise name
    assert [one.field for one in raised.value.errors] == ["items.0.name", "items.0.code"]
    assert alone.value.errors == (alone.value,)
    assert [one.field for one in (*whole.errors, whole)] == ["name", "code", "name"]


def test_what_is_unavailable_says_why_for_the_log() -> None:
    assert str(Unavailable("database_busy", cause="ThrottlingException")) == "database_busy: ThrottlingException"
    assert str(Unavailable("too_many_rivals")) == "too_many_rivals"


def test_no_code_is_listed_twice() -> None:
    codes = get_args(Code)
    assert len(codes) == len(set(codes))
