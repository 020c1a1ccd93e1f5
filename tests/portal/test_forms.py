"""A form: its verb, and its token, which is for one browser, one address, one time."""

import re

from chalicelib.portal.forms import new_token, nonce_of
from chalicelib.portal.handlers import FormResult
from chalicelib.portal.render import HERE
from tests.languages import texts


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


def test_every_form_has_its_verb_on_its_button() -> None:
    """Not a word that fits any form, and none that another template gives it."""
    forms = [form for form in (HERE / "templates").glob("*.html") if 'extends "form.html"' in form.read_text()]
    verbs = {form.name: re.findall(r"{% block confirm %}(.+?){% endblock %}", form.read_text()) for form in forms}
    assert verbs.keys() >= {"assign.html", "confirm.html", "set_limit.html"}
    assert {name: found for name, found in verbs.items() if len(found) != 1 or "default" in found[0]} == {}
    assert {text.one for text in texts()} & {"Confirm", "OK", "Submit", "Send", "Yes"} == set()
