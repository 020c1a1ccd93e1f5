"""The HMAC of the License API: the worked example, each refusal by its code, and hostile headers."""

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.web.hmac_signature import (
    Credentials,
    check_date,
    parse_authorization,
    sign,
    verify,
)

SHARED_KEY = "example-shared-key"
DATE = "Tue, 24 Nov 2026 03:04:56 GMT"
SIGNATURE = "A3w0xMvhokbmWGvzSxI2KRmPELW8BGv9Xcuc9iIrG5E="
HEADER = f'algorithm="hmac-sha256",headers="date",signature="{SIGNATURE}",apiKey="key-1"'
NOW = 1_795_489_496_000
WINDOW = 15 * 60_000


def code_of(refusal: pytest.ExceptionInfo[SeatkeeperError]) -> str:
    return refusal.value.code


def with_signature(signature: str) -> Credentials:
    return Credentials("hmac-sha256", "date", signature, "key-1")


def test_the_worked_example_of_the_contract_passes() -> None:
    credentials = parse_authorization(HEADER)
    assert credentials == Credentials("hmac-sha256", "date", SIGNATURE, "key-1")
    assert sign(SHARED_KEY, DATE) == SIGNATURE
    check_date(DATE, NOW, WINDOW)
    verify(credentials, SHARED_KEY, DATE)


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace("apiKey", "apikey").replace("algorithm", "ALGORITHM"),
        HEADER.replace(",", " ,\t").replace("=", " = ", 1),
        'apiKey="key-1",' + HEADER.removesuffix(',apiKey="key-1"'),
        HEADER + ',created="1795489496"',
        HEADER.replace("hmac-sha256", "HMAC-SHA256"),
    ],
)
def test_order_spaces_case_of_names_and_unknown_parameters_do_not_matter(header: str) -> None:
    credentials = parse_authorization(header)
    assert (credentials.signature, credentials.api_key) == (SIGNATURE, "key-1")


def test_the_signature_is_kept_out_of_the_repr() -> None:
    assert SIGNATURE not in repr(parse_authorization(HEADER))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_headers"),
        ("", "missing_headers"),
        (" ", "authorization_invalid_headers"),
        ("Bearer abc", "authorization_invalid_headers"),
        (HEADER.replace('"', ""), "authorization_invalid_headers"),
        (HEADER.replace('"', "'"), "authorization_invalid_headers"),
        (HEADER + ",", "authorization_invalid_headers"),
        (HEADER + " apiKey", "authorization_invalid_headers"),
        (HEADER.replace(",", ";"), "authorization_invalid_headers"),
        (HEADER.removesuffix('"'), "authorization_invalid_headers"),
        (HEADER + ',APIKEY="key-2"', "authorization_invalid_headers"),
        (HEADER + "\n", "authorization_invalid_headers"),
        (HEADER.replace("algorithm", "x"), "authorization_missing_params"),
        (HEADER.replace("headers", "x"), "authorization_missing_params"),
        (HEADER.replace("signature", "x"), "authorization_missing_params"),
        (HEADER.replace("apiKey", "x"), "authorization_missing_params"),
        (HEADER.replace("key-1", ""), "authorization_missing_params"),
        (HEADER.replace("hmac-sha256", "hmac-sha1"), "hmac_required"),
    ],
)
def test_a_header_that_does_not_serve_is_refused_by_its_code(header: str | None, code: str) -> None:
    with pytest.raises(SeatkeeperError) as refusal:
        parse_authorization(header)
    assert code_of(refusal) == code


@pytest.mark.parametrize(
    "header",
    [
        "a" * 10_000_000,
        'a="' * 3_000_000,
        'a="b",' * 1_000_000,
        " " * 10_000_000,
        " " * 4096,
        'a="b"' + "\t " * 2_000 + "c",
        "a" * 4000 + " " * 90,
        'a="' + "b" * 4000,
    ],
    ids=["name", "unclosed", "pairs", "spaces", "short-spaces", "tail", "no-value", "short-unclosed"],
)
def test_a_hostile_header_is_refused_at_once(header: str) -> None:
    start = time.perf_counter()
    with pytest.raises(SeatkeeperError, match="authorization_invalid_headers"):
        parse_authorization(header)
    assert time.perf_counter() - start < 0.5


@given(
    header=st.text()
    | st.text(
        'aAlgorithm="',
    )
    | st.text().map(lambda text: HEADER.replace(SIGNATURE, text))
)
def test_no_header_fails_in_any_other_way(header: str) -> None:
    try:
        credentials = parse_authorization(header)
        verify(credentials, SHARED_KEY, DATE)
    except SeatkeeperError as refusal:
        assert refusal.code != "date_header_invalid"
    else:
        assert credentials.signature == SIGNATURE


@pytest.mark.parametrize("signature", ["", "x", "ü", "\ud800", SIGNATURE[:-1], SIGNATURE + "=", SIGNATURE.lower()])
def test_any_other_signature_is_a_mismatch(signature: str) -> None:
    with pytest.raises(SeatkeeperError, match="signature_mismatch"):
        verify(with_signature(signature), SHARED_KEY, DATE)


def test_the_signature_holds_for_this_key_and_this_spelling_of_the_date_alone() -> None:
    for key, date in [
        ("another-key", DATE),
        (SHARED_KEY, DATE.replace("GMT", "+0000")),
        (SHARED_KEY, DATE + " "),
    ]:
        with pytest.raises(SeatkeeperError, match="signature_mismatch"):
            verify(with_signature(SIGNATURE), key, date)


def test_a_date_with_half_a_character_is_a_mismatch_and_no_failure() -> None:
    with pytest.raises(SeatkeeperError, match="signature_mismatch"):
        verify(with_signature(SIGNATURE), SHARED_KEY, "\ud800")


@pytest.mark.parametrize("offset", [-WINDOW, 0, WINDOW])
def test_a_date_within_the_window_or_on_its_edge_passes(offset: int) -> None:
    check_date(DATE, NOW + offset, WINDOW)


@pytest.mark.parametrize("offset", [-WINDOW - 1, WINDOW + 1, 10**15])
def test_a_date_outside_the_window_is_refused(offset: int) -> None:
    with pytest.raises(SeatkeeperError, match="date_header_diff"):
        check_date(DATE, NOW + offset, WINDOW)


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 24 Nov 2026 03:04:56 +0000",
        "Tue, 24 Nov 2026 03:04:56 UTC",
        "24 Nov 2026 03:04:56 GMT",
        "Tuesday, 24-Nov-26 03:04:56 GMT",
        "Tue Nov 24 2026 03:04:56 GMT+0000",
    ],
)
def test_other_spellings_pass_when_they_say_that_they_are_in_gmt(date: str) -> None:
    check_date(date, NOW, 0)


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 24 Nov 2026 03:04:56",
        "Tue Nov 24 03:04:56 2026",
        "Tue, 24 Nov 2026 03:04:56 EST",
        "Tue, 24 Nov 2026 03:04:56 EST GMT",
        "Tue, 24 Nov 2026 04:04:56 +0100",
        "Tue, 24 Nov 2026 03:04:56 -0000",
        "2026-11-24T03:04:56Z",
        "Tue, 31 Nov 2026 03:04:56 GMT",
        "Tue, 24 Nov 2026 25:04:56 GMT",
        "Tue, 24 Nov 20261124 03:04:56 GMT",
        "Tue, 24 Nov ٢٠٢٦ 03:04:56 GMT",
        "GMT",
        ", GMT",
        "1795489496",
        DATE + "\ud800",
        "0" * 10_000_000 + " GMT",
        "(" * 10_000_000 + " GMT",
    ],
    ids=lambda date: date[:40].encode("ascii", "replace").decode(),
)
def test_a_date_that_is_none_or_in_another_zone_is_refused_at_once(date: str) -> None:
    start = time.perf_counter()
    with pytest.raises(SeatkeeperError, match="date_header_invalid"):
        check_date(date, NOW, WINDOW)
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("date", [None, ""])
def test_no_date_is_a_missing_header(date: str | None) -> None:
    with pytest.raises(SeatkeeperError, match="missing_headers"):
        check_date(date, NOW, WINDOW)


@given(seconds=st.integers(0, 253_402_300_799))
def test_any_date_that_python_writes_is_read_to_the_second(seconds: int) -> None:
    check_date(formatdate(seconds, usegmt=True), seconds * 1000, 0)


@given(date=st.text("0123456789: ,-+()GMTUCNovTue").map(lambda text: text + " GMT"))
def test_no_date_fails_in_any_other_way(date: str) -> None:
    try:
        check_date(date, NOW, WINDOW)
    except SeatkeeperError as refusal:
        assert refusal.code in ("date_header_invalid", "date_header_diff")
