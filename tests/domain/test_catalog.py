"""Products that can be used, and codes that can be stored."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalog import Product, company_code, guard_product, product_code, web_origin
from chalicelib.domain.errors import Invalid, SeatkeeperError
from tests.domain.samples import NOW


@pytest.mark.parametrize(
    ("state", "code"), [("active", None), ("disabled", "disabled_product"), ("archived", "archived_product")]
)
def test_only_an_active_product_can_be_used(state: Literal["active", "disabled", "archived"], code: str | None) -> None:
    product = Product("ACME", 1, "viewer", 2, "Viewer", "license-key", NOW, state=state)
    if code is None:
        assert guard_product(product) is product
    else:
        with pytest.raises(SeatkeeperError, match=f"^{code}$"):
            guard_product(product)


def test_a_product_that_does_not_exist_is_unknown() -> None:
    with pytest.raises(SeatkeeperError, match=r"^unknown_product$"):
        guard_product(None)


@pytest.mark.parametrize(
    ("text", "code"), [("QBITEC", "QBITEC"), (" qbitec\n", "QBITEC"), ("a-1", "A-1"), ("7", "7"), ("\uff21-1", "A-1")]
)
def test_a_company_code_is_stored_in_upper_case(text: str, code: str) -> None:
    assert company_code(text) == code


@pytest.mark.parametrize("text", ["", " ", "-", "A-", "-A", "A#B", "A B", "A_B", "Ä", "A\nB", "A" * 33, "\u0661"])
def test_what_would_not_fit_into_a_key_is_no_company_code(text: str) -> None:
    with pytest.raises(SeatkeeperError, match="company_code_malformed"):
        company_code(text)


@pytest.mark.parametrize("text", ["viewer", "Viewer", "a", "a.b_c-d", "7", "a" * 64])
def test_a_product_code_is_kept_as_it_is(text: str) -> None:
    assert product_code(text) == text


@pytest.mark.parametrize("text", ["", " ", " a", "a ", ".a", "a.", "a#b", "a b", "ä", "a\n", "a" * 65])
def test_what_would_not_fit_into_a_key_is_no_product_code(text: str) -> None:
    with pytest.raises(SeatkeeperError, match="product_code_malformed"):
        product_code(text)


@given(st.text())
def test_any_text_is_a_code_of_plain_letters_or_refused(text: str) -> None:
    for form in (company_code, product_code):
        try:
            assert form(text).isascii()
            assert form(form(text)) == form(text)
        except SeatkeeperError as refused:
            assert isinstance(refused, Invalid)


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://app.example", "https://app.example"),
        (" HTTPS://App.Example/ ", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_an_origin_is_written_as_browsers_do(typed: str, origin: str) -> None:
    assert web_origin(typed) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "app.example",
        "https://",
        "https://app.example/x",
        "https://a b",
        "https://a:port",
        "\u00fc://a",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SeatkeeperError):
        web_origin(text)
