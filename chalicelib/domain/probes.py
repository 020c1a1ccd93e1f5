"""How many e-mails that others have a manager may come upon: people mistype, and who tries a list is not told."""

MAX_TAKEN, TAKEN_WINDOW_MS = 10, 24 * 60 * 60_000
"""So many in any such time, beginning with the first; then no e-mail is changed, whoever has it."""
