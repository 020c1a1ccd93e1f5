"""What stands directly below the portal and is no page: a company's code leads to its log-in, anything else leads back.

Whether there is a company of that code is all that a stranger is told; one in capitals, as codes are, is not even
looked for here. On the host of a company there is no other.
"""

from urllib.parse import urlencode

from chalice.app import Response

from chalicelib.domain.catalog import COMPANY_CODE
from chalicelib.domain.errors import NotFound
from chalicelib.portal.context import Parts
from chalicelib.portal.handlers import LOG_IN, PageHandler, redirect
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.branding import company_of_host, known_company


def _of_company(request: PortalRequest, parts: Parts) -> Response:
    code, own = parts["nowhere"], company_of_host(request.host, now=request.now)
    if own is not None and code.upper() != own.code:
        raise NotFound("not_found")
    if not COMPANY_CODE.fullmatch(code) and known_company(code) is None:
        raise NotFound("not_found")
    return redirect(request, f"{LOG_IN}?{urlencode({'company': code.upper()})}")


nowhere = PageHandler(_of_company)
