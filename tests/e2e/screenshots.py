"""Pictures of the portal: in each language, from a phone to a wide window, in light and in dark.

.venv/bin/python -m tests.e2e.screenshots                                        all, into .browser/screenshots/
.venv/bin/python -m tests.e2e.screenshots --language de --width 768 devices      only the shots with that name, so
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import Reader, gettext, languages, writing_for
from chalicelib.runtime import using
from chalicelib.store import accounts
from chalicelib.store.database import create_tables
from chalicelib.usecases.session_list import note_session
from chalicelib.usecases.sessions import open_session
from chalicelib.web import clock
from infra import local, serve
from infra.scratch import scratch_folder
from tests.e2e import install
from tests.e2e.browser import SCHEMES, Scheme, chromium, watched
from tests.e2e.showcase import (
    BEGINNER,
    COMPANY,
    KEY_HOLDER,
    MANAGER,
    NEW_MANAGER,
    NEWCOMER,
    PROTECTED,
    USER_OF_TWO_DEVICES,
    Showcase,
    make,
    password_of,
)
from tests.e2e.site import let_in
from tests.e2e.styles import show_components

OUT = install.HOME / "screenshots"
WIDTHS = {390: 844, 768: 1024, 1024: 768, 1280: 800, 1440: 900, 1920: 1080}
"""In CSS pixels, with the height of the window; the picture holds the whole page."""
USES = "don.joe@studio-nord.example"
"""Who has an active device; the first that bears this name in a list is the box of the row."""
ONE, USER = "/portal/licenses/{license}", "/portal/licenses/{license}/users/{user}"


class Form(NamedTuple):
    """How a page is looked at."""

    language: str
    width: int
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, and what is done there before its picture; fields, links, buttons, boxes are named in English."""

    name: str
    path: str
    """Empty: the components, on a page of their own."""
    clicks: Sequence[str] = ()
    who: str = MANAGER
    """Whose session it is looked at with; empty: nobody's."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What is typed into which fields, before anything is clicked."""


SHOTS = (
    Shot("styles", "", who=""),
    Shot("log-in", "/portal/log-in", who=""),
    Shot("log-in-of-company", "/portal/QBITEC", who=""),
    Shot("log-in-wrong", "/portal/QBITEC", ("Log in",), "", {"Email": MANAGER, "Password": "wrong"}),
    Shot("log-in-code", "/portal/QBITEC", ("Log in",), "", {"Email": PROTECTED, "Password": password_of(PROTECTED)}),
    Shot(
        "log-in-passkey", "/portal/QBITEC", ("Log in",), "", {"Email": KEY_HOLDER, "Password": password_of(KEY_HOLDER)}
    ),
    Shot("first-password", "/portal", who=NEWCOMER),
    Shot("forgotten", "/portal/forgotten?company=QBITEC", who=""),
    Shot("forgotten-code", "/portal/forgotten?company=QBITEC", ("Send a code",), "", {"Email": MANAGER}),
    Shot("invitation", "/portal/invitation?link={link}", who=""),
    Shot("invitation-over", "/portal/invitation?link=QBITEC.1." + "0" * 32, who=""),
    Shot("overview", "/portal"),
    Shot("overview-first", "/portal", who=NEW_MANAGER),
    Shot("activity", "/portal/activity"),
    Shot("people", "/portal/people"),
    Shot("search", "/portal/search?search=don"),
    Shot("person", "/portal/people/{user}"),
    Shot("leave", "/portal/people/{user}/leave"),
    Shot("leave-dialog", "/portal/people/{user}", ("Leaves the company…",)),
    Shot("invited", "/portal/invited"),
    Shot("invite-again-dialog", "/portal/invited", ("Send again",)),
    Shot("licenses", "/portal/licenses"),
    Shot("nothing-matches", "/portal/licenses?search=nothing+like+it"),
    Shot("license", ONE),
    Shot("license-of-key", "/portal/licenses/{key_license}"),
    Shot("history", ONE + "/history"),
    Shot("reset-license", ONE + "/reset"),
    Shot("pause-license", ONE + "/disable"),
    Shot("devices", ONE + "/devices"),
    Shot("device", ONE + "/devices/{device}"),
    Shot("reset-device", ONE + "/devices/{device}/reset"),
    Shot("users", ONE + "/users"),
    Shot("assign", ONE + "/users/assign"),
    Shot("assign-dialog", ONE + "/users", ("Assign license user",)),
    Shot("bulk-bar", ONE + "/users", (USES,)),
    Shot("bulk-dialog", ONE + "/users", (USES, "Set max activations")),
    Shot("bulk-reset", ONE + "/users/chosen?do=reset&user-{user}=on"),
    Shot("bulk-replace", ONE + "/users/chosen?do=replace&user-{user}=on"),
    Shot("batch", ONE + "/users/batch"),
    Shot("initial-password", USER + "/initial-password"),
    Shot("send-invitation", USER + "/invitation"),
    Shot("set-limit", USER + "/limit"),
    Shot("replace", USER + "/replace"),
    Shot("remove", USER + "/remove"),
    Shot("seats", "/portal/seats", who=USER_OF_TWO_DEVICES),
    Shot("seats-first", "/portal/seats", who=BEGINNER),
    Shot("own-devices", "/portal/seats/{license}", who=USER_OF_TWO_DEVICES),
    Shot("own-device", "/portal/seats/{license}/devices/{device}", who=USER_OF_TWO_DEVICES),
    Shot("account", "/portal/account"),
    Shot("profile", "/portal/account/person"),
    Shot("mails", "/portal/account/mails"),
    Shot("language", "/portal/account/language"),
    Shot("sessions", "/portal/account/sessions"),
    Shot("second-factor", "/portal/account/second-factor"),
    Shot("passkey", "/portal/account/passkeys/add"),
    Shot("account-protected", "/portal/account", who=PROTECTED),
    Shot("recovery-codes", "/portal/account/second-factor/codes", who=PROTECTED),
    Shot("second-factor-off", "/portal/account/second-factor/off", who=PROTECTED),
    Shot("choose-password", "/portal/password"),
    Shot("not-allowed", "/portal/licenses/{denied}/reset", who=NEW_MANAGER),
    Shot("not-found", "/portal/licenses/1"),
    Shot("nowhere", "/portal/nothing-there", who=""),
)


def main() -> None:
    """Take the pictures that the arguments name."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.e2e.screenshots",
        description="Take pictures of the portal with made-up data, in every form that is not narrowed down.",
        epilog="example: .venv/bin/python -m tests.e2e.screenshots --out pictures --language de --width 390 licenses",
    )
    parser.add_argument("--language", action="append", choices=list(languages()), help="may be repeated")
    parser.add_argument("--width", action="append", choices=list(WIDTHS), type=int, help="likewise")
    parser.add_argument("--scheme", action="append", choices=SCHEMES, help="likewise")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where to (.browser/screenshots)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all if none is given")
    given = parser.parse_args()
    known = [shot.name for shot in SHOTS]
    if unknown := sorted(set(given.names) - set(known)):
        parser.error(f"there is no shot named {', '.join(unknown)}; there are: {', '.join(known)}")
    if install.chromium() is None:
        sys.exit("Chromium is missing: run .venv/bin/python -m tests.e2e.install first.")
    given.out.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if shot.name in (given.names or known)]
    with _running() as (base_url, showcase), chromium() as browser:
        of_all = product(given.language or languages(), given.width or WIDTHS, given.scheme or SCHEMES)
        forms = [Form(*form) for form in of_all]
        wrong = [fault for form in forms for fault in _take(shots, browser, base_url, showcase, form, given.out)]
    print(f"{len(shots) * len(forms)} pictures in {given.out}")
    if wrong:
        sys.exit("\n".join(wrong))


@contextmanager
def _running() -> Iterator[tuple[str, Showcase]]:
    """A server on a database of its own, with the showcase on it; by name, for browsers have passkeys there alone."""
    with scratch_folder("seatkeeper-showcase-") as home, serve.listen(0) as listening:
        base_url = f"http://localhost:{listening.getsockname()[1]}"
        os.environ |= local.environment(home) | {"SEATKEEPER_PORTAL_URL": base_url}
        with using(bootstrap(os.environ)), serve.start(dict(os.environ), listening=listening):
            create_tables()
            yield base_url, make(clock.now())


def _take(
    shots: Sequence[Shot], browser: Browser, base_url: str, showcase: Showcase, form: Form, out: Path
) -> list[str]:
    """Take all in one form; answers what went wrong on the pages meanwhile."""
    names = {
        "license": showcase.license.id,
        "key_license": showcase.key_license.id,
        "denied": showcase.unused.id,
        "user": showcase.user_id,
        "device": showcase.device,
        "link": showcase.link,
    }
    options = {"viewport": {"width": form.width, "height": WIDTHS[form.width]}, "color_scheme": form.scheme}
    with (
        watched(browser, base_url, reduced_motion="reduce", locale=form.language, **options) as (page, faults),
        writing_for(Reader(form.language)),
    ):
        for shot in shots:
            page.context.clear_cookies()
            if shot.who:
                let_in(page, base_url, _session(shot.who))
            file = out / f"{shot.name}-{form.language}-{form.width}-{form.scheme}.png"
            _picture(page, shot, shot.path.format(**names), file)
    return faults


@cache
def _session(email: str) -> SessionClaims:
    user = accounts.read_user(COMPANY, accounts.user_of_email(COMPANY, email) or 0)
    assert user is not None
    claims = open_session(user, now=clock.now())
    note_session(claims, "Chrome (Windows)", "203.0.113.20", now=clock.now())
    return claims


def _picture(page: Page, shot: Shot, path: str, file: Path) -> None:
    if path:
        page.goto(path)
    else:
        show_components(page)
    for label, text in shot.typed.items():
        page.get_by_label(gettext(label), exact=True).fill(text)
    for name in map(gettext, shot.clicks):
        link, button, box = (page.get_by_role(role, name=name) for role in ("link", "button", "checkbox"))
        link.or_(button).or_(box).first.click()
    if shot.name.endswith("-dialog"):
        page.locator("dialog[open]").wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, full_page=not page.locator("dialog[open]").count(), animations="disabled")


if __name__ == "__main__":
    main()
