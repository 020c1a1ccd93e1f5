"""A file is imported whole, whoever dies at it and whoever else is at it, and each of its rows is counted once."""

import itertools

import pytest

from chalicelib.domain.import_results import ImportKind, ImportResult
from chalicelib.domain.types import Json
from chalicelib.store import import_results, reads
from chalicelib.store.items.work import ImportPartItem
from chalicelib.threads import ThreadPool
from chalicelib.usecases import import_files
from chalicelib.usecases.customers import create_customer
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.import_files import continue_import, continue_imports, find_import_result, start_import
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from tests.store.faults import Crash, answer_timed_out, crash_after, wire
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, DAY, Vendor

HEAD = "license__license_key,product__short_code,customer__email,order__store_id\n"
ROWS = (
    "old/1,viewer,ada@studio.test,A-1",
    "old/2,none,eve@studio.test,A-2",
    "old/3,viewer,bob@studio.test,A-3",
    "old/4,viewer,Bob@studio.test,A-3",
    "old/5,viewer,,",
)
COUNTED = {
    "total_row_count": 5,
    "valid_row_count": 4,
    "created_licenses_count": 4,
    "existed_licenses_count": 0,
    "created_customers_count": 1,
    "existed_customers_count": 1,
    "created_orders_count": 2,
    "existed_orders_count": 0,
    "unknown_columns": [],
}
"""Ada was a customer before; whom a refused row alone names is none."""


@pytest.fixture(autouse=True)
def _in_steps_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "ROWS_AT_ONCE", 2)


@pytest.fixture
def shop(vendor: Vendor) -> Vendor:
    """A vendor who has a customer."""
    create_customer(vendor.code, "ada@studio.test", {}, ADMIN, now=vendor.now)
    vendor.now += 1000
    return vendor


def take_in(vendor: Vendor, text: str = HEAD + "\n".join(ROWS), kind: ImportKind = "licenses") -> ImportResult:
    return start_import(vendor.code, kind, text, "old.csv", ADMIN, now=vendor.now)


def go_on(vendor: Vendor, file: ImportResult, steps: int = 9) -> ImportResult:
    left = iter(range(steps - 1))
    return continue_import(vendor.code, file.kind, file.id, lambda: vendor.now, lambda: next(left, None) is not None)


def counts(file: ImportResult) -> Json:
    return {name: count for name, count in file.result.items() if name != "invalid_rows"}


def left_of(vendor: Vendor, file: ImportResult) -> tuple[int, int]:
    """How many jobs and parts of files there are of a company."""
    jobs = [job for job in reads.those_readable(import_results.jobs()) if job.company == vendor.code]
    parts = reads.scan(ImportPartItem, only=("pk",))
    return len(jobs), sum(raw["pk"]["S"].startswith(f"import#{vendor.code}#") for raw in parts)


def test_each_row_is_counted_once_and_what_several_name_once(shop: Vendor) -> None:
    taken = take_in(shop)
    assert (taken.status, taken.done, left_of(shop, taken)) == ("pending", 0, (1, 1))
    file = go_on(shop, taken)
    assert (counts(file), file.status, file.done) == (COUNTED, "error", 5)
    assert [(row["row"], row["code"]) for row in file.result["invalid_rows"]] == [(2, "unknown_product")]
    assert (find_import_result(shop.code, "licenses", file.id), left_of(shop, file)) == (file, (0, 0))
    shop.now += 1000
    again = go_on(shop, take_in(shop)).result
    assert [again[f"{verb}_{noun}_count"] for verb in ("created", "existed") for noun in ("licenses", "customers")] == [
        *(0, 0),
        *(4, 2),
    ]
    assert (again["created_orders_count"], again["existed_orders_count"]) == (0, 2)


def test_it_goes_on_behind_the_rows_that_are_counted(shop: Vendor) -> None:
    taken = take_in(shop)
    halves = [go_on(shop, taken, steps=1) for _ in range(3)]
    assert [(file.status, file.done, file.result["valid_row_count"]) for file in halves] == [
        *(("running", 2, 1), ("running", 4, 3)),
        ("error", 5, 4),
    ]
    assert counts(halves[-1]) == COUNTED
    assert go_on(shop, taken) == halves[-1]  # nothing is left to do


def test_a_death_behind_any_write_loses_no_row_and_counts_none_twice(shop: Vendor) -> None:
    taken = take_in(shop)
    deaths = 0
    while True:
        try:
            with wire(crash_after, range(1, 2)):
                file = go_on(shop, taken)
        except Crash:
            deaths += 1
        else:
            break
    assert (counts(file), file.status, deaths > 3) == (COUNTED, "error", True)
    assert len(list_licenses(shop.code, LicenseFilter(), size=9).rows) == 4


@pytest.mark.parametrize("number", range(1, 3))
def test_a_death_while_a_file_is_taken_in_leaves_it_whole_or_not_at_all(shop: Vendor, number: int) -> None:
    with wire(crash_after, range(number, number + 1)), pytest.raises(Crash):
        take_in(shop)
    continue_imports(lambda: shop.now, lambda: True)
    found = [counts(file) for file in import_results.read_page(shop.code, "licenses", after=None, limit=9)]
    assert found == ([], [COUNTED])[number - 1]


@pytest.mark.parametrize("of", ["TransactWriteItems", "UpdateItem"])
def test_of_two_at_once_the_first_to_be_counted_goes_on(shop: Vendor, of: str) -> None:
    taken = take_in(shop)
    whole = list[ImportResult]()

    def meanwhile(request: Request, send: Send) -> Answer:
        if not whole:
            whole.append(taken)
            whole[:] = [go_on(shop, taken)]
        return send(request)

    with wire(meanwhile, operations=frozenset({of})):
        seen = go_on(shop, taken, steps=1)
    assert (counts(whole[0]), seen) == (COUNTED, whole[0])
    assert (find_import_result(shop.code, "licenses", taken.id), left_of(shop, taken)) == (seen, (0, 0))


def test_a_row_that_another_does_just_now_is_not_refused(shop: Vendor) -> None:
    taken, rivals = take_in(shop, "email\nbob@studio.test", "customers"), list[int]()

    def meanwhile(request: Request, send: Send) -> Answer:
        if not rivals:
            rivals.append(0)
            rivals[:] = [create_customer(shop.code, "bob@studio.test", {}, ADMIN, now=shop.now).id]
        return send(request)

    with wire(meanwhile, operations=frozenset({"TransactWriteItems"})):
        file = go_on(shop, taken)
    assert (file.status, file.result["invalid_rows"], len(rivals)) == ("success", [], 1)


def test_a_file_goes_also_where_the_answer_to_its_last_step_is_lost(shop: Vendor) -> None:
    taken, last = take_in(shop), list[Request]()

    def lost(request: Request, send: Send) -> Answer:
        if last or not any("Delete" in step for step in request.body.get("TransactItems", ())):
            return send(request)
        last.append(request)
        return answer_timed_out(request, send)

    with wire(lost):
        file = go_on(shop, taken)
    assert (counts(file), left_of(shop, file)) == (COUNTED, (0, 0))


def test_a_file_of_which_a_part_is_lost_ends_as_an_error(shop: Vendor) -> None:
    taken = take_in(shop)
    go_on(shop, taken, steps=1)
    shop.now += 8 * DAY
    file = go_on(shop, taken)
    assert (file.status, file.done, left_of(shop, file)[0]) == ("error", 2, 0)


def test_a_file_is_kept_in_parts_whatever_letters_it_has(shop: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_results, "CHARACTERS_OF_A_PART", 10)
    taken = take_in(shop, "email,city\nada@studio.test,Königs Wusterhausen\nbob@studio.test,東京", "customers")
    assert left_of(shop, taken) == (1, 7)
    file = go_on(shop, taken)
    assert (file.result["created_customers_count"], file.result["existed_customers_count"]) == (1, 1)
    assert left_of(shop, taken) == (0, 0)


def test_a_file_that_cannot_go_on_keeps_no_other_from_it(
    shop: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = take_in(shop), take_in(shop, "email\nbob@studio.test", "customers")
    read = import_results.read_file
    monkeypatch.setattr(import_results, "read_file", lambda job, now: 1 / 0 if job.id == first.id else read(job, now))
    done = continue_imports(lambda: shop.now, lambda: True)
    assert done["imports_failed"] >= 1
    assert f"the import {first.id} of licenses of {shop.code} cannot go on" in caplog.text
    assert find_import_result(shop.code, "customers", second.id).status == "success"
    monkeypatch.undo()
    continue_imports(lambda: shop.now, lambda: True)
    later = {"created_customers_count": 0, "existed_customers_count": 2}  # Bob is the other file's
    assert counts(find_import_result(shop.code, "licenses", first.id)) == COUNTED | later


def test_companies_take_turns_and_none_waits_for_all_files_of_another(
    shop: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Vendor()
    other.now = shop.now + 1  # its file is the newest
    many = [take_in(shop), take_in(shop, HEAD + "\n".join(ROWS).replace("old", "more"))]
    one = take_in(other, "email\nbob@studio.test", "customers")
    ours, jobs = (shop.code, other.code), import_results.jobs
    monkeypatch.setattr(import_results, "jobs", lambda: (job for job in jobs() if getattr(job, "company", "") in ours))
    instants = itertools.count(shop.now, import_files.TURN_MS)  # each step takes a turn
    turns = iter(range(4))
    continue_imports(lambda: next(instants), lambda: next(turns, None) is not None)
    assert find_import_result(other.code, "customers", one.id).is_finished
    assert [find_import_result(shop.code, "licenses", file.id).is_finished for file in many] == [False, False]
    continue_imports(lambda: next(instants), lambda: True)
    assert [find_import_result(shop.code, "licenses", file.id).is_finished for file in many] == [True, True]


def test_a_feature_that_two_rows_name_is_made_once(shop: Vendor) -> None:
    license = shop.issue()
    shop.grant(license, "beta")
    shop.grant(license, "export")
    shop.now += 1000
    file = f"license_key,code\n{license.license_key},beta\n{license.license_key},beta"
    result = go_on(shop, take_in(shop, file, "features")).result
    assert (result["created_license_features"], result["existed_license_features"]) == (1, 1)


FILES: dict[ImportKind, tuple[str, dict[str, tuple[int, int]]]] = {
    "licenses": (HEAD + "\n".join(ROWS), {"licenses": (4, 4), "customers": (2, 1), "orders": (2, 2)}),
    "customers": (
        "email,city\nada@studio.test,Ulm\nbob@studio.test,Bonn\neve@studio.test,Graz",
        {"customers": (3, 2)},
    ),
    "features": ("license_key,code\n{0},beta\n{0},export\n{1},beta\n{1},beta", {"features": (4, 3)}),
}
"""Files of each kind: how much each names, and how much two of them make, where Ada was a customer before."""


def counted(file: ImportResult, verb: str, noun: str) -> int:
    name = f"{verb}_license_features" if noun == "features" else f"{verb}_{noun}_count"
    count: int = file.result[name]
    return count


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("kind", FILES)
def test_of_the_same_file_twice_one_alone_counts_what_is_made(shop: Vendor, kind: ImportKind, at_once: bool) -> None:
    keys = [shop.issue().license_key for _ in range(2)]
    for code in ("beta", "export"):
        shop.grant(shop.issue(), code)
    text, named = FILES[kind][0].format(*keys), FILES[kind][1]
    taken = [take_in(shop, text, kind) for _ in range(2)]
    if at_once:
        with ThreadPool(2) as threads:
            files = [*threads.map(lambda one: go_on(shop, one), taken)]
    else:
        for one in taken * 2:
            go_on(shop, one, steps=1)
        files = [go_on(shop, one) for one in taken]
    for noun, (count, made) in named.items():
        created, existed = ([counted(file, verb, noun) for file in files] for verb in ("created", "existed"))
        both = [sum(verbs) for verbs in zip(created, existed, strict=True)]
        assert (sum(created), both) == (made, [count, count])


def test_what_is_left_of_files_goes_with_their_company(shop: Vendor) -> None:
    taken = take_in(shop)
    delete_company(shop.code)
    assert left_of(shop, taken) == (0, 0)
