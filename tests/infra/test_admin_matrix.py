"""Every noun of the admin commands has every verb that means something with it, and docs/admin.md says which."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from chalicelib.domain.types import Json
from infra.admin.command_table import COMMANDS
from infra.serve import ROOT
from tests.infra.operator import Operator
from tests.infra.test_admin import TEXTS, things
from tests.support import Vendor

VERBS = ("list", "find", "show", "set", "history", "delete")
NO_RECORD = {"audit", "explain", "export", "import", "report", "secrets", "signing-key", "sweep"}
"""What is about a company or a stage as a whole, and nothing that there are several of."""
_IN_COMPANY, _IN_PRODUCT = "it stands in `company history`", "it stands in `product history`"
_FEW = "there are few: {} names them all"
IN_THE_PLACE: Mapping[tuple[str, str], str] = {
    ("company", "find"): _FEW.format("`company list`"),
    ("product", "find"): _FEW.format("`product list`"),
    ("product", "delete"): "licenses name it: `product set` archives it",
    ("feature", "find"): _FEW.format("`feature list`"),
    ("feature", "history"): _IN_PRODUCT,
    ("field", "find"): _FEW.format("`field list`"),
    ("field", "history"): _IN_PRODUCT,
    ("policy", "find"): _FEW.format("`policy list`"),
    ("policy", "history"): _IN_PRODUCT,
    ("apikey", "find"): _FEW.format("`apikey list`"),
    ("apikey", "set"): "what it may do is for good: `apikey disable`, `apikey enable`, or another key",
    ("apikey", "history"): _IN_COMPANY,
    ("apikey", "delete"): "`apikey revoke`: what it did still names it",
    ("management-key", "find"): _FEW.format("`management-key list`"),
    ("management-key", "set"): "what it may do is for good: `management-key create` makes another",
    ("management-key", "history"): _IN_COMPANY,
    ("management-key", "delete"): "`management-key revoke`: what it did still names it",
    ("scheduled-update", "find"): "`scheduled-update list` has those of a license",
    ("scheduled-update", "history"): "it stands in `license history`",
    ("order", "delete"): "what was sold stays: `license delete` takes its licenses",
    ("label", "find"): _FEW.format("`label list`"),
    ("label", "history"): _IN_COMPANY,
    ("customer-account", "find"): _FEW.format("`customer-account list`"),
    ("customer-account", "history"): _IN_COMPANY,
    ("user", "delete"): "`user close`: nobody else is to get the email's past",
    ("device", "delete"): "`device reset` frees its place",
    ("webhook", "find"): _FEW.format("`webhook list`"),
    ("webhook", "history"): "`webhook log` has what was sent, `company history` what was changed",
}
"""Why a noun has not one of these verbs, and what there is in its place."""
NAMES = {command.name for command in COMMANDS}
NOUNS = [*dict.fromkeys(name.partition(" ")[0] for name in NAMES)]


def verbs_of(noun: str) -> list[str]:
    """All that a noun has, those of every noun first."""
    found = [name.partition(" ")[2] for name in (command.name for command in COMMANDS) if name.startswith(f"{noun} ")]
    return sorted(found, key=lambda verb: (VERBS.index(verb) if verb in VERBS else len(VERBS), verb))


def table() -> list[str]:
    """The rows of the table in docs/admin.md."""
    order = dict.fromkeys(command.name.partition(" ")[0] for command in COMMANDS)
    return [f"| {noun} | {', '.join(f'`{verb}`' for verb in verbs_of(noun))} |" for noun in order if verbs_of(noun)]


def test_every_noun_has_every_verb_or_it_is_said_what_there_is_in_its_place() -> None:
    records = [noun for noun in NOUNS if noun not in NO_RECORD]
    missing = {(noun, verb) for noun in records for verb in VERBS if f"{noun} {verb}" not in NAMES}
    assert missing == set(IN_THE_PLACE)
    named = {name for reason in IN_THE_PLACE.values() for name in re.findall("`(.+?)`", reason)}
    assert named <= NAMES


def test_the_documentation_says_what_every_noun_has() -> None:
    text = (ROOT / "docs" / "admin.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| [a-z-]+ \| `", line)]
    assert rows == table(), "the rows: \n" + "\n".join(table())


WITH_BOTH = sorted(noun for noun in NOUNS if {"list", "show"} <= {*verbs_of(noun)})


@pytest.mark.parametrize("noun", [noun for noun in WITH_BOTH if noun != "company"])
def test_what_is_shown_of_one_is_what_the_list_says_of_it(
    operator: Operator, vendor: Vendor, tmp_path: Path, noun: str
) -> None:
    given = things(vendor, tmp_path)
    lines = {verb: f"{noun} {verb} {TEXTS[f'{noun} {verb}'][0].format(**given)}" for verb in ("list", "show")}
    shown = operator.asks(lines["show"])
    rows: list[Json] = next(value for value in operator.asks(lines["list"]).values() if isinstance(value, list))
    both = [name for name in rows[0] if name in shown and not isinstance(shown[name], list | dict)]
    same = [row for row in rows if all(shown[name] == row[name] for name in both)]
    assert len(same) == 1
