"""The reader of request bodies is strict, and no body makes it fail in any way but a ValueError."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.web.canonical import canonical_json
from chalicelib.web.strict_json import MAX_DEPTH, parse_json


def test_a_body_is_read() -> None:
    body = '{"a": [1, -2.5, 1e3, null, true, false], "ü": "\\u00fc\\ud83d\\ude00"}'.encode()
    assert parse_json(body) == {"a": [1, -2.5, 1000.0, None, True, False], "ü": "ü😀"}


def test_a_byte_order_mark_before_a_body_is_no_part_of_it() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": "\xef\xbb\xbf"}') == {"a": "\ufeff"}


def test_of_a_repeated_key_the_last_value_holds() -> None:
    assert parse_json(b'{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The JSON is malformed at line 1, column 1."),
        (b'{"a": 1,}', "The JSON is malformed at line 1, column 9."),
        (b'{"a": 1}\n{', "The JSON is malformed at line 2, column 1."),
        (b"{'a': 1}", "The JSON is malformed at line 1, column 2."),
        (b'"a\nb"', "The JSON is malformed at line 1, column 3."),
        (b"01", "The JSON is malformed at line 1, column 2."),
        (b"\xef\xbb\xbf", "The JSON is malformed at line 1, column 1."),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "The JSON is malformed at line 1, column 1."),
        (b"{}\xef\xbb\xbf", "The JSON is malformed at line 1, column 3."),
        (b" \xef\xbb\xbf{}", "The JSON is malformed at line 1, column 2."),
        (b'"\xff"', "The body is not UTF-8."),
        (b'"\xed\xa0\x80"', "The body is not UTF-8."),
        ('{"a": 1}'.encode("utf-16"), "The body is not UTF-8."),
        (b"[NaN]", "The JSON holds NaN or Infinity, which are no JSON."),
        (b"-Infinity", "The JSON holds NaN or Infinity, which are no JSON."),
        (b"1e400", "The JSON holds a number out of range."),
        (b"-" + b"9" * 400, "The JSON holds a number out of range."),
        (b'{"a": ["\\ud83d"]}', "The JSON holds a lone surrogate."),
        (b'{"\\uDC00": 1}', "The JSON holds a lone surrogate."),
    ],
)
def test_what_is_no_strict_json_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_json(body)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_is_read_to_the_bound_and_refused_beyond(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = opening * MAX_DEPTH + b'"\xc3\xbc"' + closing * MAX_DEPTH
    assert canonical_json(parse_json(body)) == body
    for depth in (MAX_DEPTH + 1, 500, 1_000_000):
        with pytest.raises(ValueError, match="nested deeper than 64 levels"):
            parse_json(opening * depth + b"1" + closing * depth)


def test_a_lone_surrogate_is_found_at_the_deepest_level() -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        parse_json(b"[" * MAX_DEPTH + b'"\\ud800"' + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        (b"9007199254740991", 9007199254740991),
        (b"-9007199254740991", -9007199254740991),
        (b"9007199254740993", 9007199254740992.0),
        (b"-100000000000000000000", -1e20),
    ],
)
def test_an_integer_is_exact_while_javascript_counts_exactly_and_else_the_nearest_float(
    digits: bytes, number: float
) -> None:
    value = parse_json(digits)
    assert value == number
    assert type(value) is type(number)


def test_a_number_of_a_million_digits_is_out_of_range() -> None:
    for body in (b"9" * 1_000_000, b"0." + b"9" * 1_000_000 + b"e-1", b"1e" + b"9" * 1_000_000):
        try:
            parse_json(body)
        except ValueError as refusal:
            assert str(refusal) == "The JSON holds a number out of range."


@settings(max_examples=500)
@given(body=st.binary() | st.text('[]{}":,\\ud8-0eE.9NaInfity ').map(str.encode))
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_written(body: bytes) -> None:
    try:
        value = parse_json(body)
    except ValueError as refusal:
        assert str(refusal).startswith("The ")
    else:
        canonical_json(value)
