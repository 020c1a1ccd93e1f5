"""What a first visit costs on the wire."""

import re

import httpx

from tests.portal.browser import Page

_IN_CSS = re.compile(r"""url\(["']?(?!data:)([^"')]+)""")


def first_visit_bytes(base_url: str, path: str, cookies: dict[str, str]) -> int:
    """Bytes of the bodies, as they are sent, of a page and all that it loads, to a browser that keeps nothing yet."""
    with httpx.Client(base_url=base_url, cookies=cookies, headers={"Accept-Encoding": "gzip"}, timeout=30) as http:
        answers = [_get(http, path)]
        for address in Page(answers[0]).loads:
            answers.append(_get(http, address))
            assert not _IN_CSS.search(answers[-1].text), f"{address} loads more: count it here"
    return sum(answer.num_bytes_downloaded for answer in answers)


def _get(http: httpx.Client, address: str) -> httpx.Response:
    answer = http.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return answer
