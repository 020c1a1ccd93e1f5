"""`--csv`: the rows of commands that list, as tables."""

import csv
import io

import pytest

from chalicelib.domain.spreadsheet import as_meant, cell_of
from chalicelib.domain.types import Json
from infra.admin.command_table import COMMANDS
from tests.infra.operator import Operator
from tests.support import Vendor
from tests.whole_vendor import FORMULA, fill


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "line",
    [
        "license list --company {code}",
        "license find --company {code} office@customer.test",
        "license history {license}",
        "order list --company {code}",
        "customer list --company {code}",
        "product list --company {code}",
        "feature list --company {code} --product viewer",
        "device list --license {license}",
        "company history {code}",
        "label list --company {code}",
    ],
)
def test_the_rows_are_those_of_the_document(operator: Operator, vendor: Vendor, line: str) -> None:
    fill(vendor)
    (license,) = operator.asks(f"license find --company {vendor.code} THEIR-OWN-1")["licenses"]
    typed = line.format(code=vendor.code, license=license["license"])
    rows: list[Json] = next(value for value in operator.asks(typed).values() if isinstance(value, list))
    header, *body = table(operator.reads(f"{typed} --csv"))
    assert header == list(rows[0])
    assert [[as_meant(cell) for cell in row] for row in body] == [[*map(cell_of, row.values())] for row in rows]


def test_no_cell_is_a_formula(operator: Operator, vendor: Vendor) -> None:
    fill(vendor)
    header, *body = table(operator.reads(f"customer list --company {vendor.code} --csv"))
    names = {row[header.index("company_name")] for row in body}
    assert any(name.startswith("'=") and as_meant(name) == FORMULA for name in names)


def test_who_gets_a_part_is_told_how_to_go_on(operator: Operator, vendor: Vendor) -> None:
    made = []
    for _ in range(3):
        vendor.now += 1
        made.append(vendor.issue().id)
    line = f"license list --company {vendor.code} --csv"
    assert operator.noted(f"{line} --limit 2") == f"There are more: go on with --after {made[1]}.\n"
    assert operator.noted(f"{line} --limit 3") == ""
    assert [row[0] for row in table(operator.reads(f"{line} --after {made[1]}"))] == ["license", str(made[2])]


def test_where_there_is_nothing_there_is_no_table(operator: Operator, vendor: Vendor) -> None:
    assert operator.reads(f"license list --company {vendor.code} --csv") == "\n"


def test_one_form_is_asked_for(operator: Operator, vendor: Vendor) -> None:
    line = f"license list --company {vendor.code} --csv --json"
    assert "--json: not allowed with argument --csv" in operator.refused(line)
    assert "unrecognized arguments: --csv" in operator.refused("license show 1 --csv")


def test_all_commands_that_list_take_it() -> None:
    verbs = {"list", "find", "history", "log"}
    assert {one.name for one in COMMANDS if one.lists} == {
        one.name for one in COMMANDS if one.name.split()[-1] in verbs
    }
