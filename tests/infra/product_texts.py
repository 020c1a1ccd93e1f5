"""The commands for products, as tests ask them: what is given, and a value of the answer beside its name."""

_PRODUCT = "--company {company} --product viewer"

PRODUCT_TEXTS = {
    "product create": (
        "--company {company} --code cad --name CAD --authorization-method user",
        *("authorization method", "user"),
    ),
    "product list": ("--company {company}", "company", "{company}"),
    "product show": ("--company {company} --code viewer", "metadata", "-"),
    "product history": ("--company {company} --code viewer", "product", "viewer"),
    "product set": ("--company {company} --code viewer --metadata '{{\"line\": 2}}'", "metadata", '{{"line": 2}}'),
    "feature create": (f"{_PRODUCT} --code dwg --name DWG --type activation", "feature type", "activation"),
    "feature list": (_PRODUCT, "product", "viewer"),
    "feature show": ("--company {company} --feature {feature}", "code", "pages"),
    "feature set": ("--company {company} --feature {feature} --max-consumption unlimited", "max consumption", "-"),
    "feature delete": ("--company {company} --feature {feature}", "is deleted", "yes"),
    "policy create": (f"{_PRODUCT} --code team --name Team --max-activations 50", "max activations", "50"),
    "policy list": (_PRODUCT, "product", "viewer"),
    "policy show": ("--company {company} --policy {policy}", "code", "pro"),
    "policy set": ("--company {company} --policy {policy} --max-activations unlimited", "version", "2"),
    "policy delete": ("--company {company} --policy {policy}", "deleted", "yes"),
    "policy preview": ("--company {company} --policy {policy}", "policy", "pro"),
    "policy apply": ("--company {company} --policy {policy} --license {license}", "refused", "1"),
    "field create": (f"{_PRODUCT} --name Country --default-value DE", "default value", "DE"),
    "field list": (_PRODUCT, "product", "viewer"),
    "field show": ("--company {company} --field {field}", "name", "Region"),
    "field set": ("--company {company} --field {field} --default-value US", "default value", "US"),
    "field delete": ("--company {company} --field {field}", "deleted", "yes"),
}
