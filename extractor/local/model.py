"""The embedded model: one file of weights, loaded at the first request, which answers one request at a time.

The only file that imports xllamacpp and llguidance. A process holds one model and must not fork once it is loaded.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from extractor.call.endpoint import LOCAL_WINDOW
from extractor.call.prompt import read_document
from extractor.errors import MissingExtra, Rejected, TooLong, UsageError
from extractor.local.binding import bind
from extractor.local.catalog import MODELS, choose_model
from extractor.wire.values import Reply, Usage

__all__ = ["LocalModel", "open_model"]


@dataclass(slots=True)
class LocalModel:
    """A GGUF file that answers chat requests, each bound to the document that it asks about."""

    path: Path
    name: str
    _server: Any = None
    _lock: Lock = field(default_factory=Lock)

    def load(self) -> None:
        """Load the weights; UsageError where they or the extra are missing."""
        if self._server is None:
            self._server = _load(self.path)

    def answer(self, body: Mapping[str, Any]) -> Reply:
        """Answer a request of the wire. TooLong where its prompt leaves no room, Rejected where it cannot be sent."""
        request = self._prompt_of(body)
        with self._lock:
            self.load()
            reply = self._server.handle_chat_completions(request)
        if "error" in reply:
            raise _refusal(reply["error"])
        return _reply(reply, bool(body.get("logprobs")))

    def grammar(self, body: Mapping[str, Any]) -> str | None:
        """The grammar of the answers to a request, as far as its response_format asks for one."""
        form = body.get("response_format") or {}
        if form.get("type") == "json_object":
            return '%llguidance {}\nstart: %json {"type": "object"}'
        if form.get("type") != "json_schema":
            return None
        wire = form["json_schema"].get("schema", form["json_schema"])
        return _checked(bind(wire, read_document(body.get("messages", ())))) or _checked(
            f"%llguidance {{}}\nstart: %json {orjson.dumps(wire).decode()}"
        )

    def _prompt_of(self, body: Mapping[str, Any]) -> dict[str, Any]:
        messages = body.get("messages") or [{"role": "user", "content": body.get("prompt", "")}]
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or LOCAL_WINDOW
        request = {"messages": messages, "max_tokens": min(int(limit), LOCAL_WINDOW), "temperature": 0}
        request |= {name: body[name] for name in ("temperature", "top_p", "seed", "stop") if body.get(name) is not None}
        if body.get("logprobs"):
            request |= {"logprobs": True, "top_logprobs": 1}
        grammar = self.grammar(body)
        return request if grammar is None else {**request, "grammar": grammar}


def open_model(name: str) -> LocalModel:
    """The model that `local`, `local:NAME` or `local:PATH.gguf` means. UsageError where its weights are not here."""
    if name.endswith(".gguf"):
        path = Path(name.removeprefix("local:")).expanduser()
        if not path.is_file():
            raise UsageError(f"{path}: there is no such file; --model local:PATH.gguf takes a GGUF file")
        return LocalModel(path, f"local:{path.stem}")
    model = choose_model(name)
    if not model.is_here:
        raise UsageError(
            f"{model.name} is not on this machine yet; fetch it once ({model.size / 1e6:,.0f} MB) with: "
            f"extractor local pull {model.name}{_others()}"
        )
    return LocalModel(model.path, f"local:{model.name}")


def _others() -> str:
    here = [model.name for model in MODELS if model.is_here]
    return f"; or say --model local:{here[0]}, which is here" if here else ""


def _load(path: Path) -> Any:
    try:
        import xllamacpp
    except ImportError:
        raise MissingExtra("the embedded model needs xllamacpp", extra="local") from None
    threads = max(1, (os.cpu_count() or 2) - 1)
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.n_ctx, settings.n_parallel, settings.verbosity = LOCAL_WINDOW, 1, -1
    # A loopback port is always opened; nobody knows its key.
    settings.api_keys, settings.ui = [secrets.token_urlsafe(24)], False
    settings.cache_ram_mib = 0
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
    try:
        return xllamacpp.Server(settings)
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"{path}: no model can be loaded from this file: {error}") from None


def _checked(grammar: str) -> str | None:
    """The grammar if it is one: the engine would drop a bad one in silence and answer anything."""
    try:
        from llguidance import LLMatcher
    except ImportError:
        raise MissingExtra("the embedded model needs llguidance", extra="local") from None
    return None if LLMatcher.validate_grammar(grammar) else grammar


def _refusal(error: Mapping[str, Any]) -> Exception:
    if error.get("type") == "exceed_context_size_error":
        tokens, room = error["n_prompt_tokens"], error["n_ctx"]
        return TooLong(
            f"The estimated number of input and maximum output tokens ({tokens}) "
            f"exceeded this model context window limit ({room})"
        )
    return Rejected(str(error.get("message", error)))


def _reply(reply: Mapping[str, Any], logprobs: bool) -> Reply:
    choice, usage = reply["choices"][0], reply["usage"]
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    tokens: Sequence[Mapping[str, Any]] = (choice["logprobs"]["content"] or ()) if logprobs else ()
    return Reply(
        content=choice["message"].get("content") or "",
        finish=choice["finish_reason"],
        usage=Usage(usage["prompt_tokens"], cached, usage["completion_tokens"]),
        logprobs=tuple((token["token"], token["logprob"]) for token in tokens),
    )
