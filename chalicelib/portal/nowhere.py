"""The page of an address at which there is none: it leads back."""

from chalice.app import Response

from chalicelib.domain.errors import NotFound
from chalicelib.portal.context import Parts
from chalicelib.portal.handlers import PageHandler
from chalicelib.portal.request import PortalRequest


def _nothing(_request: PortalRequest, _parts: Parts) -> Response:
    raise NotFound("not_found")


nowhere = PageHandler(_nothing)
