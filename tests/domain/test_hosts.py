"""Names of hosts: in which form one is stored, and what of a request can be one."""

import pytest

from chalicelib.domain.hosts import MAX_HOST, portal_host, requested_host
from tests.usecases.support import refused

LONGEST = ".".join(["a" * 63] * 3 + ["b" * (MAX_HOST - 3 * 64)])


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" Lizenzen.Qbitec.DE\n", "lizenzen.qbitec.de"),
        ("lizenzen.b\xfcro.example", "lizenzen.xn--bro-hoa.example"),
        ("lizenzen.xn--bro-hoa.example", "lizenzen.xn--bro-hoa.example"),
        ("lizenzen\u200b.qbitec.de", "lizenzen.qbitec.de"),
        (LONGEST, LONGEST),
        ("", ""),
        (" ", ""),
    ],
)
def test_a_host_is_stored_as_dns_knows_it(given: str, stored: str) -> None:
    assert portal_host(given) == stored
    assert portal_host(stored) == requested_host(stored) == stored


@pytest.mark.parametrize(
    "given",
    [
        "https://lizenzen.qbitec.de",
        "lizenzen.qbitec.de/portal",
        "lizenzen.qbitec.de:443",
        "lizenzen.qbitec.de.",
        "lizenzen_1.qbitec.de",
        "-lizenzen.qbitec.de",
        "localhost",
        "192.0.2.1",
        "[2001:db8::1]",
        "*.qbitec.de",
        "xn--\xfc.de",
        f"a{LONGEST}",
        "\u200b",
    ],
)
def test_what_is_no_name_of_a_host_is_refused(given: str) -> None:
    with refused("portal_host_malformed"):
        portal_host(given)


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("Lizenzen.Qbitec.de", "lizenzen.qbitec.de"),
        ("lizenzen.qbitec.de.:8443", "lizenzen.qbitec.de"),
        (f"{LONGEST}:65535", LONGEST),
        *((text, "") for text in ("", "localhost:8000", "192.0.2.1", "[2001:db8::1]:80", "a b.de", f"a{LONGEST}")),
        ("evil.test/lizenzen.qbitec.de", ""),
    ],
)
def test_a_request_names_a_host_with_a_port_or_none_that_can_be_filed(header: str, host: str) -> None:
    assert requested_host(header) == host
