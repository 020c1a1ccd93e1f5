"""A browser that has found the name of a stage in the DNS: cookies and redirects are below the stage's prefix."""

import httpx

from tests.portal.browser import Browser, Page
from tests.stage.emulator import TIMEOUT_SECONDS
from tests.stage.operator import STAGE

PREFIX = f"/{STAGE.name}"


class StageBrowser(Browser):
    """At an address that knows stages by the name that is asked for."""

    def __init__(self, endpoint: str, host: str) -> None:
        self.http = httpx.Client(base_url=endpoint, headers={"Host": host}, timeout=TIMEOUT_SECONDS)

    def upload(self, page: Page, action: str, name: str, content: bytes) -> Page:
        """Fill in a form by a file."""
        files = {"file": (name, content, "text/csv")}
        return Page(self.http.post(action, data=page.form(action).fields, files=files, follow_redirects=True))
