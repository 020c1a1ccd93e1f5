"""docs/management-requests.md: of each request of the public collection, what answers it or why nothing does."""

from tests.docs.management_requests import NOT_BUILT, PAGE, REQUESTS, TITLE, calls, table
from tests.docs.pages import section


def test_each_request_is_answered_or_it_is_said_why_not() -> None:
    answered, numbers = set(calls()), set(range(1, len(REQUESTS) + 1))
    assert len(numbers) == 102
    assert numbers - answered == set(NOT_BUILT), "take the reason away of what is built now, and write the page"


def test_the_page_has_them_all() -> None:
    written = "`.venv/bin/python -m tests.docs.management_requests` writes it"
    assert section(PAGE.read_text(), TITLE).strip() == table(), written
