"""A mail as it goes out: in plain text and in HTML, with the face of the company that it is about.

What waits in the queue is one text, and both parts are made of it, so that both say the same. It has

* paragraphs, with an empty line between two of them; where a line breaks means nothing;
* rows, `    Label:  value`, each indented by four spaces;
* links into the portal: a row whose value is a path that begins with `/portal`. One that stands alone is a button. All
  lead to the host that the company has, or the operator has named (`usecases.branding.portal_url_of`), by whatever name
  the mail was asked for.

Nothing else is a link, and nothing is loaded from elsewhere. A logo is an SVG, which mail programs do not draw: the
company's name stands in its place.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.catalog import Company
from chalicelib.domain.color import accent_pair, ink_on
from chalicelib.domain.mail import Mail
from chalicelib.languages import Reader, gettext, language, writing_for
from chalicelib.mail.messages import row
from chalicelib.mail.sender import Letter, MailError

if TYPE_CHECKING:
    from jinja2 import Template

_OUR_ACCENT = "#0b6b54"
"""As pages have it, where a company has chosen none."""
_ROW = re.compile(r"^( {4}(?P<label>[^:\n]+): +)(?P<value>.+)$", re.MULTILINE)
_PATH = re.compile(r"/portal(?:[/?]\S*)?")


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    value: str
    href: str
    """Where it leads, if it is a link."""


def to_letter(id: str, mail: Mail, company: Company | None, portal_url: str) -> Letter:
    """A mail with the face of its company; None: it has none. Raises `MailError` for a link without a `portal_url`."""
    if not portal_url and any(_PATH.fullmatch(row["value"]) for row in _ROW.finditer(mail.text)):
        raise MailError("The mail has a link, and SEATKEEPER_PORTAL_URL does not say where the portal is.")
    face = company or Company(mail.company, 0, "", 0)
    with writing_for(Reader(mail.language)):
        code = language()
        rows = [(gettext("Portal"), portal_url and "/portal"), (gettext("Support"), face.support_email)]
    text = "\n".join([mail.text, "".join(row(label, value) for label, value in rows if value)])
    light, dark = accent_pair(face.accent or _OUR_ACCENT)
    html = _template().render(
        language=code,
        subject=mail.subject,
        name=face.name,
        blocks=[_block(block, portal_url) for block in re.split(r"\n\s*\n", text.strip("\n"))],
        colors={"light": (light, ink_on(light)), "dark": (dark, ink_on(dark))},
    )
    plain = _ROW.sub(lambda row: row[1] + (_href(row["value"], portal_url) or row["value"]), text)
    return Letter(id, mail.to, mail.subject, plain, html, face.name, face.reply_to)


def _href(value: str, portal_url: str) -> str:
    return portal_url + value if _PATH.fullmatch(value) else ""


def _block(text: str, portal_url: str) -> str | list[_Row]:
    """A paragraph on one line, or rows."""
    rows = [_Row(row["label"], row["value"], _href(row["value"], portal_url)) for row in _ROW.finditer(text)]
    return rows if len(rows) == len(text.splitlines()) else " ".join(text.split())


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - few processes send mail

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("letter.html")
