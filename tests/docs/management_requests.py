"""The requests of the public collection, and what answers each of them here: docs/management-requests.md.

`.venv/bin/python -m tests.docs.management_requests` writes its table.
"""

import re
from collections.abc import Mapping

from chalicelib.management.routes import PREFIX, endpoint
from tests.docs.pages import DOCS, with_section

PAGE = DOCS / "management-requests.md"
TITLE = "The requests"

REQUESTS: tuple[tuple[str, str, str], ...] = (
    ("List licenses", "GET", "/licenses"),
    ("Show license", "GET", "/licenses/{id}"),
    ("Update Licenses (bulk)", "PATCH", "/licenses/bulk_update"),
    ("Update License product features", "POST", "/licenses/{id}/update_features"),
    ("Disable Single License", "POST", "/licenses/disable_bulk"),
    ("Enable Single License", "POST", "/licenses/{id}/enable"),
    ("Disable Multiple Licenses", "POST", "/licenses/disable_bulk"),
    ("Reset License", "POST", "/licenses/{id}/reset"),
    ("Reset consumptions on License", "PATCH", "/licenses/{id}"),
    ("Assign User to a License", "POST", "/licenses/{id}/assign_user"),
    ("Assign users (bulk) to License", "POST", "/licenses/{id}/assign_users"),
    ("Unassign user from License", "POST", "/licenses/{id}/unassign_user"),
    ("Set Users activations", "POST", "/licenses/{id}/set_users_activations"),
    ("Set User Password", "POST", "/license-users/{id}/set_password"),
    ("Set User Password by email", "POST", "/license-users/set_password"),
    ("Generate License Key", "GET", "/orders/generate_license"),
    ("Count License transfers", "GET", "/license-activation-histories/transfer_count"),
    ("Update license", "PATCH", "/licenses/{id}"),
    ("Check License", "GET", "/licenses/check_license"),
    ("List License users", "GET", "/license-users"),
    ("Show License user", "GET", "/license-users/{id}"),
    ("Update License user", "PATCH", "/license-users/{id}"),
    ("List License custom fields", "GET", "/license-custom-fields"),
    ("Show License custom field", "GET", "/license-custom-fields/{id}"),
    ("Create License custom field", "POST", "/license-custom-fields"),
    ("Update License custom field", "PATCH", "/license-custom-fields/{id}"),
    ("Delete License custom field", "DELETE", "/licenses/{id}"),
    ("List License activation histories", "GET", "/license-activation-histories"),
    ("Show License activation history", "GET", "/license-activation-histories/{id}"),
    ("List License usage histories", "GET", "/license-histories"),
    ("Show License usage history", "GET", "/license-histories/{id}"),
    ("Import Licenses from csv", "POST", "/licenses/import_from_csv"),
    ("Export Licenses History", "GET", "/licenses/export_history"),
    ("List Licenses import results", "GET", "/licenses-import-results"),
    ("Show Licenses import result", "GET", "/licenses-import-results/{id}"),
    ("Import License features from csv", "POST", "/licenses/import_features_from_csv"),
    ("List License features import results", "GET", "/license-features-import-results"),
    ("Show License features import result", "GET", "/license-features-import-results/{id}"),
    ("List Orders", "GET", "/orders"),
    ("Show Order", "GET", "/orders/{id}"),
    ("Update Order", "PATCH", "/orders/{id}"),
    ("Export Order", "GET", "/orders/{id}/export"),
    ("Export Orders", "GET", "/orders/export"),
    ("Create Order", "POST", "/orders/create_order"),
    ("List managers on Order", "GET", "/orders/{id}/managers"),
    ("Add manager to Order", "POST", "/orders/{id}/add_manager"),
    ("Remove manager from Order", "POST", "/orders/{id}/remove_manager"),
    ("List Customers", "GET", "/customers"),
    ("Show Customer", "GET", "/customers/{id}"),
    ("Create Customer", "POST", "/customers"),
    ("Edit Customer", "PATCH", "/customers/{id}"),
    ("Merge Customer", "POST", "/customers/{id}/merge"),
    ("Export Customer", "GET", "/customers/export"),
    ("Import customers from CSV", "POST", "/customers/import_from_csv"),
    ("List Customer import results", "GET", "/customers-import-results"),
    ("Show Customer import results", "GET", "/customers-import-results/{id}"),
    ("List Customer labels", "GET", "/clabels"),
    ("Show Customer label", "GET", "/clabels/{id}"),
    ("Create Customer label", "POST", "/clabels"),
    ("Edit Customer label", "PATCH", "/clabels/{id}"),
    ("Add label to Customer", "POST", "/customerclabels"),
    ("Remove Label from Customer", "DELETE", "/customerclabels/{id}"),
    ("Delete Customer label", "DELETE", "/clabels/{id}"),
    ("Delete Customer", "DELETE", "/customers/{id}"),
    ("List Customer accounts", "GET", "/customer-accounts"),
    ("Show Customer account", "GET", "/customer-accounts/{id}"),
    ("Create Customer account", "POST", "/customer-accounts"),
    ("Edit Customer account", "PATCH", "/customer-accounts/{id}"),
    ("Delete Customer account", "DELETE", "/customer-accounts/{id}"),
    ("List Devices", "GET", "/devices"),
    ("Show Device", "GET", "/devices/{id}"),
    ("Reset Device", "POST", "/devices/{id}/reset"),
    ("Blacklist Device", "POST", "/devices/{id}/blacklist"),
    ("List Device variables", "GET", "/device-variables"),
    ("Show Device variable", "GET", "/device-variables/{id}"),
    ("Update Device variable", "PATCH", "/device-variables/{id}"),
    ("Delete Device variable", "DELETE", "/device-variables/{id}"),
    ("Borrow device", "POST", "/devices/{id}/borrow"),
    ("List Products", "GET", "/products"),
    ("Show Product", "GET", "/products/{id}"),
    ("List Products in a bundle", "GET", "/products/{id}/bundle"),
    ("List bundles for a Product", "GET", "/products/{id}/in_bundle"),
    ("List Installation files", "GET", "/installation-files"),
    ("Create Installation file", "POST", "/installation-files"),
    ("Show Installation file", "GET", "/installation-files/{id}"),
    ("List Product custom fields", "GET", "/product-custom-fields"),
    ("Show Product custom field", "GET", "/product-custom-fields/{id}"),
    ("Create Product custom field", "POST", "/product-custom-fields"),
    ("Update Product custom field", "PATCH", "/product-custom-fields/{id}"),
    ("Delete Product custom field", "DELETE", "/product-custom-fields/{id}"),
    ("List Product features", "GET", "/product-features"),
    ("Show Product feature", "GET", "/product-features/{id}"),
    ("Create Product feature", "POST", "/product-features"),
    ("Update Product feature", "PATCH", "/product-features/{id}"),
    ("Delete Product feature", "DELETE", "/product-features/{id}"),
    ("List activities", "GET", "/activities"),
    ("List activities hourly", "GET", "/activities-hourly"),
    ("List hourly activities actions stats", "GET", "/activities-hourly/actions_stats"),
    ("List hourly activities call counts", "GET", "/activities-hourly/total_call_count"),
    ("List hourly activities top call counts for customers", "GET", "/activities-hourly/top_call_count_customers"),
    ("List hourly activities top call counts for licenses", "GET", "/activities-hourly/top_call_count_licenses"),
    ("List hourly activities top call counts for orders", "GET", "/activities-hourly/top_call_count_orders"),
)
"""In the order of the collection: what each is called there, its method, and its path below `/api/v1`."""
MEANT: Mapping[int, tuple[str, str]] = {27: ("DELETE", "/license-custom-fields/{id}")}
"""Requests that stand in the collection with the path of another one, by a slip; by their numbers, from 1."""
_ANALYTICS = "refused to all: calls are not counted, and `sum_licenses` and `sum_refusals` say what happened"
_INSTALLERS = "there are no installation files yet"
NOT_BUILT: Mapping[int, str] = {
    78: "floating licenses are not borrowed yet",
    **dict.fromkeys((83, 84, 85), _INSTALLERS),
}
"""Why a request has no answer here, by its number."""


PARTLY: Mapping[int, str] = {
    41: "another `store_id` only where the order has few licenses: one write changes all that names it",
    **dict.fromkeys(range(96, 103), _ANALYTICS),
}
"""What is not answered of a request whose call there is, by its number."""


def calls() -> dict[int, str]:
    """The name of the call that answers each request, those that are answered."""
    declared: dict[tuple[str, str], str] = {(one.method, _pattern(one.route)): one.name for one in endpoint.declared}
    wanted = {n: MEANT.get(n, (method, path)) for n, (_, method, path) in enumerate(REQUESTS, start=1)}
    found = {n: declared.get((method, _pattern(path))) for n, (method, path) in wanted.items()}
    return {n: name for n, name in found.items() if name is not None}


def _pattern(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def table() -> str:
    """The section of the page."""
    answered = calls()
    lines = ["| # | request | method, path | here |", "|---|---|---|---|"]
    for n, (name, method, path) in enumerate(REQUESTS, start=1):
        here = f"`{answered[n]}`" if n in answered else f"not built: {NOT_BUILT[n]}"
        here += f", but {PARTLY[n]}" if n in PARTLY else ""
        meant = f"; meant is {MEANT[n][0]} `{MEANT[n][1]}`" if n in MEANT else ""
        lines.append(f"| {n} | {name} | {method} `{PREFIX}{path}` | {here}{meant} |")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(with_section(PAGE.read_text(), TITLE, table()))
