"""What a client does in a storm. Each runs in a thread of one of the crew's processes, and answers its notes."""

import random

from tests.race.clients import Call, Client
from tests.race.crew import has_ended, note_answer

PAUSE_SECONDS = 0.02
"""For which a client that got no answer waits: a server that is down must not be stormed by those it keeps waiting."""


def activate(client: Client) -> list[Call]:
    """Activate once."""
    client.activate()
    return _done(client)


def deactivate(client: Client) -> list[Call]:
    """Deactivate once."""
    client.deactivate()
    return _done(client)


def lose_and_repeat(client: Client) -> list[Call]:
    """Activate, and hang up before the answer, twice; then stay for it, and check."""
    for _ in range(2):
        client.activate_and_hang_up()
    client.activate()
    client.check()
    return _done(client)


def mix(client: Client, seed: int, steps: int) -> list[Call]:
    """Make so many calls at random."""
    dice = random.Random(seed)
    for _ in range(steps):
        _any_call(client, dice)
    return _done(client)


def carry_on(client: Client, seed: int) -> list[Call]:
    """Make calls at random until told to end.

    A call without an answer may still take effect, however late. So nothing more is built on its device: it gives its
    place back, whether it has one or not, and the client goes on with a new device.
    """
    dice, calls = random.Random(seed), []
    while not has_ended():
        if _any_call(client, dice).is_answered:
            note_answer()
            continue
        while not has_ended(PAUSE_SECONDS) and not client.deactivate().is_answered:
            pass
        calls += _done(client)
        client = client.successor()
    return calls + _done(client)


def _any_call(client: Client, dice: random.Random) -> Call:
    call = dice.choices([client.activate, client.check, client.deactivate], [5, 2, 3])[0]
    return call()


def _done(client: Client) -> list[Call]:
    client.close()
    return client.calls
