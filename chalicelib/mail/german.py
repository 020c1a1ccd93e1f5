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
einmal. Haben Sie mehrmals gefragt, so gilt nur der neueste.

Wir wissen nicht, wer gefragt hat. Waren Sie es nicht, so brauchen Sie nichts zu tun: Ihr Passwort
bleibt, wie es ist. Geben Sie den Code niemandem; wir werden Sie nie nach ihm fragen.
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
    },
    vendor="Der Anbieter",
    portal="Portal",
    support="Hilfe",
)
