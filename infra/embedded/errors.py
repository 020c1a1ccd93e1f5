"""What the engine answers in the place of a result, in DynamoDB's words."""

from typing import Any

from botocore.exceptions import ClientError


class EngineError(Exception):
    """The engine cannot be opened; the text is one sentence for the operator."""


class Refused(Exception):
    """A request that DynamoDB would answer with an error: its code, its sentence, and the HTTP status.

    `more`: what else the answer has, such as the reasons of a cancelled transaction.
    """

    def __init__(self, code: str, message: str, status: int = 400, **more: object) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status, self.more = code, message, status, more

    def as_botocore(self, operation: str) -> ClientError:
        """As botocore raises it."""
        error = {"Code": self.code, "Message": self.message}
        # has more than botocore's type for it knows
        answer: Any = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": self.status}} | self.more
        return ClientError(answer, operation)


def invalid(message: str) -> Refused:
    """What cannot be understood, or must not be done."""
    return Refused("ValidationException", message)


def not_done(why: str) -> Refused:
    """What could not be done just now, and has not been: it may be sent again."""
    return Refused("ThrottlingException", why)


def outcome_unknown(why: str) -> Refused:
    """What may have been done or not."""
    return Refused("InternalServerError", why, 500)
