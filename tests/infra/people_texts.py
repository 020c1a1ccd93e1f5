"""The commands for companies, orders and users, as tests ask them: what is given, and a value of the answer beside its
name.
"""

EMAIL = "don.joe@qbitec.com"

COMPANY_TEXTS = {
    "company create": ("--code {company}-2 --name Two", "name", "Two"),
    "company list": ("--after ZZZZZZZZ", "after", "-"),
    "company show": ("{company}", "second factor", "nobody"),
    "company set": ("--code {company} --accent #123456", "accent", "#123456"),
    "company mail": ("--code {company} --language de", "language", "de"),
    "company policy": ("--code {company} --second-factor managers", "second factor", "managers"),
    "company delete": ("{company} --confirm {company}", "deleted", "yes"),
    "company history": ("{company} --limit 100", "after", "-"),
}

ORDER_TEXTS = {
    "order create": ("--company {company} --order N-1 --product viewer --licenses 2 --is-test yes", "is test", "yes"),
    "order list": ("--company {company}", "count", "3"),
    "order find": ("--company {company} {order}", "text", "{order}"),
    "order history": ("--company {company} --order {order}", "order", "{order}"),
    "order show": ("--company {company} --order {order}", "order", "{order}"),
    "order set": ("--company {company} --order {order} --reference PO-78", "reference", "PO-78"),
    "order add-manager": ("--company {company} --order {order} --email new@b.example", "manager", "new@b.example"),
    "order remove-manager": ("--company {company} --order {order} --email {email}", "removed", "yes"),
    "order set-permissions": ("--company {company} --order {order} --deny reset_license", "order", "{order}"),
}

USER_TEXTS = {
    "user list": ("--company {company}", "after", "-"),
    "user find": ("--company {company} don", "text", "don"),
    "user show": ("--company {company} --email {email}", "second factor", "no"),
    "user assign": ("--license {license} --email new@b.example", "email", "new@b.example"),
    "user replace": ("--license {license} --email {email} --by new@b.example", "email", "new@b.example"),
    "user remove": ("--license {license} --email {email}", "removed", "yes"),
    "user unlock": ("--company {company} --email {email}", "unlocked", "yes"),
    "user remove-second-factor": ("--company {company} --email {email}", "second factor", "no"),
    "user close": ("--company {company} --email {email}", "seats", "1"),
    "user reopen": ("--company {company} --email {email}", "closed", "no"),
    "user change-email": ("--company {company} --email {email} --new-email new@b.example", "email", "new@b.example"),
    "user set": ("--company {company} --email {email} --last-name Joe --phone ''", "last name", "Joe"),
    "user history": ("--company {company} --email {email}", "closed at", "-"),
    "user set-password": ("--license {license} --email {email}", "email", EMAIL),
    "user set-max-activations": (
        "--license {license} --email {email} --max-activations 5",
        *("max activations", "5"),
    ),
    "user reset-activations": ("--license {license} --email {email}", "activations", "0"),
}
