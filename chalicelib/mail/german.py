"""Was Mails auf Deutsch sagen, in Zeilen, die jedes Mailprogramm ganz zeigt."""

from chalicelib.mail.catalog import Catalog

_ABOUT = """
    Anbieter:      {name}
    Firmencode:    {company}
    E-Mail:        {email}

Ein Passwort, das nur Sie kennen, setzen Sie auf der Anmeldeseite unter „Forgotten password“: Dann
wird Ihnen ein Code geschickt. Mit einem solchen Passwort können Sie alle Lizenzen nutzen, die Sie
bekommen haben. Mit einem Passwort, das Sie von jemandem haben, geht das nur bei den Lizenzen, die
von dort kommen.

Falls Sie das nicht erwartet haben, fragen Sie nach: bei dem, der es getan hat, oder beim Anbieter.
"""

_SHORT = """
    Anbieter:      {name}
    Firmencode:    {company}
    E-Mail:        {email}
"""
_MANAGED = (
    "\n\n{item}"
    + _SHORT
    + """
Das schreiben wir Ihnen, weil Sie diese Lizenzen verwalten, von jeder Art höchstens einmal am Tag.
Welche Mails Sie bekommen, wählen Sie selbst:

    Mails wählen:  /portal/account/mails
"""
)


def _license(fact: str) -> str:
    return f"""\
    Produkt:       {{product}}
    Auftrag:       {{order}}
    {fact}
    Lizenz:        {{page}}
"""


GERMAN = Catalog(
    {
        "code_requested": (
            "Ihr Code für {name}",
            """\
Jemand möchte ein neues Passwort für Ihr Konto bei {name} setzen.

    Code:          {code}
    Firmencode:    {company}
    E-Mail:        {email}

Geben Sie den Code dort ein, wo Sie nach ihm gefragt haben. Er gilt {minutes} Minuten und nur
einmal. Von mehreren gilt nur der neueste.

Waren Sie es nicht, so brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist. Geben Sie den
Code niemandem; wir werden Sie nie nach ihm fragen.
""",
        ),
        "invitation": (
            "Sie können {product} nutzen ({name})",
            """\
{who} hat Ihnen eine Lizenz von {product} gegeben.

Wählen Sie ein Passwort, dann können Sie sie nutzen:

    Passwort wählen:  {link}

Der Link gilt {days} Tage und nur einmal. Geben Sie ihn niemandem: Wer ihn öffnet, wählt das
Passwort.

    Anbieter:      {name}
    Firmencode:    {company}
    E-Mail:        {email}

Falls Sie das nicht erwartet haben, fragen Sie nach: bei dem, der es getan hat, oder beim Anbieter.
""",
        ),
        "seat_given": (
            "Sie können {product} nutzen ({name})",
            "{who} hat Ihnen eine Lizenz von {product} gegeben.\n" + _ABOUT,
        ),
        "order_given": (
            "Sie verwalten Lizenzen ({name})",
            "{who} hat Ihnen die Verwaltung der Lizenzen des Auftrags {order} gegeben.\n" + _ABOUT,
        ),
        "password_set": (
            "Ihr Passwort wurde gesetzt ({name})",
            "{who} hat ein neues Passwort für Ihr Konto gesetzt. Sie sind überall abgemeldet.\n" + _ABOUT,
        ),
        "password_changed": (
            "Ihr Passwort wurde geändert ({name})",
            "Das Passwort Ihres Kontos wurde geändert, von jemandem, der das alte kannte.\n"
            "Überall sonst sind Sie abgemeldet. Waren Sie es nicht, so setzen Sie sofort ein anderes.\n" + _ABOUT,
        ),
        "password_changed_by_code": (
            "Ihr Passwort wurde geändert ({name})",
            "Das Passwort Ihres Kontos wurde mit einem Code geändert, den wir Ihnen geschickt haben.\n"
            "Überall sonst sind Sie abgemeldet. Waren Sie es nicht, so setzen Sie sofort ein anderes.\n" + _ABOUT,
        ),
        "password_chosen": (
            "Sie haben ein Passwort ({name})",
            "Für Ihr Konto wurde ein Passwort gewählt, mit dem Link in der Mail, die Sie eingeladen hat.\n"
            "Waren Sie es nicht, so setzen Sie sofort ein anderes.\n" + _ABOUT,
        ),
        "email_changed": (
            "Ihre E-Mail-Adresse wurde geändert ({name})",
            "{who} hat die E-Mail-Adresse Ihres Kontos von {old} in {new} geändert.\n" + _ABOUT,
        ),
        "new_log_in": (
            "Neue Anmeldung an Ihrem Konto ({name})",
            """\
Jemand hat sich an Ihrem Konto angemeldet: mit dem richtigen Passwort, und in einem Browser, der
dafür noch nicht benutzt wurde.

    Zeit:          {time}
    Adresse:       {address}

Waren Sie es, so brauchen Sie nichts zu tun. Sonst setzen Sie sofort ein anderes Passwort: auf der
Anmeldeseite unter „Forgotten password“. Das meldet zugleich überall ab.
"""
            + _SHORT,
        ),
        "license_ends": (
            "Lizenzen, die bald enden ({name})",
            "Von den Lizenzen, die Sie verwalten, enden diese bald:" + _MANAGED,
        ),
        "license_grace": (
            "Lizenzen in der Nachfrist ({name})",
            "Von den Lizenzen, die Sie verwalten, sind diese abgelaufen. Noch gehen sie, dann nicht mehr:" + _MANAGED,
        ),
        "license_expired": (
            "Abgelaufene Lizenzen ({name})",
            "Von den Lizenzen, die Sie verwalten, sind diese abgelaufen und nicht mehr zu nutzen:" + _MANAGED,
        ),
        "users_taken": (
            "Lizenzen ohne freien Platz ({name})",
            "Von den Lizenzen, die Sie verwalten, haben diese so viele Benutzer, wie sie haben dürfen. Um\n"
            "noch jemandem eine zu geben, entfernen Sie einen, oder fragen Sie den Anbieter nach mehr:" + _MANAGED,
        ),
        "devices_taken": (
            "Lizenzen ohne freie Aktivierung ({name})",
            "Von den Lizenzen, die Sie verwalten, sind diese auf so vielen Geräten aktiv, wie sie dürfen. Um\n"
            "noch eines zu aktivieren, setzen Sie eines zurück, oder fragen Sie den Anbieter nach mehr:" + _MANAGED,
        ),
        "invitation_bounced": (
            "Einladungen, die nicht ankamen ({name})",
            "Diese Leute hat ihre Einladung nicht erreicht. Sehen Sie nach, ob die Adresse stimmt:" + _MANAGED,
        ),
        "endpoint_disabled": (
            "Ein Webhook-Endpunkt wurde abgeschaltet ({name})",
            """\
Ein Endpunkt von Ihnen schlägt seit {days} Tagen fehl. Er ist abgeschaltet und bekommt keine Ereignisse
mehr.

    Endpunkt:      {endpoint}

Schalten Sie ihn wieder ein, sobald er antwortet. Was er versäumt hat, kann nachgesandt werden.
"""
            + _SHORT,
        ),
        "sweep_late": (
            "Was fällig ist, kommt zu spät ({name})",
            """\
Was mit Lizenzen allein durch die Zeit geschieht, wird zu spät festgehalten, jetzt um {minutes} Minuten.
Sie enden trotzdem pünktlich; aber Ereignisse und Mails darüber kommen später. Wer den Server
betreibt, findet mehr in seinem Log.
"""
            + _SHORT,
        ),
    },
    {
        "license_ends": _license("Endet:         {date}, in {in_days}"),
        "license_grace": _license("Ende:          {date}"),
        "license_expired": _license("Ende:          {date}"),
        "users_taken": _license("Benutzer:      {limit}"),
        "devices_taken": _license("Geräte:        {limit}"),
        "invitation_bounced": _license("Adresse:       {address}"),
    },
    vendor="Der Anbieter",
    date="%d.%m.%Y",
    in_days=("{days} Tag", "{days} Tagen"),
    portal="Portal",
    support="Hilfe",
)
