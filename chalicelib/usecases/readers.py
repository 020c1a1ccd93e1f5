"""In which language and time zone a person reads."""

from chalicelib.domain.catalog import Company
from chalicelib.domain.users import User
from chalicelib.languages import Reader


def reader_of(user: User, company: Company, accepted: str = "") -> Reader:
    """What the user has chosen; else the language that the browser asks for (`languages.accepted`), where one is known
    to ask, or the company's, and its time zone.
    """
    return Reader(user.language or accepted or company.language, user.time_zone or company.time_zone)
