"""Where to ask: from the environment, or from a child that announces itself; what is missing is said in a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from extractor.call.endpoint import Child, Endpoint, is_local, resolve_endpoint
from extractor.errors import AccountError, UsageError
from extractor.wire.requests import DEFAULT_BASE_URL, DEFAULT_MODEL

WHOLE = {"CLOUDFLARE_ACCOUNT_ID": "account", "CLOUDFLARE_AUTH_TOKEN": "secret-token"}


def test_the_environment_names_cloudflare() -> None:
    """Two variables are enough for Kimi K2.6 at its list price."""
    endpoint = resolve_endpoint(environment=WHOLE)
    assert (endpoint.base_url, endpoint.model) == (DEFAULT_BASE_URL, DEFAULT_MODEL)
    assert (endpoint.account_id, endpoint.token) == ("account", "secret-token")
    assert endpoint.price is not None


@pytest.mark.parametrize(
    ("argument", "variable", "expected"),
    [
        ("http://here:1/v4/", "http://there:2/v4", "http://here:1/v4"),
        (None, "http://there:2/v4", "http://there:2/v4"),
        (None, "", DEFAULT_BASE_URL),
    ],
)
def test_the_base_url(argument: str | None, variable: str, expected: str) -> None:
    """What is said goes before the environment, and both before Cloudflare's own."""
    assert resolve_endpoint(None, argument, {**WHOLE, "EXTRACTOR_BASE_URL": variable}).base_url == expected


def test_the_other_name_of_the_token() -> None:
    """CLOUDFLARE_API_TOKEN is taken too, after CLOUDFLARE_AUTH_TOKEN."""
    found = resolve_endpoint(environment={"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_API_TOKEN": "other"})
    assert found.token == "other"
    assert resolve_endpoint(environment={**WHOLE, "CLOUDFLARE_API_TOKEN": "other"}).token == "secret-token"


@pytest.mark.parametrize("missing", list(WHOLE))
def test_missing_credentials_say_both_ways(missing: str) -> None:
    """Without one of the two nothing starts: one sentence, both remedies, exit code 4."""
    with pytest.raises(AccountError, match=rf"^{missing} is not set: .*--model local") as raised:
        resolve_endpoint(environment={name: value for name, value in WHOLE.items() if name != missing})
    assert raised.value.exit_code == 4


def test_a_base_url_that_is_none() -> None:
    """A base URL without a scheme or a host is refused, not asked."""
    with pytest.raises(UsageError, match="no base URL"):
        resolve_endpoint(None, "api.cloudflare.com", WHOLE)


@pytest.mark.parametrize("name", list(WHOLE))
@pytest.mark.parametrize("value", ["some-se\ncret", "some secret", "some-s\u00e9cret", "some-se\x00cret"])
def test_credentials_that_cannot_be_sent(name: str, value: str) -> None:
    """What no header or address can carry is refused before anything is sent, and is not quoted."""
    with pytest.raises(AccountError, match="holds a line break, a space or a letter") as raised:
        resolve_endpoint(environment={**WHOLE, name: value})
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://u:pa55word@[::1",
        "https://host/v4?key=pa55word",
        "https://host:pa55word/",
        "pa55word\nhttps://host",
        "ftp://pa55word",
    ],
)
def test_a_base_url_is_never_quoted(url: str) -> None:
    """What is wrong with it is told without its words, of which one may be a password."""
    with pytest.raises(UsageError, match="no base URL") as raised:
        resolve_endpoint(None, url, WHOLE)
    assert "pa55word" not in str(raised.value)


def test_an_unknown_price_is_unknown() -> None:
    """A model that no price list names costs None, never 0."""
    assert resolve_endpoint("@cf/some/model", None, WHOLE).price is None


def test_the_token_is_in_no_repr() -> None:
    """An endpoint can be logged."""
    assert "secret-token" not in repr(resolve_endpoint(environment=WHOLE))


@pytest.mark.parametrize(
    ("name", "local"), [("local", True), ("local:x.gguf", True), ("localhost", False), (DEFAULT_MODEL, False)]
)
def test_which_names_are_local(name: str, local: bool) -> None:
    """`local` alone or with a colon, and nothing else."""
    assert is_local(name) is local


_SERVER = """
import sys
print('{"base_url": "http://127.0.0.1:9", "account_id": "a", "token": "t", "model": "m"}', flush=True)
sys.stdin.read()
"""


def _is_running(process: int) -> bool:
    return subprocess.run(["ps", "-p", str(process)], capture_output=True, check=False).returncode == 0


def test_a_child_lives_until_it_is_closed() -> None:
    """It announces itself by one line, and ends when we let go of its input."""
    child = Child.run([sys.executable, "-c", _SERVER])
    process = child.process_id
    assert child.announced["base_url"] == "http://127.0.0.1:9"
    assert _is_running(process)
    child.close()
    child.close()
    assert not _is_running(process)


def test_an_endpoint_closes_its_child() -> None:
    """Closing an endpoint ends the embedded model, and other endpoints hold nothing."""
    child = Child.run([sys.executable, "-c", _SERVER])
    Endpoint("http://127.0.0.1:9", "a", "t", child=child).close()
    assert not _is_running(child.process_id)
    Endpoint("http://127.0.0.1:9", "a", "t").close()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit('model x is not known; extractor local list names them')", "model x is not known"),
        ("print('hello')", "gave no reason"),
        ("raise SystemExit(3)", "gave no reason"),
    ],
)
def test_a_child_that_does_not_start_says_why(program: str, message: str) -> None:
    """Its own last line is the message; where it has none, that is said."""
    with pytest.raises(UsageError, match=message):
        Child.run([sys.executable, "-c", program])
