"""Replace a user, and take back for a moment what a form has done."""

import pytest

from chalicelib.domain.license import License
from chalicelib.portal.handlers import UNDO_MS
from chalicelib.store.licenses import seats
from chalicelib.web import clock
from tests.mailbox import mails
from tests.portal.browser import Browser, Page, at
from tests.support import Vendor
from tests.usecases.people import account, issued

ADA, BEN = "ada@customer.test", "ben@customer.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """For one user, who is Ben Hartmann, on two devices at most."""
    license = issued(vendor, max_license_users=1)
    vendor.assign(license, BEN, 2)
    return license


def users(vendor: Vendor, license: License) -> list[tuple[str, int | None]]:
    return sorted((seat.email, seat.max_activations) for seat in seats(vendor.code, license.id))


def of_ben(vendor: Vendor, license: License, form: str) -> str:
    return at(license, f"/users/{account(vendor, BEN).id}/{form}")


def undone(manager: Browser, page: Page) -> Page:
    """The form of the page's message is sent, as it stands there."""
    form = next(form for form in page.forms if form.action.startswith("/portal/licenses/") and form.method == "post")
    return manager.post(form.action, form.fields)


def test_a_user_is_replaced_and_the_page_says_how_the_other_gets_in(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    path = of_ben(vendor, license, "replace")
    form = manager.get(path)
    assert f"{BEN} can no longer use this license." in form.words
    assert "the same limit (max activations: 2)." in form.words
    page = manager.send(form, path, email=ADA, first_name="Ada")
    assert (page.status, users(vendor, license)) == (200, [(ADA, 2)])
    assert f"{BEN} was replaced by {ADA}. An invitation is on its way" in page.words
    assert len(mails(vendor, ADA)) == 1


def test_a_name_that_looks_like_a_tag_is_shown_as_it_is(vendor: Vendor, manager: Browser) -> None:
    own = issued(vendor)
    manager.send(at(own, "/users/assign"), people=ADA, first_name="<i>Ada</i>")
    page = manager.get(at(own, f"/users/{account(vendor, ADA).id}/replace"))
    assert "&lt;i&gt;Ada&lt;/i&gt; can no longer use this license" in page.answer.text
    assert "<i>" not in page.answer.text


def test_a_replacement_is_taken_back_without_another_invitation(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    before = account(vendor, BEN)
    page = manager.send(of_ben(vendor, license, "replace"), email=ADA)
    back = undone(manager, page)
    assert (back.status, users(vendor, license)) == (200, [(BEN, 2)])
    assert f"{BEN} has the seat again, with the same limit as before. Devices have to be activated again." in back.words
    assert account(vendor, BEN).invitation_hash == before.invitation_hash
    assert "Undo" not in back.words


@pytest.mark.parametrize("limit", [1, None])
def test_a_removal_is_taken_back_with_the_limit_and_the_names_of_before(
    vendor: Vendor, manager: Browser, limit: int | None
) -> None:
    own = issued(vendor, max_activations=limit and 5)
    named = {"people": ADA, "first_name": "Ada", "last_name": "King", "unlimited": "" if limit else "yes"}
    manager.send(at(own, "/users/assign"), **named)
    page = manager.send(at(own, f"/users/{account(vendor, ADA).id}/remove"))
    assert users(vendor, own) == []
    back = undone(manager, page)
    assert f"{ADA} has the seat again" in back.words
    assert users(vendor, own) == [(ADA, limit)]
    (seat,) = seats(vendor.code, own.id)
    assert (seat.first_name, seat.last_name) == ("Ada", "King")


def test_a_limit_and_a_license_that_was_disabled_are_as_before(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    page = manager.send(of_ben(vendor, license, "limit"), max_activations="4")
    assert users(vendor, license) == [(BEN, 4)]
    undone(manager, page)
    assert users(vendor, license) == [(BEN, 2)]
    page = manager.send(at(license, "/disable"))
    assert not vendor.stored(license).enabled
    undone(manager, page)
    assert vendor.stored(license).enabled


def test_what_somebody_else_has_changed_meanwhile_is_not_taken_back(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    page = manager.send(of_ben(vendor, license, "remove"))
    vendor.assign(license, ADA)
    back = undone(manager, page)
    assert (back.status, "All users of this license are assigned." in back.words) == (409, True)
    assert users(vendor, license) == [(ADA, 1)]


def test_nothing_is_taken_back_where_devices_could_not_come_back(vendor: Vendor, manager: Browser) -> None:
    limited = issued(vendor, max_transfers=3)
    _, password = vendor.assign(limited, ADA)
    path = at(limited, f"/users/{account(vendor, ADA).id}/remove")
    vendor.activate(ADA, "pc", password, license_id=limited.id)
    assert "Undo" not in manager.send(path).words
    vendor.assign(limited, ADA)
    assert "Undo" in manager.send(path).words


def test_it_is_offered_for_ten_seconds(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = manager.send(of_ben(vendor, license, "remove"))
    shown = str(page.answer.url)
    assert "Undo" in manager.get(shown).words
    later = clock.now() + UNDO_MS
    monkeypatch.setattr(clock, "now", lambda: later)
    again = manager.get(shown)
    assert (f"{BEN} was removed." in again.words, "Undo" in again.words) == (True, False)


def test_the_way_in_that_was_chosen_is_that_of_the_next_form(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    path = of_ben(vendor, license, "replace")
    assert manager.get(path).form(path).fields["how"] == "invite"
    page = manager.send(path, email=ADA, how="show")
    assert "Copy the initial password now" in page.words
    path = at(license, "/users/assign")
    assert manager.get(path).form(path).fields["how"] == "show"
    undone(manager, page)
    assert manager.get(path).form(path).fields["how"] == "show"
    path = of_ben(vendor, license, "password")
    manager.send(path, how="generate")
    path = at(license, "/users/assign")
    assert manager.get(path).form(path).fields["how"] == "show"


@pytest.mark.parametrize(("form", "button"), [("reset", "Reset 1 device"), ("remove", "Remove Ben Hartmann")])
def test_the_button_says_what_it_does_to_whom_and_the_focus_is_on_cancel(
    vendor: Vendor, manager: Browser, form: str, button: str
) -> None:
    own = issued(vendor)
    manager.send(at(own, "/users/assign"), people=ADA, first_name="Ben", last_name="Hartmann")
    password = vendor.assign(issued(vendor), ADA)[1]
    vendor.activate(ADA, "pc", password, license_id=own.id)
    page = manager.get(at(own, f"/users/{account(vendor, ADA).id}/{form}"))
    assert f'class="danger">{button}</button>' in page.answer.text
    assert ("Ben Hartmann can no longer use this license; 1 active device is deactivated." in page.words) == (
        form == "remove"
    )
    assert "data-close autofocus>Cancel" in page.answer.text
    assert page.answer.text.count("autofocus") == 1
