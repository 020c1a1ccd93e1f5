"""The token of a form: for one browser, one address, one time."""

from chalicelib.portal.forms import new_token, nonce_of
from chalicelib.portal.handlers import FormResult


def test_a_token_is_good_for_its_browser_and_address_alone() -> None:
    token = new_token("secret", "/portal/a")
    assert nonce_of("secret", "/portal/a", token)
    assert nonce_of("another", "/portal/a", token) is None
    assert nonce_of("secret", "/portal/b", token) is None


def test_no_two_tokens_are_equal() -> None:
    assert new_token("secret", "/portal/a") != new_token("secret", "/portal/a")


def test_what_is_no_token_is_refused() -> None:
    token = new_token("secret", "/portal/a")
    for forged in ("", ".", "x", token[:-1], token + "0", "." + token, token.replace(".", ""), "é.é", "\ud800"):
        assert nonce_of("secret", "/portal/a", forged) is None


def test_what_came_of_a_form_is_stored_by_the_names_that_other_versions_read() -> None:
    answer = FormResult("/portal/account", "Saved.", "/portal/x", 7).as_answer()
    assert answer == {"to": "/portal/account", "says": "Saved.", "reveal": "/portal/x", "epoch": 7, "row": ""}
