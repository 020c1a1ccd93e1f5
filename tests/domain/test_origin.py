"""Where a log-in comes from: one network for one customer of a provider."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.origin import (
    MAX_OF_ACCOUNT,
    MAX_OF_ACCOUNT_IN_ALL,
    MAX_OF_ADDRESS,
    MAX_OF_PASSWORD,
    Failures,
    guard_strangers,
    network_of,
)
from tests.domain.samples import NOW


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:DB8:1:2::", "2001:db8:1::"),
        ("2001:db8:1:100::1", "2001:db8:1:100::"),
        ("", ""),
        ("unknown", ""),
        ("198.51.100.7:8080", ""),
    ],
)
def test_an_address_is_its_network(ip: str, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(("which", "most"), list(enumerate([MAX_OF_ACCOUNT, MAX_OF_ADDRESS, MAX_OF_PASSWORD])))
def test_strangers_wait_from_the_last_failure_that_is_borne_until_the_window_is_over(which: int, most: int) -> None:
    def wait(times: int, now: int) -> int | None:
        seen = [Failures(), Failures(), Failures()]
        seen[which] = Failures(times, NOW + 2001)
        try:
            guard_strangers(seen[0], seen[1], seen[2], now)
        except SeatkeeperError as refused:
            return refused.retry_after
        return None

    assert [wait(most - 1, NOW), wait(most, NOW), wait(most, NOW + 2000), wait(most, NOW + 2001)] == [None, 3, 1, None]


def test_one_who_has_not_failed_yet_waits_for_few_others_no_longer_than_for_many() -> None:
    for times, waits in ((MAX_OF_ACCOUNT, False), (MAX_OF_ACCOUNT_IN_ALL - 1, False), (MAX_OF_ACCOUNT_IN_ALL, True)):
        try:
            guard_strangers(Failures(times, NOW + 1), Failures(), Failures(), NOW, is_first=True)
        except SeatkeeperError:
            assert waits
        else:
            assert not waits
