"""The one rule for emails: what may be assigned, what is found that was assigned before, what people are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.email import MAX_EMAIL, display_email, known_email, normalize_email
from chalicelib.domain.errors import Invalid, SeatkeeperError


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada@Example.COM\n", "ada@example.com"),
        ("a+b.c_d-e'f@sub.example.co", "a+b.c_d-e'f@sub.example.co"),
        ("a#b@example.com", "a#b@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("\N{KELVIN SIGN}im@example.com", "kim@example.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("ada@de--x.example", "ada@de--x.example"),
        ("ada@4711.example", "ada@4711.example"),
        ("ada@x.4de", "ada@x.4de"),
        # a domain in any letters is kept as mail servers know it
        ("info@b\xfccher.de", "info@xn--bcher-kva.de"),
        ("info@BU\N{COMBINING DIAERESIS}CHER.de", "info@xn--bcher-kva.de"),
        ("info@xn--bcher-kva.de", "info@xn--bcher-kva.de"),
        ("info@XN--BCHER-KVA.de", "info@xn--bcher-kva.de"),
        ("info@stra\xdfe.de", "info@xn--strae-oqa.de"),
        ("info@\u4f8b\u3048\uff0ejp", "info@xn--r8jz45g.jp"),
        ("info@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "info@xn--mgba3gch31f060k.com"),
        # what is pasted along and seen by nobody
        ("ada\N{ZERO WIDTH SPACE}@example.com", "ada@example.com"),
        ("\ufeffada@example.com", "ada@example.com"),
        ("\N{LEFT-TO-RIGHT EMBEDDING}ada@example.com\N{POP DIRECTIONAL FORMATTING}", "ada@example.com"),
        ("ada@exam\N{SOFT HYPHEN}ple.com", "ada@example.com"),
        ("ada@exam\N{ZERO WIDTH JOINER}ple.com", "ada@example.com"),
    ],
    ids=ascii,
)
def test_an_email_has_one_form_in_which_it_is_stored_and_found(text: str, email: str) -> None:
    assert normalize_email(text) == known_email(text) == email


LETTERS = "email_not_ascii"
NO_EMAIL = "email_malformed"
NO_DOMAIN = "email_domain_impossible"
TOO_LONG = "email_too_long"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *(
            (text, NO_EMAIL)
            for text in (
                *("", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "a@b@example.com"),
                *("ada lovelace@example.com", "ada@example..com", "ada@.example.com", "ada@example.com."),
                *("ada@-example.com", "ada@example-.com", "ada@example.com#x", "ada@exam_ple.com"),
                *(
                    "mailto:don@example.com",
                    "a..b@x.com",
                    ".a@x.com",
                    "a.@x.com",
                    "a,b@x.com",
                    "a;b@x.com",
                    '"a b"@x.com',
                ),
                *("user@1.2.3.4", "user@[1.2.3.4]", "user@example.4", "don@example.com>", "Don <don@example.com>"),
                *("a" * 65 + "@example.com", "ada@" + "e" * 64 + ".com", "ada\x00@example.com", "ada\x7f@example.com"),
            )
        ),
        *(
            (text, LETTERS)
            for text in (
                *("m\xfcller@example.com", "o\u2019brien@example.com", "d\u043en@example.com", "\u0131da@example.com"),
                *("e\N{COMBINING ACUTE ACCENT}va@example.com", "ada\N{NO-BREAK SPACE}l@example.com", "\uff41da@x.com"),
            )
        ),
        ("ada@\xe4_b.com", NO_DOMAIN),
        ("ada@xn--zzzz.com", NO_DOMAIN),
        ("ada@" + "\xe4" * 70 + ".com", NO_DOMAIN),
        ("ada@ex\ud800.com", NO_DOMAIN),
        ("ada@" + "e." * 125 + "com", TOO_LONG),
        ("a" * 400 + "@example.com", TOO_LONG),
    ],
    ids=ascii,
)
def test_what_cannot_be_mailed_is_refused_with_the_cause(text: str, why: str) -> None:
    with pytest.raises(SeatkeeperError, match=why) as refused:
        normalize_email(text)
    assert isinstance(refused.value, Invalid)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("M\xdcLLER@example.com", "m\xfcller@example.com"),
        ("mu\N{COMBINING DIAERESIS}ller@example.com", "m\xfcller@example.com"),
        ("o\u2019Brien@example.com", "o\u2019brien@example.com"),
        ("mailto:don@example.com", "mailto:don@example.com"),
        ("a..b@x.com", "a..b@x.com"),
        ("user@1.2.3.4", "user@1.2.3.4"),
        ("info@xn--zzzz.de", "info@xn--zzzz.de"),
    ],
    ids=ascii,
)
def test_an_account_of_yesterday_is_found_by_the_email_that_it_has(typed: str, stored: str) -> None:
    with pytest.raises(SeatkeeperError):
        normalize_email(typed)
    assert known_email(typed) == known_email(stored) == stored


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("ada@example.com", "ada@example.com"),
        ("info@xn--bcher-kva.de", "info@b\xfccher.de"),
        ("info@mail.xn--bcher-kva.xn--p1ai", "info@mail.b\xfccher.\u0440\u0444"),
        ("info@xn--pple-43d.com", "info@xn--pple-43d.com"),
        ("info@xn--zzzz.de", "info@xn--zzzz.de"),
    ],
)
def test_a_domain_is_shown_in_its_own_letters_unless_they_pose_as_others(email: str, shown: str) -> None:
    assert display_email(email) == shown


ANY = st.text() | st.builds("{}@{}.com".format, st.text(min_size=1), st.text(min_size=1))
PLAIN = st.text("az09.+-_'", min_size=1, max_size=10)
LIKELY = st.builds("{}@{}.com".format, PLAIN, st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8))


@given(ANY | LIKELY)
def test_any_text_is_an_email_that_can_be_mailed_and_stays_as_it_is_or_refused(text: str) -> None:
    try:
        email = normalize_email(text)
    except SeatkeeperError as refused:
        assert isinstance(refused, Invalid)
    else:
        assert email.isascii()
        assert email.isprintable()
        assert len(email) <= MAX_EMAIL
        assert email.count("@") == 1
        assert normalize_email(email) == known_email(email) == known_email(text) == email
        assert normalize_email(display_email(email)) == email
