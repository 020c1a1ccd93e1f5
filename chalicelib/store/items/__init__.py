"""Every kind of item in the tables, each with the value that it holds.

What an item has of its dataclass follows from that (`store.schema`); here stands what the dataclass does not say.
`docs/data-model.md` draws the same, `store.keys` builds the keys, `kinds` is the one registry.
"""
