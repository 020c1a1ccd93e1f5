"""A refusal carries its code, and more where there is more to say."""

from typing import get_args

from chalicelib.domain.errors import Code, Denied


def test_a_refusal_reads_as_its_detail_or_else_as_its_code() -> None:
    assert str(Denied("license_expired")) == "license_expired"
    detailed = Denied("validation_error", "email: this is none.", retry_after=3)
    assert (str(detailed), detailed.code, detailed.retry_after) == ("email: this is none.", "validation_error", 3)


def test_no_code_is_listed_twice() -> None:
    codes = get_args(Code)
    assert len(codes) == len(set(codes))
