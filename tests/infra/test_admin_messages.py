"""Sentences of the admin commands: in the words of who types them."""

from chalicelib.web.errors import ERRORS
from infra.admin.messages import MESSAGES

OF_CALLS = ("If-Match", "Idempotency-Key", "PATCH", "POST", "DELETE")


def test_no_sentence_speaks_of_calls_of_an_api() -> None:
    sentences = {code: sentence for code, (_, sentence) in ERRORS.items()} | MESSAGES
    found = {code for code, text in sentences.items() if any(word in text for word in OF_CALLS)}
    assert found == set()
