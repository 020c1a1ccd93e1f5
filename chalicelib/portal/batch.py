"""Batch license assign: a list, a preview of it, the work with its progress, and the result to download."""

import time
from threading import BoundedSemaphore
from typing import Any, Literal

from chalice.app import Response
from pydantic import BaseModel

from chalicelib import telemetry
from chalicelib.domain.columns import MAX_COLUMNS, MEANINGS
from chalicelib.domain.people_list import read_file
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import Asker
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.render import render
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import OUT_OF_DATE, OUT_OF_DATE_CODE, Nothing, Said, Screen, action, logged_in
from chalicelib.portal.users import list_path
from chalicelib.portal.words import as_sentence, refusal_words
from chalicelib.usecases import batch_assign, views
from chalicelib.usecases.views import LicenseView
from chalicelib.web.errors import FinalResponse

WORK_SECONDS = 4.0
"""How long one request assigns people: API Gateway gives up after 29, and people wonder before."""
AT_ONCE = 4
"""Requests at once of one process that do so: each keeps a thread all the time, and applications find others."""
_turns = BoundedSemaphore(AT_ONCE)


class StartForm(BaseModel):
    """What to do with a list."""

    people: str = ""
    which: Literal["all", "fitting"] = "all"


def _look(ask: Ask, asker: Asker, license_id: int) -> LicenseView:
    return views.user_license(asker, license_id, now=ask.now)


def _show_list(ask: Ask, asker: Asker, parts: dict[str, Any], status: int = 200, error: str = "") -> Response:
    """The form for a list of people."""
    view = _look(ask, asker, **parts)
    context: dict[str, Any] = {"view": view, "back": list_path(view.license.id), "error": error, "typed": ask.fields}
    return render("batch.html", ask, asker.token, view.visit, status=status, **context)


def _show_preview(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
    """What a list would bring about. Nothing is done yet."""
    view = _look(ask, asker, **parts)
    if nonce_of(asker.token, ask.path, ask.fields.get(FIELD, "")) is None:
        telemetry.refuse(OUT_OF_DATE_CODE)
        return _show_list(ask, asker, parts, 403, OUT_OF_DATE)
    try:
        file = ask.files.get("file", b"")
        people = read_file(file) if file.strip() else ask.fields.get("people", "")
        context = {"view": view} | _previewed(ask, asker, view.license.id, people)
    except Refused as refused:
        telemetry.refuse(refused.code)
        return _show_list(ask, asker, parts, 400, refusal_words(refused))
    return render("batch_preview.html", ask, asker.token, view.visit, **context)


batch = Screen(logged_in(_show_list), logged_in(_show_preview))


def _previewed(ask: Ask, asker: Asker, license_id: int, people: str) -> dict[str, Any]:
    preview = batch_assign.preview(asker.company, license_id, people, _columns(ask))
    error = as_sentence(preview.problem) if preview.problem else ""
    return {"preview": preview, "people": people, "meanings": MEANINGS, "error": error}


def _columns(ask: Ask) -> dict[int, str]:
    """What was chosen for the columns of a list, by number."""
    fields = ((number, ask.fields.get(f"column-{number}")) for number in range(MAX_COLUMNS))
    return {number: meaning for number, meaning in fields if meaning is not None}


def _look_start(ask: Ask, asker: Asker, license_id: int) -> Any:
    view = _look(ask, asker, license_id)
    return view, _previewed(ask, asker, license_id, ask.fields.get("people", ""))


@action("batch_preview.html", StartForm, _look_start)
def start(ask: Ask, view: LicenseView, form: StartForm) -> Said:
    """Reserve the places; the work begins on the next page."""
    me, everybody = view.visit.user, form.which == "all"
    given = (me.company, view.license.id, form.people, everybody, ask.actor(me.email))
    batch_id = batch_assign.start_batch(*given, columns=_columns(ask), now=ask.now)
    return Said(f"{list_path(view.license.id)}/batch/{batch_id}")


def _look_at_batch(ask: Ask, asker: Asker, license_id: int, batch_id: int) -> Any:
    view = _look(ask, asker, license_id)
    return view, {"batch": batch_assign.find_batch(asker.company, license_id, batch_id), "batch_id": batch_id}


def _result(ask: Ask, view: LicenseView, batch_id: int) -> Any:
    """What came of each person, initial passwords among it."""
    me = view.visit.user
    return batch_assign.batch_result(me.company, view.license.id, batch_id, me, ask.actor(me.email), now=ask.now)


def _show_batch(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
    """How far a batch is; once it is finished, what came of it."""
    view, more = _look_at_batch(ask, asker, **parts)
    if more["batch"] is not None:
        return render("batch_progress.html", ask, asker.token, view.visit, view=view, **more)
    fates = _result(ask, view, parts["batch_id"])
    return render("batch_result.html", ask, asker.token, view.visit, view=view, fates=fates, **more)


@action("batch_progress.html", Nothing, _look_at_batch)
def _go_on(ask: Ask, view: LicenseView, _form: Nothing) -> Said:
    if _turns.acquire(blocking=False):  # else the page comes again as it is, and asks again
        try:
            _work(ask, view)
        finally:
            _turns.release()
    return Said(ask.path)


def _work(ask: Ask, view: LicenseView) -> None:
    me, batch_id, until = view.visit.user, int(ask.path.rpartition("/")[2]), time.monotonic() + WORK_SECONDS
    actor = ask.actor(me.email)
    keep_going = lambda: time.monotonic() < until  # noqa: E731 - short and local
    batch_assign.go_on(me.company, view.license.id, batch_id, actor, keep_going, manager_id=me.id, now=ask.now)


run = Screen(logged_in(_show_batch), _go_on.post)


def _look_end(ask: Ask, asker: Asker, license_id: int, batch_id: int) -> Any:
    view, more = _look_at_batch(ask, asker, license_id, batch_id)
    return view, more | {
        "title": "Stop the batch",
        "sentences": ["Who has been assigned keeps the seat. The places of the others are free again."],
        "button": "Stop here",
        "danger": True,
    }


@action("confirm.html", Nothing, _look_end)
def end(ask: Ask, view: LicenseView, _form: Nothing) -> Said:
    """Give back what is still reserved."""
    me, here = view.visit.user, ask.path.rpartition("/")[0]
    batch_id = int(here.rpartition("/")[2])
    batch_assign.end_batch(me.company, view.license.id, batch_id, ask.actor(me.email), now=ask.now)
    return Said(here, "The batch was stopped. The other places are free again.")


def _download(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
    """The result as a CSV file."""
    view = _look(ask, asker, parts["license_id"])
    fates = _result(ask, view, parts["batch_id"])
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="license-users-{parts["batch_id"]}.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return FinalResponse("\ufeff" + batch_assign.result_csv(fates), headers, 200)


result = Screen(logged_in(_download))
