"""The page of an address at which there is none: it leads back."""

from typing import Any

from chalice.app import Response

from chalicelib.portal.request import Ask
from chalicelib.portal.screen import NotFound, Screen


def _nothing(_ask: Ask, _parts: dict[str, Any]) -> Response:
    raise NotFound


nowhere = Screen(_nothing)
