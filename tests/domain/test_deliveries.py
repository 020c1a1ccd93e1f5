"""What becomes of an endpoint's queue by what it answers."""

import pytest

from chalicelib.domain.deliveries import Queue
from chalicelib.domain.webhooks import Answer
from tests.support import NOW

QUEUE = Queue(0, "ACME", 1, "mark", NOW)


@pytest.mark.parametrize(
    ("answer", "error"), [(Answer(500, "", None), "500"), (Answer(302, "", "redirected"), "redirected")]
)
def test_an_endpoint_that_fails_says_why_until_it_takes_something(answer: Answer, error: str) -> None:
    failed = QUEUE.failed(answer, NOW)
    assert (failed.failing_since, failed.last_error) == (NOW, error)
    again = failed.failed(Answer(None, "", "timeout"), NOW + 60_000)
    assert (again.failing_since, again.last_error) == (NOW, "timeout")
    assert again.succeeded() == QUEUE
