"""From a reply to an answer: nothing of a reply goes unseen, and a worse second answer never replaces a better one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, model_validator

from extractor.call.asking import Answer, Asking, Settings
from extractor.call.conversation import converse
from extractor.call.tools import Tool
from extractor.pipeline.result import Result
from extractor.schema.compiler import Schema, compile_schema
from extractor.wire.values import Reply, ToolCall
from tests.call.kit import Play, reply


class Pane(BaseModel):
    width: int
    glass: str


class Window(BaseModel):
    """A window and its panes."""

    ref: str
    fitted: datetime | None = None
    colour: str | None = None
    panes: list[Pane]


SCHEMA = compile_schema(Window)
TEXT = "Window W-3, white, fitted in 2031. Panes: 40 clear, 50 tinted, 60 frosted. " + "It faces the yard. " * 200
CLEAR, TINTED, FROSTED = (
    {"width": width, "glass": glass} for width, glass in ((40, "clear"), (50, "tinted"), (60, "frosted"))
)
GOOD: dict[str, Any] = {"ref": "W-3", "fitted": None, "colour": "white", "panes": [CLEAR, TINTED, FROSTED]}
ELIDED = json.dumps(GOOD).replace(json.dumps([TINTED, FROSTED])[1:-1], "...")


def play(*answers: Any, schema: Schema[Any] = SCHEMA, **settings: Any) -> tuple[Answer, Play]:
    outcomes = [
        each if isinstance(each, Reply) else reply(each if isinstance(each, str) else json.dumps(each))
        for each in answers
    ]
    made = Play(outcomes)
    return made.run(converse(Asking(schema, TEXT), Settings(model="m", **settings))), made


def purposes(made: Play) -> list[str]:
    return [request.purpose for request in made.sent]


@pytest.mark.parametrize("text", ["null", "[[]]"])
def test_an_answer_that_says_nothing_is_asked_for_once_more(text: str) -> None:
    """Null or an empty list for a record is JSON: it costs one repair, and never passes for an empty record."""
    answer, made = play(text, GOOD)
    assert (answer.value, answer.problems, purposes(made)) == (GOOD, (), ["ask", "again"])
    answer, made = play(text, text, schema=compile_schema(Note))
    assert answer.problems
    assert len(made.sent) == 2


class Note(BaseModel):
    text: str | None = None


def several(*answers: Any) -> Reply:
    first, *others = (each if isinstance(each, str) else json.dumps(each) for each in answers)
    return reply(first, others=tuple(others))


UNGROUNDED = {**GOOD, "ref": "X-9", "colour": "mauve", "panes": [{"width": 999, "glass": "opal"}]}
DARK = {**GOOD, "colour": "tinted"}


@pytest.mark.parametrize(
    ("answers", "best"),
    [
        (["no JSON", GOOD, GOOD], GOOD),
        ([UNGROUNDED, UNGROUNDED, GOOD], GOOD),
        ([{**GOOD, "panes": "many"}, GOOD], GOOD),
        ([DARK, GOOD, GOOD], GOOD),
        ([GOOD, DARK], GOOD),
    ],
    ids=["no JSON", "nowhere in the document", "invalid", "outvoted", "a draw"],
)
def test_of_several_answers_the_best_is_the_answer(answers: list[Any], best: Any) -> None:
    """Of `n` answers the one with the fewest problems is taken, then the grounded one, then that of the majority."""
    answer, made = play(several(*answers))
    assert (answer.value, answer.problems, len(made.sent)) == (best, (), 1)


def test_markers_of_the_template_are_no_part_of_a_value() -> None:
    """A marker that leaked into a value is dropped, with a receipt, unless the document has it."""
    answer, _ = play(json.dumps(GOOD).replace("white", "white<|im_end|>"))
    assert answer.value == GOOD
    assert any("<|im_end|>" in change for repair in answer.repairs for change in repair.changes)


def test_an_answer_that_leaves_something_out_is_asked_for_again() -> None:
    """An ellipsis is a problem that goes back to the model; the whole answer replaces the first."""
    answer, made = play(ELIDED, GOOD)
    assert (answer.value, answer.problems) == (GOOD, ())
    assert purposes(made) == ["ask", "again"]
    assert "something was left out @ /panes/1" in made.sent[1].body["messages"][-1]["content"]


def test_what_stays_left_out_is_a_problem_and_what_came_is_kept() -> None:
    """If the model leaves it out again the rows that came are there, and the answer says that it is not whole."""
    answer, _ = play(ELIDED, ELIDED)
    assert answer.value["panes"] == [CLEAR]
    assert [str(problem) for problem in answer.problems] == [
        "an ellipsis says that something was left out @ /panes/1",
    ]


def test_a_refused_value_is_not_kept() -> None:
    """A year for a date and time is asked for again, and is left out in the end."""
    bad = {**GOOD, "fitted": "2031"}
    answer, made = play(bad, {"fitted": "2031"}, bad)
    assert answer.value["fitted"] is None if "fitted" in answer.value else True
    assert [problem.path for problem in answer.problems] == ["/fitted"]
    assert len(made.sent) == 3


def test_a_second_record_is_told() -> None:
    """Another record of the same document is a problem; one that stands nowhere in it is not."""
    other = {"ref": "W-3", "fitted": None, "colour": "tinted", "panes": [TINTED]}
    answer, _ = play([GOOD, other], [GOOD, other])
    assert answer.value in (GOOD, other)
    assert "more data than was asked for" in answer.problems[0].message
    invented = {"ref": "X-9", "fitted": None, "colour": "pink", "panes": [{"width": 7, "glass": "stained"}]}
    answer, made = play([GOOD, invented])
    assert (answer.value, answer.problems, len(made.sent)) == (GOOD, (), 1)


@pytest.mark.parametrize(
    "worse",
    [
        {**GOOD, "panes": [CLEAR, TINTED]},
        {**GOOD, "panes": []},
        {**GOOD, "ref": "W-3", "colour": None, "panes": [CLEAR, TINTED]},
        {"ref": "W", "panes": []},
    ],
    ids=["a row less", "no rows", "a value less", "nothing"],
)
def test_a_valid_second_answer_with_less_in_it_is_not_taken(worse: dict[str, Any]) -> None:
    """An answer with a problem is not given up for one that only has none because it says less."""
    first = json.dumps({**GOOD, "panes": [CLEAR, TINTED, FROSTED, {"width": "wide", "glass": "clear"}]})
    answer, made = play(first, {}, worse)
    assert answer.value["panes"] == GOOD["panes"]
    assert [problem.path for problem in answer.problems] == ["/panes/3/width"]
    assert answer.repairs[-2].changes == ("it was no better; the earlier answer is kept",)
    assert len(made.sent) >= 2


class Bill(BaseModel):
    """A bill whose lines add up."""

    total: int
    lines: list[Pane]

    @model_validator(mode="after")
    def _adds_up(self) -> Bill:
        if sum(line.width for line in self.lines) != self.total:
            raise ValueError("the lines do not add up")
        return self


SUM: dict[str, Any] = {"width": 150, "glass": "Panes"}
SECOND = [
    ([CLEAR, TINTED, FROSTED, SUM], 150, [CLEAR, TINTED, FROSTED], 150, True),
    ([CLEAR, TINTED, SUM], 150, [CLEAR, TINTED, FROSTED], 150, True),
    ([CLEAR, TINTED, FROSTED], 15, [CLEAR, TINTED, FROSTED], 150, True),
    ([CLEAR, TINTED, FROSTED], 15, [CLEAR], 40, False),
    ([CLEAR, TINTED, FROSTED], 15, [], 0, False),
]


@pytest.mark.parametrize(("lines", "total", "newer", "whole", "taken"), SECOND)
def test_a_rule_of_the_whole_is_not_satisfied_by_leaving_rows_out(
    lines: list[Any], total: int, newer: list[Any], whole: int, taken: bool
) -> None:
    """A second answer may drop a total from among the rows, but not rows that nothing else in it speaks of."""
    first, second = {"total": total, "lines": lines}, {"total": whole, "lines": newer}
    asking = Asking(compile_schema(Bill), f"{TEXT} 150 in all.")
    answer = Play([reply(json.dumps(first)), reply(json.dumps(second))]).run(converse(asking, Settings(model="m")))
    assert answer.value == (second if taken else first)
    assert bool(answer.problems) is not taken


def test_a_second_answer_without_an_invention_is_taken() -> None:
    """What the first answer had and the document has not is no reason to keep it."""
    first = {**GOOD, "fitted": "2031", "colour": "ultramarine"}
    answer, _ = play(first, "no", {**GOOD, "colour": None})
    assert (answer.value, answer.problems) == ({**GOOD, "colour": None}, ())


def test_receipts() -> None:
    """Each repair says what it changed and where, also in the line of a record."""
    answer, _ = play({"window": {**GOOD, "panes": [{**CLEAR, "width": "40"}, {**TINTED, "width": "50"}, FROSTED]}})
    (repair,) = answer.repairs
    assert repair.changes == (
        "the answer stood inside another value: /window @ /",
        "'40' was read as 40 @ /panes/0/width",
        "'50' was read as 50 @ /panes/1/width",
    )
    assert Result("a", "", "ok", repairs=answer.repairs).row()["repairs"] == [
        {
            "rung": "mend",
            "changes": list(repair.changes),
            "lossy": False,
            "paths": ["/panes/0/width", "/panes/1/width"],
        }
    ]


def test_one_line_for_a_change_that_was_made_everywhere() -> None:
    """A receipt stays short where a whole answer is in another notation."""
    answer, _ = play(repr(GOOD))
    assert len(answer.repairs[0].changes) < 6
    assert "more places" in answer.repairs[0].changes[0]


# -- answers and calls


def weigh(parts: list[str]) -> str:
    """Weigh some parts."""
    return f"{len(parts)} kg"


WEIGH = Tool.of(weigh)


def call(name: str, arguments: str, content: str = "") -> Reply:
    return reply(content, finish="tool_calls", tool_calls=(ToolCall("c", name, arguments),))


@pytest.mark.parametrize("tools", [(), (WEIGH,)])
def test_a_call_named_for_the_record_is_the_answer(tools: tuple[Tool, ...]) -> None:
    """The arguments of a call that no tool answers to are the record."""
    answer, made = play(call("Window", json.dumps(GOOD)), tools=tools)
    assert (answer.value, answer.tool_calls, len(made.sent)) == (GOOD, (), 1)
    assert answer.repairs[0].changes == ("the answer came as a tool call",)


def test_any_call_is_the_answer_where_no_tools_were_offered() -> None:
    """A model that makes up a tool still says what it read."""
    answer, made = play(call("save_window", json.dumps(GOOD)))
    assert (answer.value, len(made.sent)) == (GOOD, 1)


@pytest.mark.parametrize(
    "written",
    [
        {"name": "weigh", "arguments": {"parts": ["a", "b"]}},
        {"name": "functions.weigh", "parameters": json.dumps({"parts": ["a", "b"]})},
        {"type": "function", "function": {"name": "weigh", "arguments": {"parts": ["a", "b"]}}},
        [{"tool": "weigh", "args": {"parts": ["a", "b"]}}],
    ],
)
def test_a_call_that_is_written_as_text_is_made(written: Any) -> None:
    """The JSON of a call of a tool that was offered is that call, and no record."""
    answer, made = play(written, GOOD, tools=(WEIGH,))
    assert [(made_.name, made_.result) for made_ in answer.tool_calls] == [("weigh", "2 kg")]
    assert (answer.value, purposes(made)) == (GOOD, ["ask", "tool"])


def test_a_call_that_is_also_written_as_text_is_made_once() -> None:
    """A call in its own place is the call, whatever the text beside it says."""
    text = '{"name": "weigh", "arguments": {"parts": ["a", "b", "c"]}}'
    answer, _ = play(call("weigh", '{"parts": ["a"]}', text), GOOD, tools=(WEIGH,))
    assert [made.result for made in answer.tool_calls] == ["1 kg"]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ('{"parts": ["a", "b"]}', "2 kg"),
        ('{"parts": "[\\"a\\", \\"b\\"]"}', "2 kg"),
        (json.dumps('{"parts": ["a", "b"]}'), "2 kg"),
        ("{'parts': ['a', 'b'],}", "2 kg"),
        ('{"Parts": ["a"]}', "1 kg"),
        ('{"parts": "a"}', "1 kg"),
        ('{"parts": ["a", ...]}', "error: the arguments do not fit"),
        ('{"parts": ["a", "b"', "error: the arguments do not fit"),
        ('{"weights": 5}', "error: the arguments do not fit"),
        ("[]", "error: the arguments do not fit"),
    ],
)
def test_arguments_are_read_as_answers_are(arguments: str, result: str) -> None:
    """A tool gets what the model plainly meant, and is not called with less than it said."""
    answer, _ = play(call("weigh", arguments), GOOD, tools=(WEIGH,))
    assert answer.tool_calls[0].result.startswith(result)


def test_turns_are_bounded_over_the_whole_conversation() -> None:
    """A model that calls without end gets its turns once, and not again each time that the question is repeated."""
    loop = call("weigh", '{"parts": []}')
    answer, made = play(*[loop] * 20, tools=(WEIGH,), tool_turns=3, repairs=2)
    assert (answer.value, len(answer.tool_calls)) == (None, 3)
    assert len(made.sent) <= 1 + 3 + 2
    assert all(request.body.get("tool_choice", "none") == "none" for request in made.sent[3:])


def test_the_bound_holds_in_a_second_asking() -> None:
    """Turns that were used before an answer without JSON are not given back."""
    loop = call("weigh", '{"parts": []}')
    answer, made = play(loop, loop, "prose", loop, GOOD, tools=(WEIGH,), tool_turns=3)
    assert (answer.value, len(answer.tool_calls)) == (GOOD, 3)
    assert purposes(made) == ["ask", "tool", "tool", "again", "tool"]
