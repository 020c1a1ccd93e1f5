"""Which addresses a webhook may go to, and what is a delivery."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.provisional import urls

from chalicelib.domain.errors import Invalid
from chalicelib.domain.webhooks import MAX_URL, Answer, checked_url, http_address, is_public, without_path

PUBLIC = ["9.9.9.9", "192.0.1.1", "172.32.0.1", "100.128.0.1", "2620:fe::fe", "2a00:1450:4001:80b::200e"]
PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:9.9.9.9", "::ffff:169.254.169.254", "64:ff9b::9.9.9.9", "64:ff9b:1::1"),
    *("100::1", "2001::1", "2001:db8::1", "2001:20::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1"),
]


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", PUBLIC)
def test_hosts_of_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_no_other_address_is_public(text: str) -> None:
    address = ip_address(text)
    assert not is_public(address)
    host = f"[{text}]" if address.version == 6 else text
    with pytest.raises(Invalid) as caught:
        checked_url(f"https://{host}/", may_be_private=False)
    assert (caught.value.code, caught.value.field) == ("url_not_public", "url")
    assert checked_url(f"https://{host}/", may_be_private=True) == f"https://{host}/"


@given(st.ip_addresses())
@example(ip_address("224.0.0.1"))
@example(ip_address("64:ff9b::1"))
def test_what_python_calls_private_is_not_public(address: object) -> None:
    address = ip_address(str(address))
    assert not is_public(address) or (address.is_global and not address.is_multicast)


# --- URLs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://receiver.test/hooks", "https://receiver.test/hooks"),
        (" HTTPS://Receiver.TEST:443/Hooks?A=b ", "https://receiver.test/Hooks?A=b"),
        ("https://receiver.test", "https://receiver.test/"),
        ("https://receiver.test?a=%20b", "https://receiver.test/?a=%20b"),
        ("https://receiver.test:8443/@ada/x:y", "https://receiver.test:8443/@ada/x:y"),
        ("https://my_hooks.a-b.test/", "https://my_hooks.a-b.test/"),
        ("https://xn--mller-kva.test/", "https://xn--mller-kva.test/"),
        ("https://9.9.9.9/", "https://9.9.9.9/"),
        ("https://[2620:FE::FE]:444/", "https://[2620:fe::fe]:444/"),
        ("eventbridge:licenses", "eventbridge:licenses"),
        ("eventbridge:arn:aws:events:eu-central-1:123456789012:event-bus/a/b",) * 2,
    ],
)
def test_an_address_has_one_form(typed: str, stored: str) -> None:
    assert checked_url(typed, may_be_private=False) == stored
    assert checked_url(stored, may_be_private=False) == stored


@pytest.mark.parametrize(
    "url",
    [
        *("", "receiver.test", "//receiver.test/", "ftp://receiver.test/", "file:///etc/passwd", "javascript:alert(1)"),
        *("https:/receiver.test", "https://", "https:///x", "https://?a", "https://:443/", "https://receiver.test:/"),
        *("https://ada@receiver.test/", "https://ada:pw@receiver.test/", "https://9.9.9.9@127.0.0.1/"),
        *("https://receiver.test#x", "https://receiver.test/#x", "https://a.test/b c", "https://a b.test/"),
        *("https://a.test:0/", "https://a.test:65536/", "https://a.test:99999/", "https://a.test:x/"),
        *("https://a.test\\@evil.test/", "https://a.test/\r\nX: y", "https://a.test\n/", "https://a\x00b.test/"),
        *("https://m\xfcller.test/", "https://a.test/\xfc", "https://a.test/\u2028b", "https://\uff1127.0.0.1/"),
        *("https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://1.2.3.4.5/"),
        *("https://a..test/", "https://.test/", "https://a.test./", "https://-a.test/", f"https://{'a' * 64}.test/"),
        *(f"https://{'a.' * 130}test/", "https://[::1/", "https://::1/", "https://[fe80::1%25eth0]/", "https://[x]/"),
        *("eventbridge:", "eventbridge:a b", "eventbridge:arn:aws:sqs:eu-central-1:123456789012:q"),
        f"eventbridge:{'a' * 257}",
    ],
)
def test_what_is_no_address_is_none_anywhere(url: str) -> None:
    for may_be_private in (False, True):
        with pytest.raises(Invalid) as caught:
            checked_url(url, may_be_private)
        assert (caught.value.code, caught.value.field) == ("url_malformed", "url")


def test_an_address_is_bounded() -> None:
    url = "https://receiver.test/"
    assert checked_url(url.ljust(MAX_URL, "x"), may_be_private=False)
    with pytest.raises(Invalid) as caught:
        checked_url(url.ljust(MAX_URL + 1, "x"), may_be_private=False)
    assert (caught.value.code, caught.value.params) == ("text_too_long", {"most": MAX_URL})


def test_only_one_machine_may_allow_what_is_not_encrypted_or_has_a_name_of_one_word() -> None:
    for url, code in (("http://receiver.test/", "url_not_encrypted"), ("https://localhost/", "url_not_public")):
        assert checked_url(url, may_be_private=True) == url
        with pytest.raises(Invalid) as caught:
            checked_url(url, may_be_private=False)
        assert caught.value.code == code


@given(st.one_of(st.text(), urls(), st.builds("https://{}".format, st.text("a.:/@[]1\\%#?\n\xfc"))))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    for may_be_private in (False, True):
        try:
            url = checked_url(text, may_be_private)
        except Invalid:
            continue
        assert checked_url(url, may_be_private) == url
        assert url.isascii()
        assert url.isprintable()
        if not url.startswith("eventbridge:"):
            parts = http_address(url)
            assert url == f"{parts.scheme}://{parts.authority}{parts.target}"


# --- answers -----------------------------------------------------------------------------------------------------


def test_only_a_whole_answer_of_2xx_is_a_delivery() -> None:
    assert Answer(200, "", None).ok
    assert Answer(299, "", None).ok
    for status in (None, 100, 199, 300, 404, 500):
        assert not Answer(status, "", None).ok
    assert not Answer(200, "", "timeout").ok


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example/services/T0/SECRET?token=x", "https://hooks.example"),
        ("http://[::1]:8080/in", "http://[::1]:8080"),
        ("eventbridge:seatkeeper-prod-events", "eventbridge:seatkeeper-prod-events"),
    ],
)
def test_to_others_an_address_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert without_path(url) == shown
