"""License keys: what they look like, and which typing mistakes the check symbol catches."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.keys import ALPHABET, as_given, forms, is_mistyped, new_license_key, normalize

KEY = "ABCDE-FGH23-JKLMN-PQRST-UVW48"


def test_a_new_key_has_five_groups_of_five_symbols_and_is_not_mistyped() -> None:
    for _ in range(200):
        key = new_license_key()
        assert re.fullmatch(r"([2-9A-HJ-NP-Z]{5}-){4}[2-9A-HJ-NP-Z]{5}", key)
        assert not is_mistyped(key)


def test_the_alphabet_has_32_symbols_and_no_lookalikes() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 32
    assert not set("01IO") & set(ALPHABET)


def test_keys_differ_in_every_random_position() -> None:
    keys = [new_license_key() for _ in range(300)]
    assert len(set(keys)) == 300
    # 300 draws of 32 symbols see nearly all of them; fewer than half is no accident.
    assert all(len(set(column)) > 16 or set(column) == {"-"} for column in zip(*keys, strict=True))


def test_a_known_key_keeps_its_check_symbol() -> None:
    assert not is_mistyped(KEY)


@given(st.integers(0, 24), st.sampled_from(ALPHABET))
def test_any_single_wrong_symbol_is_caught(position: int, symbol: str) -> None:
    key = new_license_key()
    index = position + position // 5
    wrong = key[:index] + symbol + key[index + 1 :]
    assert is_mistyped(wrong) == (wrong != key)


@given(st.integers(0, 23))
def test_any_swap_of_neighbours_is_caught_but_of_the_first_and_last_symbol_of_the_alphabet(
    position: int,
) -> None:
    symbols = list(new_license_key().replace("-", ""))
    pair = symbols[position : position + 2]
    symbols[position : position + 2] = reversed(pair)
    swapped = "-".join("".join(symbols[start : start + 5]) for start in range(0, 25, 5))
    assert is_mistyped(swapped) == (pair[0] != pair[1] and set(pair) != {"2", "Z"})


def test_a_key_is_judged_as_it_would_be_looked_up() -> None:
    assert normalize(f" {KEY.lower()}\n") == KEY
    assert not is_mistyped(f" {KEY.lower()}\n")
    assert is_mistyped(f" {KEY.lower().replace('a', 'b')}\n")
    assert is_mistyped("'" + KEY.replace("A", "\uff22") + "'")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "-",
        "----",
        "ACME-2026-0001",
        KEY.replace("-", ""),
        KEY + "-ABCDE",
        KEY[:-1],
        KEY.replace("A", "0"),
        KEY.replace("A", "I"),
        KEY.replace("A", "Ä"),
        KEY.replace("-", " "),
        KEY[:-1].replace("-", "") + "2",
        "ABCD-EFGH2-3JKLM-NPQRS-TUVW48",
    ],
)
def test_a_key_of_another_shape_is_never_mistyped(key: str) -> None:
    assert not is_mistyped(key)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert not is_mistyped(text)
    assert normalize(normalize(text)) == normalize(text)


PASTED = {
    "as it is": KEY,
    "small": KEY.lower(),
    "in white space": f" \t{KEY}\r\n",
    "no-break spaces": f"\xa0{KEY}\u3000",
    "zero-width spaces": "\u200b".join(KEY),
    "byte order mark": f"\ufeff{KEY}",
    "soft hyphens": KEY.replace("-", "-\xad"),
    "soft hyphens for dashes": KEY.replace("-", "\xad"),
    "directed": f"\u202a{KEY}\u202c",
    "joined": KEY.replace("-", "\u2060-\u2060"),
    "hyphens": KEY.replace("-", "\u2010"),
    "no-break hyphens": KEY.replace("-", "\u2011"),
    "en dashes": KEY.replace("-", "\u2013"),
    "em dashes": KEY.replace("-", "\u2014"),
    "minus signs": KEY.replace("-", "\u2212"),
    "spaces for dashes": KEY.replace("-", " "),
    "spaced dashes": KEY.replace("-", " - "),
    "nothing for dashes": KEY.replace("-", ""),
    "a line break in it": f"{KEY[:12]}\r\n{KEY[12:]}",
    "a broken and indented line": f"{KEY[:11]}\n    {KEY[11:]}",
    "a line separator": f"{KEY[:8]}\u2028{KEY[8:]}",
    "full-width letters": "".join(chr(ord(letter) + 0xFEE0) for letter in KEY.lower()),
    "in quotation marks": f'"{KEY}"',
    "in curly quotation marks": f"\u201e{KEY}\u201c,",
    "in French quotation marks": f"\xab\xa0{KEY}\xa0\xbb",
    "in code marks": f"`{KEY}`",
    "in brackets": f"<{KEY}>.",
    "underscores": KEY.replace("-", "_"),
    "dots": KEY.replace("-", "."),
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=list(PASTED))
def test_a_key_is_read_however_it_was_pasted(pasted: str) -> None:
    assert normalize(pasted) == KEY
    assert KEY in forms(pasted)


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("acme\u20132026\u20130001", "ACME-2026-0001"),
        ("\ufeffACME-2026-\r\n0001 ", "ACME-2026-0001"),
        ("ACME\xa02026  0001", "ACME 2026 0001"),
        ("K\u200bEY/7\xb7a", "KEY/7\xb7A"),
        ("{AB12-CD34}", "{AB12-CD34}"),
        ("\uff21\uff22\uff11\uff12\uff0d\uff23\uff24", "AB12-CD"),
        ('"AB12_CD34"', "AB12_CD34"),
        ("\u201c'AB12'\u201d", "AB12"),
    ],
)
def test_a_key_of_a_vendor_keeps_its_shape(pasted: str, key: str) -> None:
    assert normalize(pasted) == key


def test_a_key_that_was_stored_as_it_was_typed_is_among_the_forms() -> None:
    for old in ("ACME\u20132026", "A  B", "\uff21\uff22", '"AB"', KEY.replace("-", ""), KEY.replace("-", " ")):
        assert forms(old.lower())[:2] == [old.lower(), old]
    assert forms(KEY) == [KEY]


def test_a_key_of_another_system_is_found_letter_by_letter_first() -> None:
    for exact in ("aBc+/=", KEY.lower(), KEY.replace("A", "B"), "a" * 255):
        assert as_given(f"\ufeff {exact}\n") == exact
        assert forms(f" {exact}\n")[0] == exact
    assert "\uff21\uff22-1" in forms("\uff21\uff22\u2011\u200b1"), "as it was normal before"
    assert forms("x" * 321) == forms("x" * 256) == []
    assert forms(KEY[:-1] + "2") == [KEY[:-1] + "2"], "of no other system, it would be mistyped"
