"""License keys: what they look like, and which typing mistakes the check symbol catches."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.keys import ALPHABET, is_mistyped, new_license_key, normalise

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
    place = position + position // 5
    wrong = key[:place] + symbol + key[place + 1 :]
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
    assert normalise(f" {KEY.lower()}\n") == KEY
    assert not is_mistyped(f" {KEY.lower()}\n")
    assert is_mistyped(f" {KEY.lower().replace('a', 'b')}\n")


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
        "ABCD-EFGH2-3JKLM-NPQRS-TUVW48",
    ],
)
def test_a_key_of_another_shape_is_never_mistyped(key: str) -> None:
    assert not is_mistyped(key)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert not is_mistyped(text)
    assert normalise(normalise(text)) == normalise(text)
