"""The commands for products, as tests ask them: what is given, and a value of the answer beside its name."""

_PRODUCT = "--company {company} --product viewer"

PRODUCT_TEXTS = {
    "product create": (
        "--company {company} --code cad --name CAD --authorization-method user",
        *("authorization method", "user"),
    ),
    "product list": ("--company {company}", "company", "{company}"),
    "product show": ("--company {company} --code viewer", "metadata", "-"),
    "product set": ("--company {company} --code viewer --metadata '{{\"line\": 2}}'", "metadata", '{{"line": 2}}'),
    "feature create": (f"{_PRODUCT} --code dwg --name DWG --type activation", "feature type", "activation"),
    "feature list": (_PRODUCT, "product", "viewer"),
    "feature set": ("--company {company} --feature {feature} --max-consumption unlimited", "max consumption", "-"),
    "feature delete": ("--company {company} --feature {feature}", "is deleted", "yes"),
    "field create": (f"{_PRODUCT} --name Country --default-value DE", "default value", "DE"),
    "field list": (_PRODUCT, "product", "viewer"),
    "field set": ("--company {company} --field {field} --default-value US", "default value", "US"),
    "field delete": ("--company {company} --field {field}", "deleted", "yes"),
}
