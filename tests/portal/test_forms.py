"""The token of a form: for one browser, one address, one time."""

from chalicelib.portal.forms import new_token, nonce_of


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
