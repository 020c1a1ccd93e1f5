"""What commands about the life of a license answer in text: see `TEXTS` in `test_admin.py`."""

LIFECYCLE_TEXTS = {
    "license enable": ("{license}", "enabled", "yes"),
    "license disable": ("{license}", "status", "disabled"),
    "license reset": ("{license}", "times activated", "0"),
    "license extend": ("{license} --validity-period 2080-01-01", "validity period", "2080-01-01T23:59:59.999Z"),
    "license set-features": ("{license}", "note", "-"),
    "license set-fields": ("{license} --field Campus=", "note", "-"),
    "license rotate-key": ("{keyed}", "times activated", "0"),
    "license move": ("{keyed} --order {order}", "order id", "{order}"),
    "license archive": ("{license}", "status", "disabled"),
    "license restore": ("{license}", "status", "expired"),
    "license delete": ("{license}", "deleted", "yes"),
    "device add-legacy": ("--license {keyed} --hardware-id theirs --adopt-until 2080-01-01", "license", "{keyed}"),
}
