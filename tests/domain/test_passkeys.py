"""Which addresses passkeys are for, and what is stored of one."""

import json

import pytest

from chalicelib.domain.passkeys import Passkey, RelyingParty, passkey_name, passkeys_in, relying_party

STORED = Passkey("aWQ", "a2V5", "Büro", 3, 1, 2)


@pytest.mark.parametrize(
    ("portal_url", "id", "origin"),
    [
        ("https://licenses.example", "licenses.example", "https://licenses.example"),
        ("https://Licenses.Example/prod", "licenses.example", "https://licenses.example"),
        ("https://licenses.example:8443", "licenses.example", "https://licenses.example:8443"),
        ("https://licenses.example:443", "licenses.example", "https://licenses.example"),
        ("https://xn--mller-kva.example", "xn--mller-kva.example", "https://xn--mller-kva.example"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://portal.localhost:80", "portal.localhost", "http://portal.localhost"),
    ],
)
def test_they_are_for_the_host_and_the_origin_as_a_browser_writes_them(portal_url: str, id: str, origin: str) -> None:
    assert relying_party(portal_url) == RelyingParty(id, origin)


@pytest.mark.parametrize(
    "portal_url",
    [
        "",
        "http://licenses.example",
        "http://localhost.example",
        "http://127.0.0.1:8000",
        "https://192.0.2.7",
        "https://[2001:db8::7]:8000",
        "https://müller.example",
        "https://licenses.example/" + "a" * 2000,
    ],
)
def test_there_are_none_where_no_browser_has_any(portal_url: str) -> None:
    assert relying_party(portal_url) is None


def test_a_stored_one_is_read_as_it_was_also_where_newer_code_has_added_something() -> None:
    newer = json.dumps(json.loads(STORED.text) | {"transports": ["usb"]})
    older = json.dumps({name: value for name, value in json.loads(STORED.text).items() if name != "used_at"})
    assert passkeys_in([newer]) == [STORED]
    assert passkeys_in([older])[0].used_at is None


def test_they_stand_in_the_order_in_which_they_were_made() -> None:
    later, earlier = Passkey("a", "", "", 0, 7), Passkey("b", "", "", 0, 6)
    assert passkeys_in([later.text, earlier.text]) == [earlier, later]


def test_two_have_two_addresses_and_a_name_has_no_white_space_around_it() -> None:
    assert Passkey("a", "", "", 0, 1).key != Passkey("b", "", "", 0, 1).key
    assert passkey_name(" Office  laptop ") == "Office  laptop"
