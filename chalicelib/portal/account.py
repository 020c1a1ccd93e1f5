"""The own account: names, phone, password, sessions."""

from typing import Any

from pydantic import BaseModel

from chalicelib.domain.pasted import composed
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import Asker
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import Nothing, Said, action, page
from chalicelib.portal.users import PersonForm
from chalicelib.usecases import views
from chalicelib.usecases.change_account import change_person, choose_password, end_other_sessions
from chalicelib.usecases.sessions import keep_session
from chalicelib.usecases.views import Visit

ACCOUNT = "/portal/account"


class NewPasswordForm(BaseModel):
    """A password that somebody chooses for himself."""

    password: str = ""
    new_password: str = ""
    again: str = ""


@page("account.html")
def account(ask: Ask, asker: Asker) -> Visit:
    """What the account says."""
    return views.visit(asker, now=ask.now)


def _me(ask: Ask, asker: Asker) -> Visit:
    return views.visit(asker, now=ask.now)


@action("person.html", PersonForm, _me)
def person(ask: Ask, view: Visit, form: PersonForm) -> Said:
    """Change the own names and phone number."""
    change_person(view.user.company, view.user.id, form.person(), ask.actor(view.user.email), now=ask.now)
    return Said(ACCOUNT, "Your name and phone number were saved.")


def _look_sessions(ask: Ask, asker: Asker) -> Any:
    return views.visit(asker, now=ask.now), {
        "title": "End other sessions",
        "sentences": ["You are logged out everywhere but here: on other computers, in other browsers."],
        "button": "End other sessions",
        "danger": False,
    }


@action("confirm.html", Nothing, _look_sessions)
def sessions(ask: Ask, view: Visit, _form: Nothing) -> Said:
    """End all sessions but this one."""
    epoch = end_other_sessions(view.user.company, view.user.id, ask.actor(view.user.email), now=ask.now)
    keep_session(view.asker, epoch, now=ask.now)
    return Said(ACCOUNT, "All other sessions are ended.", epoch=epoch)


def _look_password(ask: Ask, asker: Asker) -> Any:
    visit = views.visit(asker, choosing=True, now=ask.now)
    initial = visit.user.is_initial_password
    return visit, {"initial": initial, "back": "/portal/account"}


@action("choose_password.html", NewPasswordForm, _look_password)
def password(ask: Ask, view: Visit, form: NewPasswordForm) -> Said:
    """Choose a new password; all other sessions end."""
    if composed(form.new_password) != composed(form.again):
        raise Refused("validation_error", "The two new passwords differ. Type the same one twice.")
    me = view.user
    old = None if me.is_initial_password else form.password
    given = (me.company, me.id, form.new_password, ask.actor(me.email))
    try:
        changed = choose_password(*given, old_password=old, now=ask.now)
    except Refused as refused:
        if refused.code != "invalid_credentials":
            raise
        raise Refused("invalid_credentials", "This is not your present password.") from None
    keep_session(view.asker, changed.session_epoch, now=ask.now)
    says = "Your new password is set. All other sessions are ended."
    to = "/portal/licenses" if me.is_manager and me.is_initial_password else ACCOUNT
    return Said(to, says, epoch=changed.session_epoch)
