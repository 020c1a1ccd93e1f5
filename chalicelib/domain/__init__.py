"""The rules: pure Python, no I/O, no clock; imports nothing of ours."""
