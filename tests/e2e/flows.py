"""All that people do in the portal, each once: where it begins, what is done, and by how many clicks.

Written for any language and for mouse and keyboard (`tests.e2e.steps`). The table of docs/portal.md is this one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from chalicelib.languages import gettext, ngettext
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.session_list import note_session
from tests.e2e.site import USER, Site
from tests.e2e.steps import (
    at_rest,
    choose,
    choose_for_license,
    choose_one,
    clipboard,
    confirmed,
    follow,
    form,
    press,
    row,
    send,
)
from tests.support import ADMIN, DAY
from tests.usecases.people import MANAGER, PASSWORD, account, logged_in

ANN, BEN, HOST = "ann.lee@customer.test", "ben.hartmann@customer.test", "DON-PC"
NOT_YET = "\N{EN DASH}"
"""What the first edition could not do."""
LIST = f"{ANN}\n{BEN}"
NEW_PASSWORD = "a long walk by the sea"
ADDRESSES = {
    "the log-in": "/portal/log-in",
    "the first page": "/portal",
    "the licenses": "/portal/licenses",
    "the license": "/portal/licenses/{id}",
    "the license's devices": "/portal/licenses/{id}/devices",
    "the license's users": "/portal/licenses/{id}/users",
    "the preview": "/portal/licenses/{id}/users",
    "the people": "/portal/people",
}
"""The pages on which something begins."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What is done, from which page on."""

    begin: str
    """A page of `ADDRESSES`."""
    first: str
    """How many clicks it took in the first edition of the portal."""
    clicks: str
    """How many it takes."""
    act: Callable[[Page, Site], None]
    again: Callable[[Page, Site], None] | None = None
    """The second time, where that takes another number."""
    before: Callable[[Page, Site], None] | None = None
    """What is done before, and not counted: on the page, or by somebody else."""
    who: str = MANAGER


def enters(page: Page, site: Site) -> None:
    """The focus is in the first field, so it is filled in with the keys alone."""
    expect(page.get_by_label(gettext("Company code"))).to_be_focused()
    for text in (site.company, MANAGER, PASSWORD):
        page.keyboard.insert_text(text)
        page.keyboard.press("Tab")
    press(page.get_by_role("button", name=gettext("Log in")))
    expect(page.get_by_role("heading", name=gettext("Overview"))).to_be_visible()


def opens_license(page: Page, _site: Site) -> None:
    press(page.get_by_role("navigation", name=gettext("Main")).get_by_role("link", name=gettext("Licenses")))
    page.wait_for_url("**/portal/licenses")
    press(row(page, "Revit").get_by_role("link").first)
    expect(page.get_by_role("heading", name=gettext("Usage rules"))).to_be_visible()


def type_in(page: Page, label: str, text: str) -> None:
    """Into the field that has the focus: nobody has to click into it."""
    expect(form(page).get_by_label(gettext(label)).first).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def with_password(page: Page, site: Site, email: str, button: str) -> None:
    """Fill in who gets a seat, choose the way in where another one is chosen, and copy the initial password."""
    type_in(page, "Email", email)
    choose_one("how", form(page).get_by_label(gettext("Show an initial password for you to pass on")))
    send(page, button)
    press(page.locator(".flash").get_by_role("link", name=gettext("Copy the initial password")))
    assert clipboard(page) == initial_password(account(site.vendor, email))
    at_rest(page)


def assigns(email: str) -> Callable[[Page, Site], None]:
    def act(page: Page, site: Site) -> None:
        follow(page, "Assign license user")
        with_password(page, site, email, "Assign")

    return act


def replaces(leaves: str, comes: str) -> Callable[[Page, Site], None]:
    def act(page: Page, site: Site) -> None:
        choose(page, leaves, "Replace…")
        with_password(page, site, comes, gettext("Replace {who}", who=leaves))

    return act


def pastes(page: Page, _site: Site) -> None:
    follow(page, "Assign license user")
    type_in(page, "Email", LIST)
    send(page, "Assign")
    expect(page.get_by_role("heading", name=gettext("Preview"), exact=True)).to_be_visible()


def goes_on(page: Page, _site: Site) -> None:
    """From the preview to the result."""
    press(page.get_by_role("button", name=gettext("Assign"), exact=True))
    expect(page.locator(".count")).to_have_text(
        ngettext("One person was assigned.", "{n} people were assigned.", 2), timeout=30_000
    )


def assigns_list(page: Page, site: Site) -> None:
    pastes(page, site)
    goes_on(page, site)


def assigns_file(page: Page, site: Site) -> None:
    """The click in the window of the system is not counted: a double click on the file's name."""
    follow(page, "Batch license assign")
    with page.expect_file_chooser() as chooser:
        press(form(page).get_by_label(gettext("CSV file")))
    chooser.value.set_files({"name": "people.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    send(page, "Preview")
    goes_on(page, site)


def downloads_result(page: Page, site: Site) -> None:
    goes_on(page, site)
    with page.expect_download() as download:
        follow(page, "Download as CSV")
    assert BEN in download.value.path().read_text("utf-8-sig")


def removes(page: Page, _site: Site) -> None:
    choose(page, USER, "Remove user")
    send(page, gettext("Remove {who}", who=USER))
    confirmed(page, gettext("{who} was removed. There is room for another user.", who=USER))


def removes_without_device(page: Page, site: Site) -> None:
    site.vendor.deactivate(USER, "pc")
    page.reload()
    removes(page, site)


def takes_back(page: Page, _site: Site) -> None:
    press(page.get_by_role("button", name=gettext("Undo")))
    expect(row(page, USER)).to_be_visible()


def resets_one() -> str:
    """What a button says by which the one device is deactivated."""
    return ngettext("Reset {n} device", "Reset {n} devices", 1)


def resets_user(page: Page, _site: Site) -> None:
    choose(page, USER, "Reset total activations")
    send(page, resets_one())
    confirmed(page, gettext("The devices of {who} on this license are deactivated.", who=USER))


def changes_email(page: Page, _site: Site) -> None:
    choose(page, USER, "Change email")
    type_in(page, "New email", ANN)
    send(page, "Change email")
    confirmed(page, ANN)


def sets_limit(page: Page, _site: Site) -> None:
    choose(page, USER, "Set max activations")
    type_in(page, "Max activations", "3")
    send(page, "Set max activations")
    expect(row(page, USER).locator(".max")).to_have_text("3")


def shows_password(page: Page, site: Site) -> None:
    press(row(page, USER).locator("a[data-reveal]"))
    expect(row(page, USER).locator("output")).to_have_text(site.initial_password)


def copies_password(page: Page, site: Site) -> None:
    press(row(page, USER).locator("a[data-take]"))
    assert clipboard(page) == site.initial_password


def renews_password(page: Page, site: Site) -> None:
    choose(page, USER, "Set password")
    send(page, "Set password")
    press(page.locator(".flash").get_by_role("link", name=gettext("Copy the initial password")))
    assert clipboard(page) == initial_password(account(site.vendor, USER))


def invited(page: Page, site: Site) -> None:
    """Ann, yesterday."""
    assign_user(site.company, site.license.id, ANN, 1, ADMIN, invite=True, now=site.vendor.now - DAY)
    page.reload()


def invites_again(page: Page, _site: Site) -> None:
    again = row(page, ANN).locator("a.again")
    if again.is_visible():  # where a row is one line
        press(again)
    else:
        choose(page, ANN, "Send invitation again")
    send(page, "Send invitation")
    confirmed(page, ANN)


def invites_all_again(page: Page, _site: Site) -> None:
    press(page.locator("#invited").get_by_role("link", name=gettext("Send again")))
    send(page, gettext("Send again ({n})", n=1))
    confirmed(page, ngettext("One invitation is on its way.", "{n} invitations are on their way.", 1))


def resets_device(page: Page, _site: Site) -> None:
    choose(page, HOST, "Reset")
    send(page, gettext("Reset {device}", device=HOST))
    confirmed(page, gettext("{device} was reset. Its activation is free.", device=HOST))


def sees_device(page: Page, _site: Site) -> None:
    press(row(page, HOST).get_by_role("link", name=HOST))
    expect(page.locator(".unfolded")).to_contain_text(gettext("MAC address"))


def resets_own_device(page: Page, site: Site) -> None:
    press(row(page, "Revit").get_by_role("link").first)
    expect(row(page, HOST)).to_be_visible()
    resets_device(page, site)


def resets_license(page: Page, _site: Site) -> None:
    choose_for_license(page, "Reset license")
    send(page, resets_one())
    confirmed(page, gettext("The license was reset. All its devices are deactivated."))


def pauses(page: Page, _site: Site) -> None:
    choose_for_license(page, "Pause license")
    send(page, gettext("Pause {product}", product="Revit"))
    confirmed(page, gettext("The license is paused."))
    at_rest(page)


def resumes(page: Page, _site: Site) -> None:
    follow(page, "Resume license")
    send(page, "Resume license")
    confirmed(page, gettext("The license can be used again."))


def exports(page: Page, _site: Site) -> None:
    press(page.get_by_role("main").get_by_role("button", name=gettext("Export")))
    with page.expect_download() as download:
        follow(page, "CSV, for spreadsheets")
    assert "Revit" in download.value.path().read_text("utf-8-sig")


def leaves_company(page: Page, _site: Site) -> None:
    press(row(page, USER).get_by_role("link"))
    follow(page, "Leaves the company…")
    send(page, gettext("Remove {who}", who=USER))
    confirmed(page, ngettext("{who} was removed from one license.", "", 1, who=USER))


def of_account(page: Page, what: str) -> None:
    press(page.get_by_role("navigation", name=gettext("Main")).get_by_role("link", name=gettext("Account")))
    expect(page.get_by_role("heading", level=1)).to_have_text(gettext("Account"))
    follow(page, what)


def changes_own_name(page: Page, _site: Site) -> None:
    of_account(page, "Change name and phone")
    type_in(page, "First name", "Maria")
    send(page, "Save")
    confirmed(page, gettext("Your name and phone number were saved."))


def changes_own_password(page: Page, _site: Site) -> None:
    of_account(page, "Change password")
    type_in(page, "Current password", PASSWORD)
    for _ in range(2):
        page.keyboard.press("Tab")
        page.keyboard.insert_text(NEW_PASSWORD)
    send(page, "Set the password")
    confirmed(page, gettext("Your new password is set. All other sessions have ended."))


def logged_in_elsewhere(_page: Page, site: Site) -> None:
    note_session(logged_in(site.vendor, MANAGER), "Firefox, Windows", "192.0.2.7", now=site.vendor.now)


def ends_sessions(page: Page, _site: Site) -> None:
    of_account(page, "End other sessions")
    send(page, "End other sessions")
    confirmed(page, gettext("All other sessions have ended."))


FLOWS: dict[str, Flow] = {
    "log in": Flow("the log-in", "1", "1", enters),
    "open the details of a license": Flow("the first page", "1", "2", opens_license),
    "assign somebody, and copy the initial password": Flow(
        "the license's users", "4", "4, then 3", assigns(ANN), again=assigns(BEN)
    ),
    "assign a list that is pasted": Flow("the license's users", "4", "3", assigns_list),
    "assign the people of a file (*Batch license assign*)": Flow("the license's users", "4", "4", assigns_file),
    "assign the list, see what came of it, and take it away as a file": Flow(
        "the preview", "2", "2", downloads_result, before=pastes
    ),
    "put somebody in the place of another, and copy the initial password": Flow(
        "the license's users", "7", "5, then 4", replaces(USER, ANN), again=replaces(ANN, BEN)
    ),
    "remove a user": Flow("the license's users", "3", "3", removes),
    "take that back": Flow("the license's users", "2", "1", takes_back, before=removes_without_device),
    "reset a user: all devices on the license": Flow("the license's users", "3", "3", resets_user),
    "change an email": Flow("the license's users", "3", "3", changes_email),
    "set a limit": Flow("the license's users", "3", "3", sets_limit),
    "show an initial password": Flow("the license's users", "1", "1", shows_password),
    "copy it": Flow("the license's users", "2", "1", copies_password),
    "set a new initial password, and copy it": Flow("the license's users", "5", "4", renews_password),
    "send an invitation again": Flow("the license's users", NOT_YET, "2", invites_again, before=invited),
    "send all of them again": Flow("the first page", NOT_YET, "2", invites_all_again, before=invited),
    "reset a device": Flow("the license's devices", "3", "3", resets_device),
    "see the details of a device": Flow("the license's devices", "2", "1", sees_device),
    "reset the license: all its devices": Flow("the license", "2", "3", resets_license),
    "pause the license": Flow("the license", "2", "3", pauses),
    "resume it": Flow("the license", "2", "2", resumes, before=pauses),
    "take the list away as a file (*Export*)": Flow("the licenses", NOT_YET, "2", exports),
    "somebody leaves the company": Flow("the people", "3 for each license", "3", leaves_company),
    "change one's own name": Flow("the first page", "3", "3", changes_own_name),
    "change one's own password": Flow("the first page", "3", "3", changes_own_password),
    "end one's other sessions": Flow("the first page", "3", "3", ends_sessions, before=logged_in_elsewhere),
    "reset one's own device": Flow("the first page", "4", "4", resets_own_device, who=USER),
}


def begin(page: Page, site: Site, flow: Flow) -> None:
    """Open the page on which it begins, where one user has an active device, and do what comes before."""
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": HOST})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = ADDRESSES[flow.begin].format(id=site.license.id)
    if flow.begin == "the log-in":
        page.goto(address)
    else:
        site.enter(page, address, flow.who)
    if flow.before:
        flow.before(page, site)
