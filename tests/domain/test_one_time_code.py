"""One-time codes: eight digits, and three mails in any hour."""

import random
import re

from chalicelib.domain.one_time_code import (
    MAIL_WINDOW_MS,
    MAX_FIRST_FOR_STRANGERS,
    MAX_FOR_STRANGERS,
    MAX_MAILS,
    CodeRequests,
    new_code,
    typed_code,
    with_request,
)
from chalicelib.domain.origin import Origin
from tests.domain.samples import NOW


def test_a_code_is_eight_digits_and_no_other_one() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"[0-9]{8}", code) for code in codes)
    assert len({code[0] for code in codes}) == 10, "it may begin with any digit"


def test_spaces_in_what_is_typed_mean_nothing() -> None:
    assert typed_code(" 1234 5678\u00a0\r\n") == "12345678"


NOTHING = CodeRequests()
STRANGER, OTHER = Origin("198.51.100.1"), Origin("198.51.100.2")
KNOWN = Origin("198.51.100.1", "browser 1")


def ask(origin: Origin, times: int, asked: CodeRequests = NOTHING) -> CodeRequests:
    for _ in range(times):
        asked = with_request(asked, origin, NOW) or asked
    return asked


def test_no_hour_has_more_than_three_mails_for_one_address_however_they_are_spread() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    asked, now, mails = CodeRequests(), NOW, list[int]()
    for _ in range(2000):
        now += drawn.choice([0, 1, MAIL_WINDOW_MS // 9, MAIL_WINDOW_MS // 2, MAIL_WINDOW_MS - 1, MAIL_WINDOW_MS])
        new = with_request(asked, STRANGER, now)
        recent = [at for at in mails if at > now - MAIL_WINDOW_MS]
        assert (new is None) is (len(recent) >= MAX_MAILS), "as often as it may, and no more"
        if new is not None:
            asked = new
            mails.append(now)
            assert len(asked.mailed) <= MAX_MAILS


def test_a_stranger_uses_up_nobody_elses_mails() -> None:
    asked = ask(STRANGER, 5)
    assert with_request(asked, STRANGER, NOW) is None
    assert with_request(asked, OTHER, NOW) is not None
    assert with_request(asked, KNOWN, NOW) is not None, "though it is at the same address"


def test_all_strangers_together_flood_no_mailbox_and_keep_out_nobody_who_is_known() -> None:
    asked = CodeRequests()
    for number in range(MAX_FOR_STRANGERS // MAX_MAILS):
        asked = ask(Origin(f"198.51.100.{number}"), MAX_MAILS, asked)
    assert len(asked.mailed) == MAX_FOR_STRANGERS
    for number in range(50):
        asked = ask(Origin(f"203.0.113.{number}"), MAX_MAILS, asked)
        assert len(asked.mailed) == min(MAX_FOR_STRANGERS + number + 1, MAX_FIRST_FOR_STRANGERS)
    assert len(ask(KNOWN, 5, asked).mailed) == MAX_FIRST_FOR_STRANGERS + MAX_MAILS
