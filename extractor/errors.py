"""The one error tree, and the flat problem line that every room speaks in.

    ExtractorError                exit 1
    ├── UsageError                exit 2   the call or command cannot be carried out as written
    │   ├── SchemaError                    a declaration that cannot be expressed: path, construct, remedy
    │   └── MissingExtra                   a library of an optional extra is not installed
    ├── DocumentError             exit 1   one file that cannot be read: a problem of its record, the run continues
    ├── InvalidValue              exit 1   a value that the schema refuses: problems
    ├── BudgetExceeded            exit 3   the next request would pass the cap
    ├── StorageError              exit 1   the journal or the cache cannot be written or read: stops the run
    ├── Unanswered                exit 1   no request has been answered for a while, so no more are sent: stops the run
    └── ServiceError              exit 1   the service refused or failed: code, status, request_id, advice
        ├── Unreachable                    no connection, or one that broke             retried
        │   └── Unreached                  no connection to this address has succeeded  retried, then stops the run
        ├── Busy                           capacity, rate limit, a passing 5xx          retried, slower
        ├── BrokenReply                    a body or a stream without its end           retried
        ├── TooSlow                        the service's limit on generation time       asked smaller
        ├── TooLong                        over the context window or the body limit    asked smaller
        ├── FormatRefused                  this response_format cannot be met           next rung
        ├── Rejected                       the request is wrong                         never retried
        │   ├── Blocked                    a page of a firewall or proxy on the way     retried, a few times
        │   └── ImageRefused               a picture, or text that was taken for one    retried once, disarmed
        └── AccountError          exit 4   credentials, plan, quota, model or route     stops the run

Messages are one line: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "STOPPING",
    "AccountError",
    "Blocked",
    "BrokenReply",
    "BudgetExceeded",
    "Busy",
    "DocumentError",
    "ExtractorError",
    "FormatRefused",
    "ImageRefused",
    "InvalidValue",
    "MissingExtra",
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
    "install_hint",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place: `path` is a JSON pointer into the value ("" is the whole of it).

    >>> from extractor import Problem
    >>> print(Problem("/total", "9.50 is not the sum of the lines"))
    9.50 is not the sum of the lines @ /total
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} @ {self.path or '/'}"


class ExtractorError(Exception):
    """The root of all errors that this library raises on purpose. `exit_code` is that of the command line.

    >>> from extractor import ExtractorError, load
    >>> try:
    ...     load("missing.pdf")
    ... except ExtractorError as error:
    ...     print(error.exit_code, error)
    2 there is no file missing.pdf; check the path
    """

    exit_code: ClassVar[int] = 1


class UsageError(ExtractorError):
    """The call or command cannot be carried out as written; the message says what to change.

    >>> from extractor import Config
    >>> Config(passes=0)
    Traceback (most recent call last):
    extractor.errors.UsageError: passes is 0: give 1 or more
    """

    exit_code = 2


class SchemaError(UsageError):
    """A declaration that cannot be expressed: `path`, the `construct`, and the `remedy`: what to write instead.

    >>> from collections.abc import Callable
    >>> from extractor import SchemaError, compile_schema
    >>> try:
    ...     compile_schema(dict[str, Callable[[], int]])
    ... except SchemaError as error:
    ...     print(error.path)
    /*
    """

    def __init__(self, *, path: str, construct: str, remedy: str) -> None:
        super().__init__(f"{construct} @ {path or '/'}: {remedy}")
        self.path, self.construct, self.remedy = path, construct, remedy


class MissingExtra(UsageError):
    """A library of an optional extra is not installed; the message says what installs it.

    >>> from extractor import MissingExtra
    >>> print(MissingExtra("reading a.pdf needs pypdfium2", extra="documents"))
    reading a.pdf needs pypdfium2; install it with: pip install 'extractor-pipelines[documents]'
    """

    def __init__(self, need: str, *, extra: str) -> None:
        super().__init__(f"{need}; {install_hint(extra)}")


def install_hint(extra: str) -> str:
    """The command that installs an optional extra of this library."""
    return f"install it with: pip install 'extractor-pipelines[{extra}]'"


class DocumentError(ExtractorError):
    """One file that cannot be read. `kind` is a stable word: empty, encrypted, damaged, unsupported ...

    >>> from pathlib import Path
    >>> from extractor import DocumentError, load
    >>> _ = Path("empty.txt").write_text("")
    >>> try:
    ...     load("empty.txt")
    ... except DocumentError as error:
    ...     print(error.kind)
    empty
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class InvalidValue(ExtractorError):
    """A value that the declared schema refuses, with one problem for each place.

    >>> from extractor import InvalidValue, compile_schema
    >>> try:
    ...     compile_schema(dict[str, int]).validate({"a": "x"})
    ... except InvalidValue as error:
    ...     print([problem.path for problem in error.problems])
    ['/a']
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class BudgetExceeded(ExtractorError):
    """The next request could pass the cap on money, so it was not sent.

    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> with Extractor(max_cost=0.000001) as extractor:
    ...     extractor.extract(Receipt, "Kebab Haus, 1 March 2026, total 9.50 EUR")
    Traceback (most recent call last):
    extractor.errors.BudgetExceeded: ...
    """

    exit_code = 3


class StorageError(ExtractorError):
    """A file that stores paid replies cannot be written or read, so nothing more is paid for.

    >>> from pathlib import Path
    >>> from extractor import Extractor, StorageError
    >>> from schemas.receipt import Receipt
    >>> _ = Path("answers.sqlite").write_text("This is not a database. " * 50)
    >>> try:
    ...     Extractor(cache="answers.sqlite").extract(Receipt, "Kebab Haus, 1 March 2026, total 9.50 EUR")
    ... except StorageError as error:
    ...     print(error)
    answers.sqlite is damaged: file is not a database; name another file for the cache
    """


class Unanswered(ExtractorError):
    """The last requests all ended without an answer, so no more are sent."""


class ServiceError(ExtractorError):
    """The service refused or failed a request.

    `code` is the service's own number and `status` the HTTP one, each None where there was none;
    `retry_after` is in seconds; `request_id` is what the service's support asks for. `usage` is the cost that the
    reply states (a Usage), None if it states none; `billable` is whether the request may have been billed.

    >>> from extractor import AccountError, ServiceError
    >>> issubclass(AccountError, ServiceError)
    True
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


class Blocked(Rejected):
    """A firewall or a proxy on the way to the service answered in its place, perhaps because of this content."""


class ImageRefused(Rejected):
    """The service takes something for a picture that it cannot read: a picture, or text that holds a `data:` URI."""


class AccountError(ServiceError):
    """Credentials, plan, quota, or a model or route that is not there: nothing can be asked until a person acts.

    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> with Extractor(token="wrong") as extractor:
    ...     extractor.extract(Receipt, "Kebab Haus, 1 March 2026, total 9.50 EUR")
    Traceback (most recent call last):
    extractor.errors.AccountError: ...
    """

    exit_code = 4


STOPPING = (AccountError, BudgetExceeded, StorageError, Unanswered, Unreached)
"""What is about the whole run: it ends where a person has to act, and the same command goes on from there."""
