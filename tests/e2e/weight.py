"""What a visit costs on the wire: the first one, and one more."""

import re

import httpx

from tests.portal.browser import Page

_LATER = re.compile(r'hx-get="([^"]+)" hx-trigger="load"')
"""A part of a page that is asked for once the page is there."""
_IN_CSS = re.compile(r"""url\(["']?(?!data:)([^"')]+)""")


def first_visit_bytes(base_url: str, path: str, cookies: dict[str, str]) -> int:
    """Bytes of the bodies, as they are sent, of a page and all that it loads, to a browser that keeps nothing yet."""
    with httpx.Client(base_url=base_url, cookies=cookies, headers={"Accept-Encoding": "gzip"}, timeout=30) as http:
        answers = [_get(http, path)]
        for address in Page(answers[0]).loads:
            answers.append(_get(http, address))
            assert not _IN_CSS.search(answers[-1].text), f"{address} loads more: count it here"
    return sum(answer.num_bytes_downloaded for answer in answers)


def next_visit_bytes(base_url: str, path: str, cookies: dict[str, str]) -> int:
    """Bytes, heads of answers among them, of a page and all that it loads, to a browser that keeps what it may keep."""
    with httpx.Client(base_url=base_url, cookies=cookies, headers={"Accept-Encoding": "gzip"}, timeout=30) as http:
        page = _get(http, path)
        later = [_get(http, address) for address in _LATER.findall(page.text)]
        loaded = [_get(http, address) for address in Page(page).loads]
    asked = [page, *later, *(answer for answer in loaded if "immutable" not in answer.headers["Cache-Control"])]
    return sum(answer.num_bytes_downloaded + _head_bytes(answer) for answer in asked)


def _head_bytes(answer: httpx.Response) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in answer.headers.raw)


def _get(http: httpx.Client, address: str) -> httpx.Response:
    answer = http.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return answer
