"""The main flows once in German, in a browser that asks for it: from the log-in to a user who was removed."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import axe
from tests.e2e.site import USER, Site
from tests.e2e.steps import confirmed, follow, form, refused, row, send
from tests.usecases.people import MANAGER, PASSWORD

NEW, OTHER = "eva.lindqvist@customer.test", "lea@customer.test"


def log_in(page: playwright.Page, site: Site, password: str) -> None:
    page.get_by_label("Firmencode").fill(site.company)
    page.get_by_label("E-Mail").fill(MANAGER)
    page.get_by_label("Passwort", exact=True).fill(password)
    page.get_by_role("button", name="Anmelden").click()


def choose(page: playwright.Page, who: str, action: str) -> None:
    row(page, who).get_by_role("button", name="Aktionen").click()
    row(page, who).get_by_role("link", name=action).click()


def test_a_manager_assigns_changes_replaces_and_removes_users(german_page: playwright.Page, site: Site) -> None:
    page = german_page
    page.goto(site.at(site.license, "/users"))
    log_in(page, site, "falsch")
    expect(page.get_by_role("alert")).to_have_text("Firmencode, E-Mail oder Passwort ist falsch.")
    log_in(page, site, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Lizenz für: Revit")
    expect(page.locator("html")).to_have_attribute("lang", "de")

    follow(page, "Benutzer zuweisen")
    send(page, "Zuweisen", e_mail=USER)
    refused(page, "Diese E-Mail-Adresse ist der Lizenz schon zugewiesen.")
    send(page, "Zuweisen", e_mail=NEW, vorname="Eva", nachname="Lindqvist")
    confirmed(page, f"{NEW} wurde zugewiesen.")
    expect(page.locator(".count")).to_contain_text("Plätze: 2 / 5")
    choose(page, NEW, "Max. Aktivierungen festlegen")
    send(page, "Max. Aktivierungen festlegen", max_aktivierungen="3")
    confirmed(page, f"{NEW} darf jetzt 3 Geräte aktivieren.")
    choose(page, NEW, "Ersetzen …")
    send(page, "Eva Lindqvist ersetzen", e_mail=OTHER)
    confirmed(page, f"wurde durch {OTHER} ersetzt.")
    choose(page, OTHER, "Benutzer entfernen")
    send(page, f"{OTHER} entfernen")
    confirmed(page, "Es ist Platz für einen anderen Benutzer.")
    page.locator(".flash").get_by_role("button", name="Rückgängig").click()
    expect(row(page, OTHER)).to_be_visible()


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_in_the_bar_and_the_dialogs(german_page: playwright.Page, site: Site) -> None:
    page = german_page
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": "DON-PC"})
    site.enter(page, site.at(site.license, "/users"))
    page.get_by_role("checkbox", name=f"{USER} auswählen").check()
    bar = page.get_by_role("form", name="Ausgewählte Benutzer")
    expect(bar).to_be_visible()
    axe(page)
    for button in bar.get_by_role("button").all():
        button.click()
        look_at_dialog(page)
    page.get_by_role("checkbox", name=f"{USER} auswählen").uncheck()
    look_at_dialogs_of(page, USER)
    follow(page, "Benutzer zuweisen")
    look_at_dialog(page)
    page.goto(site.at(site.license, "/devices"))
    look_at_dialogs_of(page, "DON-PC")
    page.goto(site.at(site.license))
    look_at_dialogs_of(page, None)


def look_at_dialogs_of(page: playwright.Page, who: str | None) -> None:
    """Each that a menu opens: of a row, or of the license."""
    menu = row(page, who) if who else page.locator(".head")
    opens = menu.get_by_role("button", name="Aktionen")
    opens.click()
    names = [name.strip() for name in menu.locator("a[data-dialog]").all_text_contents()]
    assert len(names) > 0
    for name in names:
        if not menu.locator("[popover]").is_visible():
            opens.click()
        menu.get_by_role("link", name=name, exact=True).click()
        look_at_dialog(page)


def look_at_dialog(page: playwright.Page) -> None:
    """Let axe look at the dialog that has just been opened, with what stands in it in German, and close it."""
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_be_visible()
    axe(page)
    dialog.get_by_role("link", name="Abbrechen").click()
    expect(dialog).to_be_hidden()


def test_a_list_is_assigned_and_a_device_reset(german_page: playwright.Page, site: Site) -> None:
    page = german_page
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": "DON-PC"})
    site.enter(page, site.at(site.license, "/users/batch"))
    rows = f"E-Mail;Vorname;Nachname;Telefon;Max. Aktivierungen\n{NEW};Eva;Müller;;1\n{OTHER};Lea;Weiß;;2".encode()
    file: playwright.FilePayload = {"name": "personen.csv", "mimeType": "text/csv", "buffer": rows}
    form(page).get_by_label("CSV-Datei").set_input_files(file)
    send(page, "Vorschau")
    expect(page.locator("td[data-label='Was geschehen wird']")).to_have_text(["Bekommt einen Platz."] * 2)
    page.get_by_role("button", name="Zuweisen").click()
    expect(page.locator(".count")).to_have_text("2 Personen wurden zugewiesen.")

    page.goto(site.at(site.license, "/devices"))
    choose(page, "DON-PC", "Zurücksetzen")
    send(page, "DON-PC zurücksetzen")
    confirmed(page, "DON-PC wurde zurückgesetzt. Seine Aktivierung ist frei.")


def test_who_chooses_english_reads_english_from_then_on(german_page: playwright.Page, site: Site) -> None:
    site.enter(german_page, "/portal/account")
    follow(german_page, "Sprache und Zeitzone wählen")
    form(german_page).get_by_label("Sprache").select_option("English")
    send(german_page, "Speichern")
    confirmed(german_page, "Your language and time zone were saved.")
    expect(german_page.locator("html")).to_have_attribute("lang", "en")
