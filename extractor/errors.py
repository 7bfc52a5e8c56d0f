"""The one error tree, and the flat problem line that every room speaks in.

    ExtractorError                exit 1
    ├── UsageError                exit 2   what was asked for cannot be done as asked
    │   └── SchemaError                    a declaration that no dialect can say: path, construct, remedy
    ├── DocumentError             exit 1   one file that cannot be read; its own problem, never the run's
    ├── InvalidValue              exit 1   a value that the schema refuses: problems
    ├── BudgetExceeded            exit 3   the next request would pass the cap
    ├── StorageError              exit 1   the journal or the cache cannot be written or read: stops the run
    ├── Unanswered                exit 1   nobody has answered for so long that nothing more is sent: stops the run
    └── ServiceError              exit 1   the service said no: code, status, request_id, advice
        ├── Unreachable                    no connection, or none that lasted           retried
        │   └── Unreached                  nobody has ever answered at this address     retried, then stops the run
        ├── Busy                           capacity, rate limit, a passing 5xx          retried, slower
        ├── BrokenReply                    a body or a stream without its end           retried
        ├── TooSlow                        the service's limit on generation time       asked smaller
        ├── TooLong                        over the context window or the body limit    asked smaller
        ├── FormatRefused                  this response_format cannot be met           next rung
        ├── Rejected                       the request is wrong and stays wrong         never retried
        │   └── ImageRefused               a picture, or text that was taken for one    once, with text broken more
        └── AccountError          exit 4   credentials, plan, quota, model or route     stops the run

Messages are one line: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "STOPPING",
    "AccountError",
    "BrokenReply",
    "BudgetExceeded",
    "Busy",
    "DocumentError",
    "ExtractorError",
    "FormatRefused",
    "ImageRefused",
    "InvalidValue",
    "Problem",
    "Rejected",
    "SchemaError",
    "ServiceError",
    "StorageError",
    "TooLong",
    "TooSlow",
    "Unanswered",
    "Unreachable",
    "Unreached",
    "UsageError",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place: `path` is a JSON pointer into the value ("" is the whole of it)."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} @ {self.path or '/'}"


class ExtractorError(Exception):
    """The root of all errors that this library raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(ExtractorError):
    """What was asked for cannot be done as asked; the message says what to change."""

    exit_code = 2


class SchemaError(UsageError):
    """A declaration that cannot be expressed: where it stands, what it is, what to write instead."""

    def __init__(self, *, path: str, construct: str, remedy: str) -> None:
        super().__init__(f"{construct} @ {path or '/'}: {remedy}")
        self.path, self.construct, self.remedy = path, construct, remedy


class DocumentError(ExtractorError):
    """One file that cannot be read. `kind` is a stable word: empty, encrypted, damaged, unsupported ..."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class InvalidValue(ExtractorError):
    """A value that the declared schema refuses, with one problem for each place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class BudgetExceeded(ExtractorError):
    """The next request could pass the cap on money, so it was not sent."""

    exit_code = 3


class StorageError(ExtractorError):
    """A file in which paid replies are kept cannot be written or read, so nothing more is paid for."""


class Unanswered(ExtractorError):
    """Every request of late ended without any answer, so no other was sent."""


class ServiceError(ExtractorError):
    """The service refused or failed a request.

    `code` is the service's own number and `status` the HTTP one, each None where there was none;
    `retry_after` is in seconds; `request_id` is what the service's support asks for. `usage` is what the reply told of
    its cost (a Usage), None where it told nothing; `billable`, whether it may be billed all the same.
    """

    billable = False

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        usage: Any = None,
        billable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.status, self.request_id, self.retry_after = code, status, request_id, retry_after
        self.usage = usage
        if billable is not None:
            self.billable = billable


class Unreachable(ServiceError):
    """No connection, or one that broke before the reply was whole; where nothing was sent it is not billable."""

    billable = True


class Unreached(Unreachable):
    """No connection, and there never was one: the address or the network is at fault, for every document alike."""

    billable = False


class Busy(ServiceError):
    """No capacity, too many requests, or a passing failure on the service's side."""


class BrokenReply(ServiceError):
    """A reply that arrived, but not whole or not as the service writes them."""

    billable = True


class TooSlow(ServiceError):
    """The service stopped generating at its time limit: the same request would end the same way."""

    billable = True


class TooLong(ServiceError):
    """More tokens or bytes than the service takes: ask for less of the document at a time."""


class FormatRefused(ServiceError):
    """The service could not, or will not, hold its answer to the response format."""


class Rejected(ServiceError):
    """The service refuses this request for good."""


class ImageRefused(Rejected):
    """The service takes something for a picture that it cannot read: a picture, or text that holds a `data:` URI."""


class AccountError(ServiceError):
    """Credentials, plan, quota, or a model or route that is not there: nothing can be asked until a person acts."""

    exit_code = 4


class NotKept(ExtractorError):
    """A question that may only be answered by a reply that is kept, of which there is none."""


STOPPING = (AccountError, BudgetExceeded, NotKept, StorageError, Unanswered, Unreached)
"""What is about the whole run: it ends where a person has to act, and the same command goes on from there."""
