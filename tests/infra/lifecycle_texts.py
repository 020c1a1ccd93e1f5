"""What commands about the life of a license answer in text: see `TEXTS` in `test_admin.py`."""

LIFECYCLE_TEXTS = {
    "license enable": ("{license}", "enabled", "yes"),
    "license disable": ("{license}", "status", "disabled"),
    "license reset": ("{license}", "times activated", "0"),
    "license set-consumption": ("{metered} --total 4", "total consumptions", "4"),
    "license extend": ("{license} --validity-period 2080-01-01", "validity period", "2080-01-01T23:59:59.999Z"),
    "license schedule": ("{license} --at 2080-01-01 --max-activations 3", "at", "2080-01-01T00:00:00.000Z"),
    "scheduled-update list": ("--company {company} --update-status pending", "company", "{company}"),
    "scheduled-update show": ("--company {company} --update {update}", "status", "pending"),
    "scheduled-update set": ("--company {company} --update {update} --at 2081-01-01", "status", "pending"),
    "scheduled-update apply": ("--company {company} --update {update}", "status", "applied"),
    "scheduled-update cancel": ("--company {company} --update {update}", "status", "canceled"),
    "scheduled-update delete": ("--company {company} --update {update}", "deleted", "yes"),
    "license set-features": ("{license}", "note", "-"),
    "license set-fields": ("{license} --field Campus=", "note", "-"),
    "license rotate-key": ("{keyed}", "times activated", "0"),
    "license move": ("{keyed} --order {order}", "order id", "{order}"),
    "license archive": ("{license}", "status", "disabled"),
    "license restore": ("{license}", "status", "expired"),
    "license delete": ("{license}", "deleted", "yes"),
    "device add-legacy": ("--license {keyed} --hardware-id theirs --adopt-until 2080-01-01", "license", "{keyed}"),
}
