"""What the audit finds wrong: every code has its sentence, and is found somewhere."""

import ast
from pathlib import Path
from typing import get_args

from chalicelib.domain.faults import FaultCode
from chalicelib.store.links import Fault
from infra.admin.differences import MESSAGES, difference, differences

FOUND_IN = ("store/links.py", "store/missing_links.py", "usecases/audit.py")


def test_every_code_has_a_sentence_and_is_found() -> None:
    root = Path(__file__).parents[2] / "chalicelib"
    named = {
        node.value
        for path in FOUND_IN
        for node in ast.walk(ast.parse((root / path).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = set(get_args(FaultCode))
    assert (codes - MESSAGES.keys(), MESSAGES.keys() - codes, codes - named) == (set(), set(), set())


def test_what_is_wrong_several_times_in_the_same_way_is_said_once() -> None:
    faults = [Fault(7, "device_link_missing"), Fault(7, "license_gone"), Fault(7, "device_link_missing")]
    assert differences(faults) == ["a device is not linked to its user (2 times)", "the license is gone"]
    assert (
        difference(Fault(7, "email_link_wrong", {"user": 9})) == "an email leads to the user 9, whose email it is not"
    )
