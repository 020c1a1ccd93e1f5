"""The demo of a first start: made step by step, once, whatever cuts it short or happens to it since."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.store import accounts, licenses, reads, transactions
from chalicelib.store.items.accounts import ApiKeyItem, CompanyItem
from chalicelib.usecases.audit import audit
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.policies import find_policies
from chalicelib.usecases.product_features import find_features
from chalicelib.web import clock
from infra import demo, local
from tests.infra.operator import DEMO
from tests.signing_keys import held, key, keyring
from tests.support import ADMIN, ChangeRuntime, Vendor


class CutShortError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch, vendor: Vendor) -> str:
    """A code for the demo's company that no other test uses."""
    code = f"{vendor.code}-DEMO"
    monkeypatch.setattr(demo, "COMPANY", code)
    return code


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("at", range(11))
def test_a_seed_that_was_cut_short_is_finished_and_not_doubled(
    at: int, is_written: bool, company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at each of its eleven writes, before it and after it."""
    commit, begun = transactions.Transaction.commit, 0

    def commit_or_end(self: transactions.Transaction) -> None:
        nonlocal begun
        begun += 1
        if begun <= at or is_written:
            commit(self)
        if begun > at:
            raise CutShortError

    with monkeypatch.context() as patched:
        patched.setattr(transactions.Transaction, "commit", commit_or_end)
        with pytest.raises(CutShortError):
            demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())
    assert not local.demo_file(tmp_path).exists()

    answer, is_new = demo.seed(tmp_path, "http://127.0.0.1:2", now=clock.now())
    assert is_new
    assert_one_demo(company, answer)
    again = demo.seed(tmp_path, "http://127.0.0.1:3", now=clock.now())
    assert again == (answer | {"base_url": "http://127.0.0.1:3"}, False)
    assert_one_demo(company, answer)


def assert_one_demo(company: str, expected: dict[str, Any]) -> None:
    """All of the demo is stored, once, and is in `demo.json`."""
    assert reads.get(CompanyItem(company, "company")) is not None
    stored = [licenses.read_license(company, id) for id in licenses.license_ids(company)]
    assert [(license.product, license.users_assigned) for license in stored if license] == [("revit", 1), ("viewer", 0)]
    assert [license.id for license in stored if license] == [license["id"] for license in expected["licenses"]]
    assert [item.api_key for item in reads.query(ApiKeyItem, company, "apikey#")] == [expected["api_key"]]
    assert [policy.code for policy in find_policies(company, "viewer")] == [expected["policy"]]
    assert len(find_features(company, "viewer")) == 2
    assert expected["manager"]["password"]
    assert expected["license_user"]["initial_password"]
    for email in (demo.MANAGER, demo.USER):
        assert accounts.user_of_email(company, email) is not None
    assert [difference for _, found in audit(company) for difference in found] == []


def test_what_the_operator_has_changed_in_the_demo_stays_changed(company: str, tmp_path: Path) -> None:
    answer, _ = demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())
    remove_user(company, answer["licenses"][0]["id"], demo.USER, ADMIN, now=clock.now())
    demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())
    revit = licenses.read_license(company, answer["licenses"][0]["id"])
    assert revit is not None
    assert revit.users_assigned == 0


def test_a_demo_json_that_is_lost_after_a_rotation_tells_an_api_key_and_the_key_that_answers_it(
    company: str, tmp_path: Path, change_runtime: ChangeRuntime
) -> None:
    for number, secrets in enumerate((held(1), held(2, 1)), start=1):
        change_runtime(keyring=keyring(secrets))
        answer, _ = demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())
        stored = accounts.read_api_key(company, answer["api_key"])
        assert stored is not None
        assert (stored.signing_key, answer["public_key"]) == (key(number).id, key(number).public_key)
        local.demo_file(tmp_path).unlink()


def test_data_that_was_deleted_is_made_anew_in_spite_of_demo_json(company: str, tmp_path: Path) -> None:
    local.write_private(local.demo_file(tmp_path), DEMO | {"api_key": "gone"})
    assert_one_demo(company, demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())[0])
