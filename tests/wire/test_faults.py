"""The error table: one test a row, every shape of a body, and messages that tell what to do and no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import (
    AccountError,
    Blocked,
    BrokenReply,
    Busy,
    FormatRefused,
    ImageRefused,
    Rejected,
    ServiceError,
    TooLong,
    TooSlow,
)
from extractor.wire.faults import FAULTS, classify, fault_of, read_failure

UUID = "3f2b8c1e-5a4d-4e6f-9b7a-0c1d2e3f4a5b"

DOCUMENTED: list[tuple[int | None, int, str, type[ServiceError], str]] = [
    (10000, 401, "Authentication error", AccountError, "token"),
    (
        7003,
        404,
        "Could not route to /client/v4/accounts/x, perhaps your object identifier is invalid?",
        AccountError,
        "account id",
    ),
    (7003, 404, "Model not found", AccountError, "name of the model"),
    (7000, 400, "No route for that URI", AccountError, "base URL"),
    (5007, 400, "No such model @cf/x/y or task", AccountError, "name of the model"),
    (3042, 404, "The model name is invalid", AccountError, "name of the model"),
    (5028, 410, "This model was deprecated on 2026-05-30.", AccountError, "is retired; choose another model"),
    (5024, 403, "JSON Model couldn't be met", FormatRefused, "json_object"),
    (5024, 403, "whatever it says", FormatRefused, "json_object"),
    (5025, 405, "This model doesn't support JSON Schema", FormatRefused, "json_object"),
    (8007, 400, "This model doesn't support JSON Schema", FormatRefused, "json_object"),
    (8006, 400, "Invalid data for image - reason invalid base64 encoding", ImageRefused, "data: URI"),
    (2014, 408, "Provider request timeout", TooSlow, "shorter answer"),
    (1031, 500, "error code: 1031", Busy, "again"),
    (5004, 400, "Invalid data type for base64 input: number", Rejected, "base64"),
    (5005, 405, "The model x does not support LoRa inference", AccountError, "LoRA"),
    (5019, 405, "Request trying to use deprecated SDK version", AccountError, "update"),
    (3039, 400, "Finetune is missing required files (model.safetensors and config.json)", AccountError, "LoRA"),
    (3003, 400, "Request is missing headers or body: {what}", Rejected, "is invalid"),
    (5006, 400, "Bad input: Error: required properties at '/' are 'messages'", Rejected, "is invalid"),
    (5006, 400, "Bad input: Error: required properties at '/response_format' are 'type'", Rejected, "is invalid"),
    (8001, 400, "Invalid input", Rejected, "is invalid"),
    (8001, 400, "response_format.json_schema is not supported", FormatRefused, "json_object"),
    (8006, 400, "tool call needs more tokens", Rejected, "is invalid"),
    (8007, 400, "Assistant tool call function.arguments must be valid JSON.", Rejected, "is invalid"),
    (
        8007,
        400,
        "This model's maximum context length is 9 tokens. However, you requested 1",
        TooLong,
        "less of the document",
    ),
    (
        3010,
        413,
        "The estimated number of input and maximum output tokens (9) exceeded this model context window limit (1)",
        TooLong,
        "less",
    ),
    (5021, 400, "The estimated number of input and maximum output tokens (9) exceeded", TooLong, "less"),
    (None, 400, "Requested token count exceeds the model's maximum context length of 256000 tokens.", TooLong, "less"),
    (None, 400, "max_completion_tokens is too large: 262144.", TooLong, "lower max_completion_tokens"),
    (8001, 400, "max_completion_tokens is too large: 262144.", TooLong, "lower max_completion_tokens"),
    (3006, 413, "Request is too large", TooLong, "less of the document"),
    (None, 413, "Payload Too Large", TooLong, "less of the document"),
    (3007, 408, "Request timeout", Busy, "again"),
    (3008, 408, "Request was aborted", Busy, "again"),
    (3046, 408, "Request timeout", TooSlow, "shorter answer"),
    (3036, 429, "You have used up your daily free allocation of 10,000 neurons.", AccountError, "00:00 UTC"),
    (4006, 429, "you have used up your daily free allocation of 10,000 neurons", AccountError, "00:00 UTC"),
    (None, 429, "you have used up your daily free allocation of 10,000 neurons", AccountError, "00:00 UTC"),
    (3040, 429, "Capacity temporarily exceeded, please try again.", Busy, "fewer requests"),
    (3040, 429, "No more data centers to forward the request to", Busy, "fewer requests"),
    (1015, 429, "error code: 1015", Busy, "fewer requests"),
    (None, 429, "Too many requests", Busy, "fewer requests"),
    (5035, 403, "This model requires a Workers Paid plan.", AccountError, "Paid plan"),
    (5018, 403, "The account is not allowed to access this model", AccountError, "access"),
    (3041, 403, "The account is not allowed to access this model", AccountError, "access"),
    (5016, 403, "User has not agreed to Llama3.2 model terms", AccountError, "agree"),
    (3023, 403, "Service unavailable for account", AccountError, "access"),
    (3030, 400, "flagged content", Rejected, "content"),
    (5012, 422, "unprocessable", Rejected, "is invalid"),
    (8005, 500, "Internal Server Error", Busy, "again"),
    (3043, 500, "Unknown internal error", Busy, "again"),
    (2021, 402, "insufficient balance", AccountError, "credit"),
    (2008, 400, "invalid provider", AccountError, "provider"),
    (5024, 400, "JSON Mode couldn't be met", FormatRefused, "json_object"),
    (8001, 400, "JSON Mode couldn't be met", FormatRefused, "json_object"),
    (None, 500, "JSON Mode couldn't be met", FormatRefused, "json_object"),
    (None, 400, "response_format type json_schema is unavailable now", FormatRefused, "json_object"),
    (None, 408, "Request Timeout", Busy, "again"),
    *((None, status, "upstream", Busy, "again") for status in (409, 421, 425, 499)),
    (None, 401, "Unauthorized", AccountError, "token"),
    (None, 402, "Payment Required", AccountError, "credit"),
    (None, 403, "Forbidden", AccountError, "access"),
    (None, 404, "Not Found", AccountError, "base URL"),
    (None, 405, "Method Not Allowed", AccountError, "base URL"),
    *((None, status, "Moved", AccountError, "base URL") for status in (300, 301, 302, 303, 307, 308)),
    (None, 407, "Proxy Authentication Required", AccountError, "proxy"),
    *((None, status, "no answer", BrokenReply, "again") for status in (304, 999)),
    *((None, status, "upstream", Busy, "again") for status in (500, 502, 503, 504, 520, 524, 529)),
    (None, 200, "something else", BrokenReply, "again"),
    (None, 418, "I'm a teapot", Rejected, "is invalid"),
    (99999, 400, "a code that no table knows", Rejected, "is invalid"),
    (99999, 503, "a code that no table knows", Busy, "again"),
]


def envelope(code: int | None, text: str) -> bytes:
    entry: dict[str, Any] = {"message": f"AiError: AiError: {text} ({UUID})"}
    errors = [entry if code is None else {**entry, "code": code}]
    return json.dumps({"errors": errors, "success": False, "result": {}, "messages": []}).encode()


@pytest.mark.parametrize(("code", "status", "text", "error", "advice"), DOCUMENTED)
def test_documented(code: int | None, status: int, text: str, error: type[ServiceError], advice: str) -> None:
    """Each documented error has its class, keeps what the service said, and says what a person can do."""
    found = classify(status, {}, envelope(code, text))
    assert type(found) is error
    assert (found.code, found.status, found.request_id) == (code, status, UUID)
    where = f"code {code}, HTTP {status}" if code is not None else f"HTTP {status}"
    reason, _, advised = str(found).partition(f" ({where}): ")
    assert reason == text
    assert advice in advised


def test_every_row_is_reached() -> None:
    """No row of the table is dead."""
    reached = [fault_of(read_failure(status, envelope(code, text))) for code, status, text, *_ in DOCUMENTED]
    reached += [fault_of(read_failure(status, PAGE)) for status in (403, 504)]
    assert [row for row in FAULTS if row not in reached] == []


PAGE = b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>Ray</body></html>"


@pytest.mark.parametrize("body", [PAGE, b"", b"error code: 1020", b"Access denied", b"[]", PAGE[:20]])
def test_a_firewall_on_the_way_is_not_the_service(body: bytes) -> None:
    """403 in what is none of the service's own errors says nothing of the account, and bills nothing."""
    error = classify(403, {}, body)
    assert type(error) is Blocked
    assert not error.billable
    assert "firewall or proxy on the way" in str(error)


@pytest.mark.parametrize(("status", "billable"), [(504, True), (524, True), (502, False), (503, False), (522, False)])
def test_who_gave_up_waiting_says_nothing_of_the_bill(status: int, billable: bool) -> None:
    """A page of the edge that timed out came after the request had arrived; the service's own refusals bill nothing."""
    assert classify(status, {}, PAGE).billable is billable
    assert not classify(status, {}, envelope(3040, "Capacity")).billable


@pytest.mark.parametrize(
    ("code", "status"), [(5007, 400), (3042, 404), (5028, 410), (7000, 400), (7003, 404), (None, 404)]
)
def test_advice_about_the_model_names_it(code: int | None, status: int) -> None:
    """Where the name of the model may be wrong the line says the name, whether or not the service repeats it."""
    error = classify(status, {}, envelope(code, "Model not found"), model="@cf/moonshotai/kimi-k9")
    assert type(error) is AccountError
    assert "@cf/moonshotai/kimi-k9" in str(error)


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_code_says_more_than_a_status(status: int) -> None:
    """A known code decides, whatever status it comes with."""
    assert type(classify(status, {}, envelope(3010, "too many tokens"))) is TooLong
    assert type(classify(status, {}, envelope(4006, "quota"))) is AccountError


SHAPES: dict[str, tuple[str | dict[str, Any], int | None, str, str | None]] = {
    "gateway": (
        {
            "name": "AiGatewayError",
            "httpCode": 402,
            "internalCode": 2021,
            "message": "AiGatewayError",
            "error": [{"code": 2021, "message": "insufficient balance"}],
            "result": [],
            "success": False,
            "requestId": "req-1",
        },
        2021,
        "insufficient balance",
        "req-1",
    ),
    "binding": (
        {"name": "AiError", "internalCode": 5006, "httpCode": 400, "message": "Bad input", "requestId": "req-2"},
        5006,
        "Bad input",
        "req-2",
    ),
    "responses": (
        {"error": {"code": "invalid_prompt", "message": f"AiError: AiError: Request timeout ({UUID})"}},
        None,
        "Request timeout",
        UUID,
    ),
    "anthropic": (
        {"type": "error", "error": {"type": "not_found_error", "message": "Model not found: x"}},
        None,
        "Model not found: x",
        None,
    ),
    "string": ({"error": "no such thing"}, None, "no such thing", None),
    "code as text": ({"error": {"code": "3040", "message": "Capacity"}}, 3040, "Capacity", None),
    "null result": (
        {"result": None, "success": False, "errors": [{"code": 7003, "message": "Could not route"}], "messages": []},
        7003,
        "Could not route",
        None,
    ),
    "engine JSON": (
        {"errors": [{"code": 8007, "message": f'AiError: {{"object":"error","message":"Bad tool"}} ({UUID})'}]},
        8007,
        "Bad tool",
        UUID,
    ),
    "edge text": ("error code: 1015", 1015, "error code: 1015", None),
    "HTML": (
        "<!DOCTYPE html><head><title>502: Bad gateway</title><style>p{}</style></head><body><p>x</p></body></html>",
        None,
        "502: Bad gateway",
        None,
    ),
    "HTML without a title": ("<p>Service &amp; more</p><script>bad()</script>", None, "Service & more", None),
    "plain text": ("upstream connect error", None, "upstream connect error", None),
    "JSON string": ('"overloaded"', None, "overloaded", None),
    "nothing": ("", None, "", None),
}


@pytest.mark.parametrize(("body", "code", "text", "request_id"), SHAPES.values(), ids=SHAPES)
def test_shapes(body: Any, code: int | None, text: str, request_id: str | None) -> None:
    """Code, text and id are found in every shape that a failed reply has been seen in."""
    failure = read_failure(500, (body if isinstance(body, str) else json.dumps(body)).encode())
    assert (failure.code, failure.text, failure.request_id) == (code, text, request_id)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            400,
            {"object": "error", "message": "Bad tool", "type": "BadRequestError", "param": None, "code": 400},
            Rejected,
        ),
        (200, {"error": {"object": "error", "message": "Bad tool", "type": "BadRequestError", "code": 400}}, Rejected),
        (
            200,
            {"error": {"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500}},
            Busy,
        ),
        (200, {"error": {"message": "response_format: no such type", "code": "422"}}, FormatRefused),
    ],
)
def test_the_engine_gives_its_status_as_a_code(status: int, error: dict[str, Any], kind: type[ServiceError]) -> None:
    """A bare error of the engine, also inside a stream that began well, is classed by the status that it names."""
    found = classify(status, {}, json.dumps(error).encode())
    assert type(found) is kind
    assert found.code is None


def test_an_empty_body_says_so() -> None:
    """A reply that gives no reason still makes a whole sentence."""
    expected = "the service gave no reason (HTTP 503): this failure is temporary; try again later"
    assert str(classify(503, {}, b"")) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:00:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT"}, None),
        ({"retry-after": "2, 5"}, 5.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """The wait that is asked for, in seconds or as a date against the reply's own."""
    assert classify(429, headers, b"").retry_after == seconds


def test_request_ids() -> None:
    """The service's own id is kept first, then the one in the text, then the edge's."""
    assert classify(500, {"cf-ray": "r", "cf-ai-req-id": "i"}, envelope(3043, "x")).request_id == "i"
    assert classify(500, {"cf-ray": "r"}, envelope(3043, "x")).request_id == UUID
    assert classify(500, {"cf-ray": "r"}, b"").request_id == "r"


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach https://user:SECRET@host/path",
        "header Authorization: Bearer SECRET was refused",
        "api_token=SECRET&x=1",
        '{"cf-aig-authorization": "SECRET"}',
        "cannot use token SECRETSECRET: token=SECRET",
    ],
)
def test_no_secret_is_repeated(text: str) -> None:
    """Credentials in what the service echoes are masked."""
    reason = str(classify(400, {}, text.replace("SECRETSECRET", "x").encode()))
    assert "SECRET" not in reason
    assert "***" in reason


def test_a_message_is_one_short_line() -> None:
    """Whatever the service writes, it becomes one line of bounded length, with nothing in it that moves a terminal."""
    reason = str(classify(500, {}, ("line\n\r\t\x1b[2J\u202e\0" * 5_000).encode()))
    assert reason.isprintable()
    assert len(reason) < 600


@pytest.mark.parametrize("piece", [" ", "<", "<title>", "a-", "(", "AiError: ", "9", "\\u2028"])
@pytest.mark.parametrize("shape", ["{}", '{{"errors": [{{"code": "{}", "message": "{}"}}]}}'])
def test_a_message_without_end_is_read_in_time(shape: str, piece: str) -> None:
    """A million characters of whatever pattern are no more work than a few."""
    error = classify(500, {}, shape.replace("{}", piece * 1_000_000).replace("{{", "{").replace("}}", "}").encode())
    assert len(str(error)) < 600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["errors", "error", "message", "code", "internalCode", "success", "result"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(200, 599), JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_reply_can_be_classed(status: int, body: bytes) -> None:
    """No body, however odd, keeps an error from being classed."""
    error = classify(status, {}, body)
    assert isinstance(error, ServiceError)
    assert str(error)
