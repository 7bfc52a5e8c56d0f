"""A value belongs to the label of its field, for single values and lists alike. `{/pointer|text}` marks each place."""

from __future__ import annotations

import re
from typing import Any

import pytest

from extractor.extraction.ground import ground

_MARK = re.compile(r"\{([^|}]+)\|([^|}]*)(?:\|([^}]*))?\}")


def placed(marked: str) -> tuple[str, dict[str, int], dict[str, str | float]]:
    """A text without its marks, where each marked value begins, and what it is: a number where one is marked."""
    text, starts, values = "", dict[str, int](), dict[str, str | float]()
    at = 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        starts[mark[1]] = len(text)
        values[mark[1]] = float(mark[3]) if mark[3] else mark[2]
        text, at = text + mark[2], mark.end()
    return text + marked[at:], starts, values


def whole(values: dict[str, str | float]) -> dict[str, Any]:
    """The value with a leaf at each pointer, its lists in order."""
    value: dict[str, Any] = {}
    for pointer, leaf in values.items():
        names, inner = pointer[1:].split("/"), value
        for name in names[:-1]:
            inner = inner.setdefault(name, {})
        inner[names[-1]] = leaf

    def listed(each: Any) -> Any:
        if not isinstance(each, dict):
            return each
        items = {name: listed(inner) for name, inner in each.items()}
        return [items[name] for name in sorted(items, key=int)] if all(map(str.isdigit, items)) else items

    found: dict[str, Any] = listed(value)
    return found


LABELS = {
    "a name in a list behind the same name": (
        "Held on 4 November. Chair: {/chair|Inger Holm}. "
        "Present: {/present/0|Inger Holm}, {/present/1|Tariq Aziz}, {/present/2|Bo Lund}."
    ),
    "a list of one name": "Chair: {/chair|Inger Holm}. Present: {/present/0|Inger Holm}.",
    "a list without a label": "Chair: {/chair|Inger Holm}. {/present/0|Inger Holm} and {/present/1|Bo Lund} came.",
    "lists on lines with other labels": (
        "Languages: {/languages/0|Python}, {/languages/1|Go}\n"
        "Tools: {/tools/0|Docker}, {/tools/1|Python}\n"
        "Skills: {/skills/0|Docker}, {/skills/1|Teaching}\n"
    ),
    "a list behind single values of its own": (
        "Route: Oslo - Bergen - Oslo\nFrom: {/from|Oslo}. To: {/to|Oslo}. "
        "Stops: {/stops/0|Oslo}, {/stops/1|Bergen}, {/stops/2|Oslo}.\n"
    ),
    "the nearest of two equal labels": (
        "Previous chair: Bo Lund. Secretary: {/secretary|Inger Holm}. Chair: {/chair|Inger Holm}."
    ),
    "a label with a colon, and another one above": (
        "Previous chair: Bo Lund\nSecretary: {/secretary|Inger Holm}\nChair: {/chair|Inger Holm}\n"
    ),
    "columns in another order than the fields": (
        "Item      USD        EUR\n"
        "{/rows/0/item|Hosting}   {/rows/0/usd|100.00|100}     {/rows/0/eur|100.00|100}\n"
        "{/rows/1/item|Support}   {/rows/1/usd|92.00|92}      {/rows/1/eur|92.00|92}\n"
    ),
    "columns between pipes": (
        "| Item | Total | Price |\n|---|---|---|\n"
        "| {/rows/0/item|Chair} | {/rows/0/total|40.00|40} | {/rows/0/price|40.00|40} |\n"
        "| {/rows/1/item|Table} | {/rows/1/total|80.00|80} | {/rows/1/price|80.00|80} |\n"
    ),
    "a share in percent beside a figure like it": (
        "Holder      Share   Fee\n"
        "{/holders/0/name|Ann Poe}     {/holders/0/share|40%|0.4}     0.4%\n"
        "{/holders/1/name|Bo Lund}     {/holders/1/share|60%|0.6}     0.6%\n"
    ),
}


@pytest.mark.parametrize("marked", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("backwards", [False, True], ids=["", "backwards"])
def test_values_stand_behind_their_labels(marked: str, backwards: bool) -> None:
    """Of places that say the same, each field has that of its own label, in whatever order the fields are declared."""
    text, starts, values = placed(marked)
    order = sorted(values, key=lambda pointer: list(values).index(pointer), reverse=backwards)
    found = ground(whole({pointer: values[pointer] for pointer in order}), text)
    assert {pointer: spans[0].start for pointer, spans in found.items() if spans} == starts


def test_rows_of_two_tables_side_by_side() -> None:
    """A list leaves to the next one what is on the same lines, if that says the same in a place of its own."""
    text, starts, values = placed(
        "Assets                      Liabilities\n"
        "{/assets/0/text|Cash}     {/assets/0/sum|20.00|20}     "
        "{/liabilities/0/text|Loan}     {/liabilities/0/sum|20.00|20}\n"
        "{/assets/1/text|Stock}    {/assets/1/sum|30.00|30}     "
        "{/liabilities/1/text|Equity}   {/liabilities/1/sum|30.00|30}\n"
    )
    found = ground(whole(values), text)
    assert {pointer: spans[0].start for pointer, spans in found.items() if spans} == starts
