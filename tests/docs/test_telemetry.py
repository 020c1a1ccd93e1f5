"""docs/telemetry.md: every field and every metric is in it, and its lines are such as are written."""

import json
import re

from chalicelib import observability
from chalicelib.portal.error_pages import FORM_EXPIRED_CODE
from chalicelib.web.errors import ERRORS
from tests.docs.pages import DOCS, blocks
from tests.emf import metrics, mistakes

PAGE = (DOCS / "telemetry.md").read_text()
LINES = [json.loads(text) for text in blocks(PAGE, "json")]


def rows(first: str) -> list[str]:
    """The names in the first column of a table."""
    table = PAGE.split(f"| {first} |", 1)[1].split("\n\n", 1)[0]
    cells = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_every_field_is_documented_and_no_other() -> None:
    assert sorted(rows("field")) == sorted(observability.FIELDS)


def test_every_metric_is_documented_with_its_unit_and_no_other() -> None:
    assert rows("metric") == list(observability.METRICS)
    for line in LINES:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                assert f"| `{metric['Name']}` | {metric['Unit']} |" in PAGE


def test_every_outcome_is_a_code_that_the_page_leads_to() -> None:
    assert FORM_EXPIRED_CODE not in ERRORS
    assert f"`{FORM_EXPIRED_CODE}`" in PAGE


def test_the_lines_of_the_page_are_such_as_are_written() -> None:
    assert [line["kind"] for line in LINES] == ["request", "sweep"]
    for line in LINES:
        answer = {*observability.FIELDS, *observability.METRICS, observability.STAGE, observability.CODE, "_aws"}
        assert set(line) - answer == set()
        assert mistakes(line) == []
        assert metrics(line)


def test_queries_search_for_fields_that_are_written() -> None:
    queries = "\n".join(blocks(PAGE, "text"))
    searched = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", queries)) | set(re.findall(r"filter (\w+)", queries))
    outcomes = set(re.findall(r'outcome = "(\w+)"', queries))
    assert searched - outcomes - set(observability.FIELDS) == set()
    assert outcomes <= set(ERRORS)
