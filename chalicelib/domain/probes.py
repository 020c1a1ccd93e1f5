"""How many emails that others have somebody may come upon: people mistype, and whoever tries a list learns nothing."""

MAX_TAKEN, TAKEN_WINDOW_MS = 10, 24 * 60 * 60_000
"""So many in any such time, beginning with the first; then no email is changed, whoever has it."""
MAX_GUESSES, GUESS_WINDOW_MS = 200, 60 * 60_000
"""So many users may be named from one address, by an application, on devices that were never theirs: an office that
installs it asks before it activates. Wrong links of invitations count with them."""
