"""The conversation: ask, read, repair cheapest first, and keep whatever can be kept.

ask ─► read ─► valid ─────────────────────────────────────► answer
        │  ├─► problems ─► targeted ─► whole ─► prune ────► answer, partial
        │  └─► cut ─► whole items ────────────────────────► answer, truncated
        └────► no JSON ─► whole, a rung lower ─► (read)
"""

from __future__ import annotations

from dataclasses import replace

from extractor.call.asking import Answer, Asking, Repair, Settings
from extractor.call.effects import Flow, Now
from extractor.call.form import Ladder
from extractor.call.prompt import corrected
from extractor.call.reading import NO_JSON, Draft, others
from extractor.call.repairing import attempted, drafted, repaired, whole
from extractor.call.talk import Question, Talk
from extractor.call.turns import turns
from extractor.errors import STOPPING, BrokenReply, Rejected, ServiceError, TooLong
from extractor.text.tokens import count_tokens
from extractor.wire.options import room, thinks, with_room, without_thinking
from extractor.wire.values import Reply

__all__ = ["Answer", "Asking", "Ladder", "Repair", "Settings", "converse"]

_MOST_TOKENS = 16_384
_ROOMIER, _UNFILLED, _WORDY, _REFUSALS = 3, 3, 2, 2
"""Further requests for an answer that was cut before it began, that was cut without filling its room, that held no
JSON; and the refusals that are enough."""
_NEARLY = 0.9


def converse(asking: Asking, settings: Settings) -> Flow[Answer]:
    """Ask one question until there is an answer, or as much of one as can be had.

    Failures of the service end in an Answer with `error`; what stops the run is raised (STOPPING). No more than
    1 + `settings.repairs` replies are paid for, turns after tool calls aside.
    """
    talk = Talk(asking, settings, (yield Now()))
    try:
        draft = yield from _first_draft(talk, talk.question())
    except STOPPING:
        raise
    except ServiceError as error:
        return talk.answer(error=error, truncated=isinstance(error, _Starved))
    for _ in range(_UNFILLED):
        if draft.cut and not _filled(draft.reply, talk):
            draft = yield from attempted(talk, draft, whole)
    if draft.problems and not draft.cut:
        draft = yield from repaired(talk, draft)
    return _answer_of(talk, draft)


class _Starved(TooLong):
    """The token limit ended the answer before anything of it could be used."""


def _first_draft(talk: Talk, question: Question) -> Flow[Draft]:
    """The first reply that holds JSON; a ServiceError when the budget of repairs ends before one came."""
    step: Repair | None = None
    roomier = refusals = wordy = 0
    while True:
        mark = talk.paid
        reply = yield from turns(talk, question)
        if step is not None:
            talk.repaired(replace(step, usage=talk.since(mark)))
        draft = drafted(talk, reply, question)
        if draft is not None:
            return draft
        starved = reply.finish == "length"
        roomier, refusals, wordy = roomier + starved, refusals + _refuses(reply), wordy + (not starved)
        hopeless = roomier > _ROOMIER or refusals == _REFUSALS or wordy > _WORDY
        if hopeless or not (yield from talk.may_repair()):
            raise _hopeless(reply, starved)
        question, step = _roomier(question, reply) if starved else _lower(talk, question)


def _roomier(question: Question, reply: Reply) -> tuple[Question, Repair]:
    """The same question without thinking where that took the room, else with twice the room."""
    options = question.options
    if reply.reasoning and thinks(options):
        return (
            replace(question, options=without_thinking(options)),
            Repair("thinking", ("thinking took all of the tokens; asked again without it",)),
        )
    limit = max(min(2 * room(options), _MOST_TOKENS), room(options))
    return replace(question, options=with_room(options, limit)), Repair(
        "budget", (f"asked again with {limit} tokens of room",)
    )


def _lower(talk: Talk, question: Question) -> tuple[Question, Repair]:
    talk.lower("an answer without JSON")
    messages = question.messages
    if question.purpose != "again":
        messages = corrected(messages, [str(NO_JSON)], talk.asking.aim)
    return replace(question, messages=messages, purpose="again"), Repair("whole", (f"{NO_JSON}; asked again",))


def _hopeless(reply: Reply, starved: bool) -> ServiceError:
    if starved:
        return _Starved("the token limit ended the answer before it began: ask for less, or raise the limit")
    if _refuses(reply):
        return Rejected(f"the model will not answer for this document: {reply.refusal or 'content filter'}")
    return BrokenReply("none of the model's answers held a JSON object: look at the document, or try another model")


def _refuses(reply: Reply) -> bool:
    return bool(reply.refusal) or reply.finish == "content_filter"


def _filled(reply: Reply, talk: Talk) -> bool:
    """Whether a cut answer used up its room; one that was cut for no reason is worth asking for again."""
    used = reply.usage.completion_tokens if reply.usage else count_tokens(reply.content)
    return used > _NEARLY * room(talk.settings.options)


def _answer_of(talk: Talk, draft: Draft) -> Answer:
    """The draft as an answer: whole where it is valid, else its valid part with what is wrong with the rest."""
    value, schema = draft.value, talk.asking.schema
    if draft.cut:  # what a cut answer lacks is not wrong with it
        schema = schema.excerpt()
        draft = replace(draft, invalid=schema.problems(value))
    if draft.invalid:
        value, dropped = schema.prune(value, draft.invalid)
        if dropped:
            talk.repaired(Repair("prune", tuple(map(str, dropped)), lossy=True))
    return talk.answer(
        value=value,
        truncated=draft.cut,
        counts=draft.counts,
        quotes=draft.quotes,
        problems=draft.problems,
        logprobs=draft.reply.logprobs,
        others=others(draft.reply, talk.asking.schema, talk.asking.text),
    )
