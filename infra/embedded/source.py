"""The tokens of one expression, and the names and values that it refers to."""

import re
from collections.abc import Callable
from typing import Never

from infra.embedded.errors import invalid
from infra.embedded.reserved import RESERVED_WORDS
from infra.embedded.values import Item, Value

Values = dict[str, Value]
"""ExpressionAttributeValues: placeholder → value."""
Check = Callable[[Values], None]
"""Refuses values that an expression cannot have, whatever the item."""
Read = Callable[[Item, Values], Value | None]

MAX_BYTES = 4096
_TOKEN = re.compile(r"\s*(?:([#:]?[A-Za-z_][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+)|(<>|<=|>=|[=<>(),+])|(\S))")


class Source:
    """One expression while it is read, `kind` says of which parameter. Whatever is not expected is refused."""

    def __init__(self, kind: str, text: str, names: dict[str, str]) -> None:
        self.kind, self._names = kind, names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.checks: list[Check] = []
        if not text.strip():
            self.fail("The expression can not be empty;")
        if len(text.encode()) > MAX_BYTES:
            self.fail("Expression size has exceeded the maximum allowed size;")
        self._tokens = ["".join(found) for found in _TOKEN.findall(text)]
        self.at = 0

    def fail(self, why: str) -> Never:
        """Refuse the expression."""
        raise invalid(f"Invalid {self.kind}: {why}")

    def peek(self, ahead: int = 0) -> str:
        """A token that comes, the next one if not said otherwise; `` behind the end."""
        return self._tokens[self.at + ahead] if self.at + ahead < len(self._tokens) else ""

    def comes(self, *wanted: str) -> bool:
        """Whether the next token is one of these keywords or operators."""
        return self.peek().upper() in wanted

    def take(self, *wanted: str) -> str:
        """The next token, in capitals; it has to be one of these."""
        if not self.comes(*wanted):
            self._fail_at_token()
        return self._next().upper()

    def calls(self, *functions: str) -> str:
        """The function that is called next, behind its opening parenthesis, if it is one of these; else ``."""
        if self.peek(1) != "(" or self.peek() not in functions:
            return ""
        self.at += 2
        return self._tokens[self.at - 2]

    def closes(self, start: int) -> bool:
        """Whether the parenthesis that opens at `start` is closed by the token before the next one."""
        depth = 0
        for at in range(start, self.at):
            depth += {"(": 1, ")": -1}.get(self._tokens[at], 0)
            if depth == 0:
                return at == self.at - 1
        return False

    def end(self) -> None:
        """Refuse whatever follows."""
        if self.peek():
            self._fail_at_token()

    def path(self) -> str:
        """The name of an attribute, as it is or by its placeholder. Attributes within attributes are not known."""
        token = self._next()
        if token.startswith("#"):
            if token not in self._names:
                self.fail(
                    f"An expression attribute name used in the document path is not defined; attribute name: {token}"
                )
            self.used_names.add(token)
            return self._names[token]
        if not (token[0].isalpha() or token[0] == "_"):
            self.at -= 1
            self._fail_at_token()
        if token.upper() in RESERVED_WORDS:
            self.fail(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def value(self) -> str:
        """The placeholder of a value."""
        token = self._next()
        if not token.startswith(":"):
            self.at -= 1
            self._fail_at_token()
        self.used_values.add(token)
        return token

    def require(self, placeholder: str, where: str, *kinds: str) -> None:
        """Let a value have one of these types, whatever the item."""

        def check(values: Values) -> None:
            (kind,) = values[placeholder]
            if kind not in kinds:
                self.fail(f"Incorrect operand type for operator or function; {where}, operand type: {kind}")

        self.checks.append(check)

    def _next(self) -> str:
        if self.at == len(self._tokens):
            self._fail_at_token()
        self.at += 1
        return self._tokens[self.at - 1]

    def _fail_at_token(self) -> Never:
        self.fail(f'Syntax error; token: "{self.peek() or "<EOF>"}"')
