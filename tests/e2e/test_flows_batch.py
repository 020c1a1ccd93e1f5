"""Batch license assign in a browser: a list, a preview, the work, and the result to download."""

import csv
import io
import re
from pathlib import Path

import playwright.sync_api as playwright
from playwright.sync_api import expect

from chalicelib.domain.events import Actor
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.initial_password import initial_password
from tests.e2e.site import USER, Site
from tests.e2e.steps import confirmed, follow, form, row, runs_scripts, send
from tests.usecases.people import MANAGER, account

BATCH = [f"person{number}@customer.test" for number in range(6)]
CSV = (
    "email,first name,last name,phone,max activations\r\n{0},Ann,Lee,+41 44,2\r\n=bad,x\r\n{1},Bob,Roy,,9\r\n{2},Cy\r\n"
)


def preview(site: Site, page: playwright.Page, people: list[str]) -> None:
    """The manager pastes a list, and looks at what will happen."""
    site.enter(page, site.at(site.license, "/users"))
    follow(page, "Assign license user")
    send(page, "Assign", email="\n".join(people))
    expect(page.get_by_role("heading", name="Preview", exact=True)).to_be_visible()


def assign(page: playwright.Page, which: str = "") -> None:
    """Go on from the preview to the result. *Continue* is clicked by hand where no script does it."""
    by_itself = runs_scripts(page)
    if which:
        page.get_by_label(which).check()
    page.get_by_role("button", name="Assign").click()
    heading = page.get_by_role("heading", level=1)
    if not by_itself:
        expect(heading).to_have_text("Assigning…")
        page.get_by_role("button", name="Continue").click()
    expect(heading).to_have_text("Result")


def assigned(site: Site) -> int:
    return site.vendor.stored(site.license).users_assigned


def test_a_pasted_list_is_previewed_and_assigned_whole(either_page: playwright.Page, site: Site) -> None:
    preview(site, either_page, [*BATCH[:3], USER, BATCH[0]])
    expect(either_page.locator(".count")).to_have_text("3 of 5 rows need a seat. Free seats: 4.")
    results = either_page.locator("td[data-label='What will happen']")
    gets = "Gets a seat."
    expect(results).to_have_text(
        [gets] * 3 + ["Already has a seat; nothing changes.", "This email is already in the list."]
    )
    assert assigned(site) == 1
    assign(either_page, "All or nothing: assign all 3")
    expect(either_page.locator(".count")).to_have_text("3 of 5 people were assigned.")
    follow(either_page, "Back to the users")
    expect(either_page.locator(".count")).to_contain_text("Available number of users: 4 / 5")


def test_a_list_that_does_not_fit_is_assigned_as_far_as_it_does(either_page: playwright.Page, site: Site) -> None:
    preview(site, either_page, BATCH)
    expect(either_page.locator(".count")).to_have_text("6 people need a seat. Free seats: 4.")
    expect(either_page.get_by_label("All or nothing")).to_be_disabled()
    assign(either_page, "Assign those that fit, in this order")
    expect(either_page.locator(".count")).to_have_text("4 of 6 people were assigned.")
    expect(either_page.locator("tr.problem")).to_have_count(2)
    expect(row(either_page, BATCH[5])).to_contain_text("Not assigned: there was no seat left.")
    assert assigned(site) == 5


def test_a_csv_file_is_assigned_and_the_result_downloaded_with_the_initial_passwords(
    either_page: playwright.Page, site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV.format(*BATCH), newline="")
    site.enter(either_page, site.at(site.license, "/users/batch"))
    form(either_page).get_by_label("CSV file").set_input_files(file)
    form(either_page).get_by_role("button", name="Preview").click()
    expect(either_page.locator(".count")).to_have_text("2 of 4 rows need a seat. Free seats: 4.")
    expect(row(either_page, "=bad")).to_contain_text("This is not an email address.")
    expect(row(either_page, BATCH[1])).to_contain_text("Give at most 5: the license allows no more.")
    expect(row(either_page, BATCH[0])).to_contain_text("Ann Lee")
    assign(either_page, "Show an initial password")
    with either_page.expect_download() as download:
        follow(either_page, "Download as CSV")
    assert re.fullmatch(r"license-users-\d+\.csv", download.value.suggested_filename)
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    confirmed = "Assigned, with an initial password."
    passwords = [initial_password(account(site.vendor, email)) for email in (BATCH[0], BATCH[2])]
    limit = "Not assigned: Give at most 5: the license allows no more."
    assert rows[1:] == [
        [BATCH[0], "Ann", "Lee", "'+41 44", "2", confirmed, passwords[0]],
        ["'=bad", "x", "", "", "1", "Not assigned: This is not an email address.", ""],
        [BATCH[1], "Bob", "Roy", "", "9", limit, ""],
        [BATCH[2], "Cy", "", "", "1", confirmed, passwords[1]],
    ]


def test_a_list_that_cannot_be_read_is_refused_with_the_reason(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, site.at(site.license, "/users"))
    follow(either_page, "Assign license user")
    send(either_page, "Assign", email="a@b.ch " * 1001)
    expect(form(either_page).get_by_role("alert")).to_contain_text("1001 are too many;")
    expect(form(either_page).get_by_label("Email")).to_have_value("a@b.ch " * 1001)


def test_a_list_that_does_not_fit_any_more_is_refused_whole(either_page: playwright.Page, site: Site) -> None:
    preview(site, either_page, BATCH[:4])
    site.vendor.assign(site.license, "rival@customer.test")
    either_page.get_by_role("button", name="Assign").click()
    expect(either_page.get_by_role("alert")).to_have_text("Free seats: 3. The list needs 4. Nobody was assigned.")
    assert assigned(site) == 2
    assign(either_page)
    expect(either_page.locator(".count")).to_have_text("3 of 4 people were assigned.")


def test_a_batch_that_was_left_can_be_gone_on_with_from_the_list_of_users(
    either_page: playwright.Page, site: Site
) -> None:
    left_batch(site)
    site.enter(either_page, site.at(site.license, "/users"))
    expect(either_page.locator(".count")).to_contain_text("Available number of users: 4 / 5")
    note = either_page.get_by_role("note")
    expect(note).to_contain_text("A batch is unfinished: 0 of 3 done. Seats are reserved for the rest.")
    by_itself = runs_scripts(either_page)
    note.get_by_role("link", name="Continue").click()
    if not by_itself:
        either_page.get_by_role("button", name="Continue").click()
    expect(either_page.locator(".count")).to_have_text("3 people were assigned.")


def test_a_batch_that_is_stopped_gives_its_places_back(either_page: playwright.Page, site: Site) -> None:
    batch_id = left_batch(site)
    site.enter(either_page, site.at(site.license, f"/users/batch/{batch_id}/end"))
    form(either_page).get_by_role("button", name="Stop the batch").click()
    confirmed(either_page, "The batch was stopped. The other seats are free again.")
    assert assigned(site) == 1


def left_batch(site: Site) -> int:
    """Places are reserved for three people, and nobody goes on."""
    people, manager = "\n".join(BATCH[:3]), Actor(f"user:{MANAGER}")
    return start_batch(site.company, site.license.id, people, True, manager, now=site.vendor.now)
