"""What becomes of a mail whose recipient a mail server refuses for good: it is not tried again, and of an invitation
the managers of the license are told.
"""

from contextlib import suppress

from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import waits_for
from chalicelib.domain.mail import Mail, QueuedMail
from chalicelib.domain.users import User
from chalicelib.store import accounts, licenses, mails
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.event_mails import managers_of
from chalicelib.usecases.notices import bounced_notices


def give_up_refused(queued: QueuedMail, mail: Mail, *, now: Instant) -> None:
    """Take a mail out of the queue, and note it on the account that waits for it, if it is an invitation.

    The note, the mails to managers and the end of this one are in one transaction: they are told once.
    """
    invited = _invited(queued, mail)
    if invited is not None:
        with suppress(ConditionFailed):  # invited anew, or somebody else has seen to it
            accounts.note_refused_invitation(invited, queued, _notices(mail), now)
            return
    mails.forget_mail(queued)


def _invited(queued: QueuedMail, mail: Mail) -> User | None:
    """The account that waits for this invitation; None where it is none, or not the newest."""
    user_id = accounts.user_of_email(mail.company, mail.to) if mail.code == "invitation" else None
    user = None if user_id is None else accounts.read_user(mail.company, user_id)
    return user if user is not None and waits_for(user, mail.to, queued.queued_at) else None


def _notices(invitation: Mail) -> list[Mail]:
    """What the managers of the license are mailed; nothing where an older process has queued the invitation."""
    of = invitation.license_id
    license = None if of is None else licenses.read_license(invitation.company, of)
    return [] if license is None else bounced_notices(managers_of(license), license, invitation.to)
