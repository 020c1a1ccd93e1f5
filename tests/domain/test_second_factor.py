"""Codes of apps: as RFC 6238 has them, one step of drift each side, and how they are told from recovery codes."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from chalicelib.domain.catalog import Company
from chalicelib.domain.second_factor import (
    RECOVERY_CODES,
    STEP_MS,
    app_code,
    is_app_code,
    is_missing,
    new_recovery_codes,
    new_secret,
    setup_uri,
    step_of,
)
from chalicelib.domain.users import User

OF_RFC = base64.b32encode(b"12345678901234567890").decode()
NOW = 1111111109 * 1000
STEP = NOW // STEP_MS


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Its appendix B has eight digits; six are the last of them."""
    assert app_code(OF_RFC, seconds // 30) == code[2:]


@pytest.mark.parametrize(("drift", "found"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(drift: int, found: bool) -> None:
    assert step_of(OF_RFC, app_code(OF_RFC, STEP + drift), NOW) == (STEP + drift if found else None)


@pytest.mark.parametrize(
    ("typed", "of_app"),
    [("123456", True), ("12345", False), ("1234567", False), ("ABC456", False), ("١٢٣٤٥٦", False), ("", False)],
)
def test_six_digits_are_a_code_of_an_app(typed: str, of_app: bool) -> None:
    assert is_app_code(typed) is of_app


def test_an_app_is_told_the_secret_and_whose_codes_it_shows() -> None:
    uri = setup_uri("SECRET", "Qbitec & Söhne: CAD", "ada@customer.test")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Qbitec & Söhne: CAD:ada@customer.test"
    assert parts.path.count(":") == 1
    assert parse_qs(parts.query) == {"secret": ["SECRET"], "issuer": ["Qbitec & Söhne: CAD"]}


def test_a_qr_code_can_hold_what_an_app_is_told_in_whatever_script() -> None:
    assert len(setup_uri(new_secret(), "\N{GRINNING FACE}" * 200, "ü" * 254)) <= 2331  # bytes of the largest one


def test_secrets_and_recovery_codes_are_drawn_anew() -> None:
    assert len(base64.b32decode(new_secret())) == 20
    assert new_secret() != new_secret()
    codes = new_recovery_codes()
    assert len({*codes, *new_recovery_codes()}) == 2 * RECOVERY_CODES
    assert {len(code) for code in codes} == {14}


@pytest.mark.parametrize("manages", [False, True])
@pytest.mark.parametrize("has_one", [False, True])
@pytest.mark.parametrize("asked", ["", "managers"])
def test_it_is_asked_of_managers_where_the_company_says_so(manages: bool, has_one: bool, asked: str) -> None:
    company = Company("C", 1, "C", 0, second_factor=asked)  # type: ignore[arg-type] # one of both
    user = User("C", 1, "a@b.test", "", False, 0, is_manager=manages, sealed_totp_secret="x" if has_one else None)
    assert is_missing(user, company) is (asked == "managers" and manages and not has_one)
