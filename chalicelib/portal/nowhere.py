"""The page of an address at which there is none: it leads back."""

from typing import Any

from chalice.app import Response

from chalicelib.domain.errors import NotFound
from chalicelib.portal.handlers import PageHandler
from chalicelib.portal.request import PortalRequest


def _nothing(_request: PortalRequest, _parts: dict[str, Any]) -> Response:
    raise NotFound("not_found")


nowhere = PageHandler(_nothing)
