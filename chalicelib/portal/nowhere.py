"""The page of an address at which there is none: it leads back."""

from typing import Any

from chalice.app import Response

from chalicelib.portal.handlers import NotFound, PageHandler
from chalicelib.portal.request import PortalRequest


def _nothing(_request: PortalRequest, _parts: dict[str, Any]) -> Response:
    raise NotFound


nowhere = PageHandler(_nothing)
