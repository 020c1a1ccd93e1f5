"""Let the log-ins of an account be tried again, whoever has locked it."""

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.retry import decide_and_write


def unlock(company: str, email: str, actor: Actor, *, now: Instant) -> User:
    """Forget the failed log-ins of an account, wherever they came from. Raises `NotFound`: `user_not_found`."""

    def write(user: User, _: User) -> None:
        accounts.unlock(user, Event.new("user_unlocked", actor, now, user=user.email, user_id=user.id))

    return decide_and_write(lambda _: find_account(company, email), lambda user: user, write)[1]
