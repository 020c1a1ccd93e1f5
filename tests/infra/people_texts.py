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
