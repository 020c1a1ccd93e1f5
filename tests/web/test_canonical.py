"""A body must be its own JavaScript re-serialisation: asked of a port of ECMA-262, and of Node where there is one."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.web.canonical import MAX_DEPTH, MAX_SAFE_INTEGER, canonical_json
from chalicelib.web.strict_json import parse_json

Oracle = Callable[[str], bytes]
"""From JSON text to the bytes of its JavaScript re-serialisation."""

# Node reads a line of JSON, answers a line: one process serves every example of the session.
NODE_LOOP = """
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop();
  for (const line of lines) process.stdout.write(JSON.stringify(JSON.parse(line)) + "\\n");
});
"""


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """The port; where there is Node, both must say the same."""
    if not shutil.which("node"):
        yield port
        return
    with subprocess.Popen(["node", "-e", NODE_LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        assert node.stdin
        assert node.stdout
        stdin, stdout = node.stdin, node.stdout

        def ask(text: str) -> bytes:
            stdin.write(text.encode("ascii") + b"\n")
            stdin.flush()
            answer = stdout.readline().removesuffix(b"\n")
            assert answer == port(text)
            return answer

        yield ask
        stdin.close()


def port(text: str) -> bytes:
    return ported(json.loads(text)).encode()


def ported(value: Any) -> str:
    """Write a parsed JSON value by the letter of ECMA-262, slowly, sharing nothing with the code tested."""
    match value:
        case dict():
            indices = sorted((key for key in value if is_array_index(key)), key=int)
            names = [key for key in value if not is_array_index(key)]
            return "{" + ",".join(f"{ported(key)}:{ported(value[key])}" for key in indices + names) + "}"
        case list():
            return "[" + ",".join(map(ported, value)) + "]"
        case float():
            return number_to_string(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def is_array_index(key: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]*", key) is not None and int(key) < 2**32 - 1


def number_to_string(value: float) -> str:
    """Number::toString(x, 10) with the specification's own names: x = s · 10^(n-k), s of k digits."""
    if value == 0:
        return "0"
    if value < 0:
        return "-" + number_to_string(-value)
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    s, k = "".join(map(str, digits)), len(digits)
    n = exponent + k
    if k <= n <= 21:
        return s + "0" * (n - k)
    if 0 < n <= 21:
        return s[:n] + "." + s[n:]
    if -6 < n <= 0:
        return "0." + "0" * -n + s
    sign = "+" if n > 0 else "-"
    point = "." if k > 1 else ""
    return f"{s[0]}{point}{s[1:]}e{sign}{abs(n - 1)}"


integers = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
odd_keys = st.sampled_from(["0", "00", "-1", "1.0", "4294967294", "4294967295", "__proto__"])
keys = texts | st.integers(0, 2**33).map(str) | odd_keys
values = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=30,
)


@settings(max_examples=300)
@given(value=values)
def test_any_value_is_written_as_javascript_writes_it_and_read_again(oracle: Oracle, value: Any) -> None:
    written = canonical_json(value)
    assert written == oracle(json.dumps(value))
    assert canonical_json(parse_json(written)) == written


@settings(max_examples=2000)
@given(number=floats)
@example(number=1e21)
@example(number=999999999999999900000.0)
@example(number=1e-6)
@example(number=9.999999999999999e-7)
@example(number=5e-324)
@example(number=1.7976931348623157e308)
@example(number=2.0**53)
def test_any_float_is_written_as_javascript_writes_it(oracle: Oracle, number: float) -> None:
    assert canonical_json(number) == oracle(json.dumps(number))


@given(code=st.integers(0, 0xD7FF) | st.integers(0xE000, 0x10FFFF))
def test_any_character_is_written_as_javascript_writes_it(oracle: Oracle, code: int) -> None:
    for value in (chr(code), {f"a{chr(code)}": chr(code)}):
        assert canonical_json(value) == oracle(json.dumps(value))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-1.5, "-1.5"),
        (1e16, "10000000000000000"),
        (1.2345e20, "123450000000000000000"),
        (-1e20, "-100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-5, "0.00001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (MAX_SAFE_INTEGER, "9007199254740991"),
        (-MAX_SAFE_INTEGER, "-9007199254740991"),
    ],
)
def test_numbers_have_the_layout_of_javascript(number: float, text: str) -> None:
    assert canonical_json(number) == text.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1", "1"),
        ("1.00", "1"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("0.10", "0.1"),
        ("9007199254740991", "9007199254740991"),
        ("0.1234567890123456789012345678901234567", "0.12345678901234568"),
        ("1E-400", "0"),
    ],
)
def test_a_decimal_is_an_integer_or_the_nearest_double(number: str, text: str) -> None:
    assert canonical_json(Decimal(number)) == text.encode()


def test_array_indices_come_first_in_ascending_order_then_names_as_inserted() -> None:
    value = dict.fromkeys(["b", "10", "4294967295", "a", "2", "4294967294", "01", "-1", "", "٣", "0"], 0)
    assert list(json.loads(canonical_json(value))) == [
        *("0", "2", "10", "4294967294"),
        *("b", "4294967295", "a", "01", "-1", "", "٣"),
    ]


def test_text_is_raw_utf8_and_only_what_json_demands_is_escaped() -> None:
    raw = 'Zoë/\x7f\u2028😀"\\\b\f\n\r\t\x1f'
    written = '"Zoë/\x7f\u2028😀\\"\\\\\\b\\f\\n\\r\\t\\u001f"'
    assert canonical_json(raw) == written.encode()
    assert canonical_json({raw: [raw]}) == f"{{{written}:[{written}]}}".encode()


def test_a_tuple_is_an_array_and_an_enum_of_text_or_number_is_its_value() -> None:
    kind = StrEnum("kind", ["trial"])
    size = IntEnum("size", ["small"])
    value = {kind.trial: (kind.trial, size.small, None, True, False)}
    assert canonical_json(value) == b'{"trial":["trial",1,null,true,false]}'


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"a": [1, float("nan")]}, "$['a'][1] is not a finite number."),
        (float("inf"), "$ is not a finite number."),
        (float("-inf"), "$ is not a finite number."),
        (Decimal("NaN"), "$ is not a finite number."),
        (Decimal("sNaN"), "$ is not a finite number."),
        (Decimal("-Infinity"), "$ is not a finite number."),
        ({"id": 2**53}, "$['id'] is an integer beyond ±(2^53 - 1)."),
        ({"id": -(2**53)}, "$['id'] is an integer beyond ±(2^53 - 1)."),
        ({"id": Decimal(2**53)}, "$['id'] is an integer beyond ±(2^53 - 1)."),
        (Decimal("1E+999999"), "$ is an integer beyond ±(2^53 - 1)."),
        (("ok", "\ud83d"), "$[1] holds a lone surrogate."),
        ({"a": ["ok", "\ud83d"]}, "$['a'][1] holds a lone surrogate."),
        ({"\udc00": 1}, "$['\\udc00'] holds a lone surrogate."),
        ({"a": {1: 2}}, "$['a'] has a key that is not a string: 1."),
        ({None: 2}, "$ has a key that is not a string: None."),
        ({"a": {1, 2}}, "$['a'] is of a type that JSON lacks: set."),
        (b"bytes", "$ is of a type that JSON lacks: bytes."),
    ],
)
def test_what_has_no_json_form_is_refused_with_its_path(value: object, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        canonical_json(value)
    assert str(refusal.value) == sentence


def nested(depth: int) -> object:
    value: object = "core"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def test_nesting_is_written_to_the_bound_and_refused_beyond() -> None:
    assert canonical_json(nested(MAX_DEPTH)).count(b"core") == 1
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(ValueError, match="is nested deeper than 128 levels"):
            canonical_json(nested(depth))


def test_a_cycle_is_refused() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="is nested deeper"):
        canonical_json(cycle)


def test_the_sentence_is_plain_ascii_and_short_whatever_the_key() -> None:
    with pytest.raises(ValueError) as refusal:
        canonical_json({"ü" * 10_000 + "\n": {"\udc00": {}, "x": object}})
    assert len(str(refusal.value)) < 200
    assert "\n" not in str(refusal.value)
