"""What a use case answers whoever calls it in this process, as it stands in a history."""

from collections.abc import Callable

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from tests.proof.history import BUSY, CRASHED, DIED
from tests.proof.weather import Died
from tests.race.clients import OK


def answer_of(deed: Callable[[], object]) -> str:
    """Do it; raises nothing."""
    try:
        deed()
    except Unavailable:
        return BUSY
    except SeatkeeperError as refused:
        return refused.code
    except Died:
        return DIED
    except Exception as error:  # a bug is an answer that is never right
        return f"{CRASHED}: {type(error).__name__}: {error}"
    return OK
