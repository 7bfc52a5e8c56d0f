"""Faults of the answer itself, as a model or its engine makes them: they are billed as they are written."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.emulator.checks import thinks
from extractor.emulator.values import Body, Completion, as_text, as_value, faults

__all__ = ["ANSWERS", "wants_json"]


def wants_json(body: Body) -> bool:
    """Whether a request asks for a JSON format."""
    return (body.get("response_format") or {}).get("type") in {"json_object", "json_schema"}


_THOUGHT = "The document has to be read from its beginning; first its kind, then its parts, then each field in turn."


def _of_text(change: Callable[[str], str], finish: str | None = None) -> Callable[[Completion], Completion]:
    """A change of the text of an answer that has one."""

    def act(completion: Completion) -> Completion:
        if not completion.content:
            return completion
        return replace(completion, content=change(as_text(completion.content)), finish=finish or completion.finish)

    return act


def _of_object(change: Callable[[dict[str, Any]], Any]) -> Callable[[Completion], Completion]:
    """A change of the value of an answer that is an object."""

    def changed(text: str) -> str:
        value = as_value(text)
        return as_text(change(value)) if isinstance(value, dict) else text

    return _of_text(changed)


def _half(text: str) -> str:
    return text[: len(text) // 2]


def _in_reasoning(completion: Completion) -> Completion:
    if not completion.content:
        return completion
    return replace(completion, content=None, reasoning=as_text(completion.content), finish=completion.finish or "stop")


def _as_prose(text: str) -> str:
    value = as_value(text)
    if not isinstance(value, dict):
        return f"The document says the following: {text}"
    return "\n".join(
        ["Here is what the document says:", *(f"- {name}: {_plain(item)}" for name, item in value.items())]
    )


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    return "several things" if isinstance(value, dict) else str(value)


def _as_tags(value: dict[str, Any]) -> str:
    return "".join(f"<{name}>{html.escape(as_text(item))}</{name}>" for name, item in value.items())


def _doubled(value: dict[str, Any]) -> str:
    return as_text(value).replace("{", f'{{"{next(iter(value), "")}":null,', 1)


_NEEDS: Mapping[str, Callable[[Body], bool]] = {
    "thinks": thinks,
    **dict.fromkeys(("format_ignored", "whitespace_stall", "reasoning_only"), wants_json),
}
"""What a request must have for a fault to show, if anything."""

_ACTS: Mapping[str, Callable[[Completion], Completion]] = {
    "thinks: a request that does not turn thinking off is thought about, and billed for it.": lambda completion: (
        replace(completion, reasoning=completion.reasoning or _THOUGHT)
    ),
    "empty_length: content null, finish_reason length: thinking took the whole budget.": lambda completion: Completion(
        None, reasoning=completion.reasoning or _THOUGHT, finish="length"
    ),
    "format_ignored: response_format is ignored: lines of prose instead of JSON.": _of_text(_as_prose),
    "cut: the content ends half way, with finish_reason length.": _of_text(_half, "length"),
    "cut_unmarked: the content ends half way, with finish_reason stop.": _of_text(_half, "stop"),
    "whitespace_stall: the grammar stalls: blanks up to the token limit (where a format is asked for).": _of_text(
        lambda text: _half(text) + " \n" * 200, "length"
    ),
    "abort: the engine gives the answer up half way: finish_reason abort.": _of_text(_half, "abort"),
    "reasoning_only: all of the JSON comes as the reasoning, with content null and finish_reason stop.": _in_reasoning,
    "fenced: the JSON stands in a Markdown fence.": _of_text(lambda text: f"```json\n{text}\n```"),
    "prose: a sentence stands before the JSON.": _of_text(lambda text: f"Here is the extracted data:\n\n{text}"),
    "prose_after: a sentence stands after the JSON.": _of_text(
        lambda text: f"{text}\n\nLet me know if {{more}} is needed."
    ),
    "leaked_think: reasoning and a leaked </think> stand before the content.": _of_text(
        lambda text: f"The fields are all there, so I can answer.</think>{text}"
    ),
    "nothing: the content is empty, with finish_reason stop.": _of_text(lambda text: ""),
    "blanks: the content is blanks alone.": _of_text(lambda text: " \n\t "),
    "says_null: the content is null, in JSON.": _of_text(lambda text: "null"),
    "empty_object: the content is an object without members.": _of_text(lambda text: "{}"),
    "empty_list: the content is a list without items.": _of_text(lambda text: "[]"),
    "nulls: each value of the object is null.": _of_object(lambda value: dict.fromkeys(value)),
    "schema_copied: the answer is shaped like a schema.": _of_object(
        lambda value: {"type": "object", "properties": {name: {"type": "string"} for name in value}}
    ),
    "in_list: the object stands in a list.": _of_object(lambda value: [value]),
    "in_envelope: the object stands in another one.": _of_object(lambda value: {"status": "ok", "data": value}),
    "in_tool_call: the answer is shaped like the call of a tool.": _of_object(
        lambda value: {"name": "extract", "arguments": value}
    ),
    "in_tags: the values come in tags.": _of_object(_as_tags),
    "in_text: the JSON is written as a JSON text once more.": _of_text(lambda text: orjson.dumps(text).decode()),
    "escaped: the JSON is escaped for HTML.": _of_text(html.escape),
    "twice: the answer comes twice, one behind the other.": _of_text(lambda text: f"{text}\n{text}"),
    "python: the answer is written as Python writes it.": _of_text(lambda text: repr(as_value(text))),
    "commas: a comma stands behind the last member.": _of_text(lambda text: f"{text.rstrip()[:-1]},}}"),
    "unclosed: the last bracket is missing.": _of_text(lambda text: text.rstrip()[:-1]),
    "comments: a comment stands in the JSON.": _of_text(lambda text: f"{{ // as the document has it\n{text[1:]}"),
    "curly_quotes: the quotes are typographic ones.": _of_text(lambda text: text.replace('"', "\u201d")),
    "other_case: the names of the members are in capital letters.": _of_object(
        lambda value: {name.upper(): item for name, item in value.items()}
    ),
    "more_members: the object has members that nobody asked for.": _of_object(
        lambda value: {"confidence": 0.9, **value, "notes": ["none"]}
    ),
    "fewer_members: the last member of the object is missing.": _of_object(
        lambda value: dict(list(value.items())[:-1])
    ),
    "member_twice: a member comes twice, with null first.": _of_object(_doubled),
    "elided: the model writes ... in place of the last member.": _of_object(
        lambda value: as_text(dict(list(value.items())[:-1]))[:-1] + ", ...}"
    ),
    "byte_order_mark: a byte order mark stands before the JSON.": _of_text(lambda text: f"\ufeff{text}"),
    "null_characters: NUL characters stand between the members.": _of_text(lambda text: text.replace(",", ",\x00")),
    "control_tokens: tokens of the model's template end the answer.": _of_text(lambda text: f"{text}<|im_end|>[EOS]"),
    "deep: the answer is a thousand lists in one another.": _of_text(lambda text: "[" * 1000 + "]" * 1000),
    "endless: one value repeats itself up to the token limit.": _of_text(
        lambda text: f"{text.rstrip()[:-2]}{' and so on' * 20_000}", "length"
    ),
}

ANSWERS = tuple(replace(fault, needs=_NEEDS.get(fault.name, fault.needs)) for fault in faults("answer", _ACTS))
