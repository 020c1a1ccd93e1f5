"""The admin commands: `.venv/bin/python -m infra.admin NOUN VERB …`, for operators of a stage or of one machine.

To add a command: an entry in the module of its noun in `command_tables/`, and a function of its name. What it takes
is read by `values.py`, its text is made by `text_output.py`, and a test asks for it in `docs/admin.md`.
"""
