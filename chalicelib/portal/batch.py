"""Batch license assign: a list, a preview of it, the work with its progress, and the result to download."""

import time
from dataclasses import dataclass, replace

from chalice.app import Response

from chalicelib import observability
from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS
from chalicelib.domain.columns import IN_ORDER, MAX_COLUMNS
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Invalid, raise_all
from chalicelib.domain.people_list import read_file
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.spreadsheet import to_csv
from chalicelib.languages import gettext
from chalicelib.portal.context import Context, Loaded, Parts
from chalicelib.portal.error_pages import FORM_EXPIRED, FORM_EXPIRED_CODE
from chalicelib.portal.exports import download
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.handlers import (
    Change,
    Confirmation,
    FormResult,
    PageHandler,
    action,
    always,
    logged_in,
)
from chalicelib.portal.messages import MEANINGS, column_label, error_message, field_messages, row_message
from chalicelib.portal.render import render
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.users import invites, list_path, load_license
from chalicelib.runtime import runtime
from chalicelib.usecases import batch_assign
from chalicelib.usecases.batch_assign import RowResult
from chalicelib.usecases.permissions import guard_permitted
from chalicelib.usecases.portal_queries import LicenseView
from chalicelib.web.error_responses import wire_code

WORK_SECONDS = 4.0
"""How long one request assigns people: API Gateway gives up after 29, and people wonder before."""


@dataclass(frozen=True, slots=True)
class StartForm:
    """What to do with a list: assign those that fit, where `which` is `fitting`, else all or nobody.

    `how`: as in `assign.NewUser`.
    """

    people: str = ""
    which: str = ""
    how: str = ""


def _load_to_assign(request: PortalRequest, claims: SessionClaims, license_id: int) -> LicenseView:
    view = load_license(request, claims, license_id)
    guard_permitted(view, ("assign_users",))
    return view


def list_form(template: str) -> PageHandler:
    """A form for a list of people, typed or as a file: what it would bring about is shown, and nothing is done yet.

    It is shown again, with the reason, where the list cannot be read.
    """

    def show(
        request: PortalRequest, claims: SessionClaims, parts: Parts, status: int = 200, **more: object
    ) -> Response:
        view = _load_to_assign(request, claims, **parts)
        context: Context = {"view": view, "back": list_path(view.license.id), "submitted": request.fields}
        return render(template, request, claims.token, view.principal, status=status, **context, **more)

    def preview(request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
        view = _load_to_assign(request, claims, **parts)
        if nonce_of(claims.token, request.path, request.fields.get(FIELD, "")) is None:
            observability.set_error(FORM_EXPIRED_CODE)
            return show(request, claims, parts, 403, error=gettext(FORM_EXPIRED))
        try:
            _guard_several(request)
            file = request.files.get("file", b"")
            people = read_file(file) if file.strip() else request.fields.get("people", "")
            context: Context = {"view": view} | _previewed(request, claims, view.license.id, people)
        except Invalid as error:
            observability.set_error(wire_code(error))
            return show(request, claims, parts, 400, error=error_message(error), wrong=field_messages(error))
        return render("batch_preview.html", request, claims.token, view.principal, **context)

    return PageHandler(logged_in(show), logged_in(preview))


batch = list_form("batch.html")


def _guard_several(request: PortalRequest) -> None:
    """Raises `Invalid` for what is typed beside a list, and can be of one person alone."""
    alone = {"first_name": "", "last_name": "", "phone_number": "", "max_activations": str(DEFAULT_MAX_ACTIVATIONS)}
    typed = {name: request.fields.get(name, "").strip() for name in alone}
    raise_all([Invalid("only_of_one", field=name) for name, text in typed.items() if text not in ("", alone[name])])


def _previewed(request: PortalRequest, claims: SessionClaims, license_id: int, people: str) -> Context:
    preview = batch_assign.preview(claims.company, license_id, people, _columns(request))
    error = error_message(preview.problem) if preview.problem else ""
    meanings = {code: gettext(words) for code, words in MEANINGS.items()}
    return {
        "preview": preview,
        "people": people,
        "meanings": meanings,
        "column_label": column_label,
        "error": error,
        "submitted": request.fields,
    }


def _columns(request: PortalRequest) -> dict[int, str]:
    """What was chosen for the columns of a list, by number."""
    fields = ((number, request.fields.get(f"column-{number}")) for number in range(MAX_COLUMNS))
    return {number: meaning for number, meaning in fields if meaning is not None}


def _load_start(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    view = _load_to_assign(request, claims, license_id)
    return view, _previewed(request, claims, license_id, request.fields.get("people", ""))


@action("batch_preview.html", StartForm, _load_start, always("assign_users"))
def start(request: PortalRequest, view: LicenseView, form: StartForm) -> Change[int]:
    """Reserve the seats; the work begins on the next page."""
    me, everybody = view.principal.user, form.which != "fitting"
    given = (me.company, view.license.id, form.people, everybody, request.actor(me.email))
    invite = invites(view, form.how)
    return Change(
        lambda: batch_assign.start_batch(*given, columns=_columns(request), invite=invite, now=request.now),
        lambda batch_id: FormResult(f"{list_path(view.license.id)}/batch/{batch_id}"),
    )


def _load_batch(request: PortalRequest, claims: SessionClaims, license_id: int, batch_id: int) -> Loaded:
    view = load_license(request, claims, license_id)
    return view, {
        "batch": batch_assign.find_batch(claims.company, license_id, batch_id, now=request.now),
        "batch_id": batch_id,
    }


def _result(request: PortalRequest, view: LicenseView, batch_id: int) -> Loaded:
    """What came of each person, initial passwords among it for who may see them."""
    me, given = view.principal.user, (view.license.id, batch_id)
    results = batch_assign.batch_result(me.company, *given, me, request.actor(me.email), now=request.now)
    return results if view.allows("set_passwords") else [replace(result, password=None) for result in results]


def _show_batch(request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
    """How far a batch is; once it is finished, what came of it."""
    view, more = _load_batch(request, claims, **parts)
    if more["batch"] is not None:
        return render("batch_progress.html", request, claims.token, view.principal, view=view, **more)
    results = _result(request, view, parts["batch_id"])
    return render("batch_result.html", request, claims.token, view.principal, view=view, results=results, **more)


@action("batch_progress.html", Confirmation, _load_batch, always("assign_users"))
def _go_on(request: PortalRequest, view: LicenseView, _form: Confirmation) -> Change[None]:
    def work() -> None:
        turns = runtime().turns.batches
        if turns.acquire(blocking=False):  # else the page comes again as it is, and asks again
            try:
                _work(request, view)
            finally:
                turns.release()

    return Change(work, lambda _: FormResult(request.path))


def _work(request: PortalRequest, view: LicenseView) -> None:
    me, batch_id, until = view.principal.user, int(request.path.rpartition("/")[2]), time.monotonic() + WORK_SECONDS
    actor = request.actor(me.email)
    keep_going = lambda: time.monotonic() < until  # noqa: E731 - short and local
    batch_assign.continue_batch(
        me.company, view.license.id, batch_id, actor, keep_going, manager_id=me.id, now=request.now
    )


run = PageHandler(logged_in(_show_batch), _go_on.post)


def _load_end(request: PortalRequest, claims: SessionClaims, license_id: int, batch_id: int) -> Loaded:
    view, more = _load_batch(request, claims, license_id, batch_id)
    return view, more | {
        "title": gettext("Stop the batch"),
        "sentences": [
            gettext("Those who have been assigned keep their seats. The seats of the others become free again.")
        ],
        "button": gettext("Stop the batch"),
        "danger": True,
    }


@action("confirm.html", Confirmation, _load_end)
def end(request: PortalRequest, view: LicenseView, _form: Confirmation) -> Change[None]:
    """Give back what is still reserved."""
    me, here = view.principal.user, request.path.rpartition("/")[0]
    batch_id = int(here.rpartition("/")[2])
    given = (me.company, view.license.id, batch_id, request.actor(me.email))
    return Change(
        lambda: batch_assign.end_batch(*given, now=request.now),
        lambda _: FormResult(here, gettext("The batch was stopped. The other seats are free again.")),
    )


def _download(request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
    """The result as a CSV file."""
    view = load_license(request, claims, parts["license_id"])
    results = _result(request, view, parts["batch_id"])
    return download(f"license-users-{parts['batch_id']}.csv", "\ufeff" + _csv(results, view))


def _csv(results: list[RowResult], view: LicenseView) -> str:
    """What came of each person, with the initial passwords. Named in this language, its columns are read again, too."""
    header = (*(gettext(MEANINGS[meaning]) for meaning in IN_ORDER), gettext("Result"), gettext("Initial password"))
    return to_csv(header, (_cells(result, view) for result in results))


def _cells(result: RowResult, view: LicenseView) -> tuple[str, ...]:
    row = result.row
    profile = (display_email(row.email), row.first_name, row.last_name, row.phone_number, str(row.max_activations))
    return (*profile, row_message(result, view.license, done=True), result.password or "")


result = PageHandler(logged_in(_download))
