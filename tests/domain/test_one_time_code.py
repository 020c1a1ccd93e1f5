"""One-time codes: eight digits, and three mails in any hour."""

import random
import re

from chalicelib.domain.one_time_code import (
    MAIL_WINDOW_MS,
    MAX_MAILS,
    VALID_MS,
    OneTimeCode,
    new_code,
    replaced,
    typed_code,
)
from tests.domain.samples import NOW


def test_a_code_is_eight_digits_and_no_other_one() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"[0-9]{8}", code) for code in codes)
    assert len({code[0] for code in codes}) == 10, "it may begin with any digit"


def test_spaces_in_what_is_typed_mean_nothing() -> None:
    assert typed_code(" 1234 5678\u00a0\r\n") == "12345678"


def test_a_new_code_may_be_tried_anew_until_a_quarter_of_an_hour_from_now() -> None:
    old = OneTimeCode("old", NOW + 1, tries=5, used=True, mailed=(NOW - 1,))
    assert replaced(old, "new", NOW) == OneTimeCode("new", NOW + VALID_MS, 0, False, (NOW - 1, NOW))


def test_no_hour_has_more_than_three_mails_however_they_are_spread() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    code, now, mails = OneTimeCode(), NOW, list[int]()
    for number in range(2000):
        now += drawn.choice([0, 1, MAIL_WINDOW_MS // 9, MAIL_WINDOW_MS // 2, MAIL_WINDOW_MS - 1, MAIL_WINDOW_MS])
        new = replaced(code, str(number), now)
        recent = [at for at in mails if at > now - MAIL_WINDOW_MS]
        assert (new is None) is (len(recent) >= MAX_MAILS), "as often as it may, and no more"
        if new is not None:
            code = new
            mails.append(now)
            assert len(code.mailed) <= MAX_MAILS
