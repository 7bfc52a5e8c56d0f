"""Every kind of sample through the whole library: read, asked over HTTP, validated, grounded, judged."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from extractor import Config, Extractor, Pipeline
from extractor.pipeline.specs import resolve_schema
from extractor.review.evaluate import evaluate
from extractor.review.files import read_gold, read_records
from extractor.schema.compiler import compile_schema
from extractor.schema.pointer import parts
from extractor.testing import Endpoint, without_waits
from tests.kit import SAMPLES, gold
from tests.samples.test_gold import KINDS


@pytest.mark.parametrize("folder", sorted(set(KINDS) - {"register"}))
def test_every_kind_ends_ok(folder: str, tmp_path: Path) -> None:
    """Perfect answers make every document ok and every value the gold one, and nearly all are placed in the text."""
    schema = resolve_schema(KINDS[folder])
    with Endpoint() as endpoint:
        endpoint.gold(schema, SAMPLES / folder)
        totals = Pipeline(schema, SAMPLES / folder, config=Config(rpm=None, **endpoint.where)).run(tmp_path)
    assert totals.whole
    found = evaluate(read_records(tmp_path), read_gold(SAMPLES / folder / "gold.jsonl"))
    assert (found.total.f1, found.perfect) == (1.0, len(gold(SAMPLES / folder)))
    assert totals.flagged < 0.2 * totals.values


WRONG = [
    ("bank_statements", "/closing", "10707.08", "opening 4120.35 and bookings of 6585.73 do not give closing 10707.08"),
    ("bank_statements", "/bookings/5/amount", "680.00", "do not give closing"),
    ("bank_statements", "/bookings/0/booked", "2025-12-31", "the booking of 2025-12-31 is not between"),
    ("bulletins", "/companies/0/dissolved", "2026-03-02", "SK 4410: struck off on 2026-03-02, before its entry"),
    ("contracts", "/ends", "2026-02-28", "takes effect on 2026-03-01, after its end"),
    ("contracts", "/parties", [], "a contract has at least two parties, not 0"),
    ("credit_notes", "/total", "262.48", "lines of 217.90 and tax of 43.58 do not give the total of 262.48"),
    ("credit_notes", "/subtotal", "227.90", "do not give the subtotal of 227.90"),
    ("credit_notes", "/invoiced", "2026-03-20", "the invoice of 2026-03-20 is later"),
    ("delivery_notes", "/items/1/outstanding", "7", "18 delivered and 7 outstanding are more than the 24 ordered"),
    ("delivery_notes", "/ordered", "2026-12-02", "ordered on 2026-12-02, after the delivery"),
    ("email_messages", "/tasks/0/due", "2025-03-06", "due on 2025-03-06, before the message of 2026-02-27"),
    ("expense_reports", "/expenses/0/amount", "281.00", "the expenses are 648.50 together, not the total of 585.50"),
    ("expense_reports", "/reimbursed", "258.50", "less the advance of 300.00 is not 258.50"),
    ("expense_reports", "/submitted", "2026-02-25", "an expense of 2026-02-26 is later than the report"),
    ("insurance_claims", "/claimed", "2125.00", "the losses are 2275.00 together, not the 2125.00 claimed"),
    ("insurance_claims", "/occurred", "2026-07-03", "after the report of 2026-03-09"),
    ("invoices", "/lines/2/amount", "28.73", "lines of 4988.73 and tax of 0 do not give the total of 5247.35"),
    ("invoices", "/total", "5427.35", "lines of 5247.35 and tax of 0 do not give the total of 5427.35"),
    ("invoices", "/subtotal", "4247.35", "do not give the subtotal of 4247.35"),
    ("invoices", "/due", "2026-03-05", "due on 2026-03-05, before the invoice of 2026-03-06"),
    ("job_ads", "/salary_low", "32500", "the pay from 32500 to 3900 is upside down"),
    ("job_ads", "/starts", "2026-01-06", "2026-01-06 is before the advertisement of"),
    ("lab_reports", "/measurements/0/value", "15.1", "Haemoglobin: 15.1 is normal by its range, and marked low"),
    ("lab_reports", "/measurements/1/low", "40", "the range from 40 to 10.0 is upside down"),
    ("lab_reports", "/collected", "2026-03-19", "out of order"),
    ("meeting_minutes", "/next_meeting", "2026-03-05", "is not after this one"),
    ("meeting_minutes", "/actions/0/due", "2025-03-28", "before the meeting"),
    ("ndas", "/ends", "2026-03-13", "takes effect on 2026-04-01, after its end"),
    ("ndas", "/signatures/0/signed", "2029-03-24", "signed on 2029-03-24, after its end"),
    ("payslips", "/net", "2290.46", "gross 2833.50 less 624.04 is not the net pay of 2290.46"),
    ("payslips", "/earnings/1/amount", "285.00", "the earnings are 2860.50 together"),
    ("payslips", "/deductions/2/amount", "142.00", "the deductions are 642.04 together"),
    ("payslips", "/end", "2026-02-28", "the pay period starts on 2026-03-01, after its end"),
    ("purchase_orders", "/items/1/amount", "96.00", "rows of 361.40 and tax of 0 do not give 334.40"),
    ("purchase_orders", "/deliver_by", "2026-02-02", "to be delivered by 2026-02-02, before the order of 2026-02-06"),
    ("receipts", "/tax", "37.45", "tax of 37.45 is more than the total of"),
    ("resumes", "/jobs/0/end", "2021-04", "Fjordsurvey AS: ends 2021-04, before it starts 2021-05"),
    ("resumes", "/jobs/0/end", "2020", "Fjordsurvey AS: ends 2020, before it starts 2021-05"),
    ("support_tickets", "/occurred", "2026-03-31", "out of order"),
    ("utility_bills", "/total", "238.30", "charges of 269.81 and tax of 13.49 do not give the total of 238.30"),
    ("utility_bills", "/readings/0/end", "19310", "meter E-50917: from 18422 to 19310 is not 708 used"),
    ("utility_bills", "/end", "2025-03-15", "the period starts on 2025-12-16, after its end on 2025-03-15"),
    ("utility_bills", "/due", "2026-03-20", "due on 2026-03-20, before the bill"),
]


@pytest.mark.parametrize(("folder", "pointer", "value", "message"), WRONG)
def test_what_does_not_add_up_is_noticed(folder: str, pointer: str, value: Any, message: str) -> None:
    """A wrong sum or date is asked about again; what is still wrong then makes the document partial, with a reason.

    No value is dropped for it: nobody knows which of them is wrong.
    """
    schema = resolve_schema(KINDS[folder])
    name, right = next(iter(gold(SAMPLES / folder).items()))
    wrong = changed(right, pointer, value)
    with Endpoint() as endpoint, without_waits(), Extractor(**endpoint.where) as extractor:
        endpoint.answer(schema, SAMPLES / folder / name, wrong)
        result = extractor.extract(schema, SAMPLES / folder / name)
    assert (result.status, result.data) == ("partial", wrong)
    assert [problem.path for problem in result.problems] == [""]
    assert message in result.problems[0].message
    assert (result.attempts == 2) == (result.chunks == 1)


LINE = {"description": "One", "quantity": None, "unit_price": None, "amount": "100.00"}
FREIGHT = LINE | {"description": "Freight", "amount": "7.50"}
SUMS = {"/lines": [LINE, FREIGHT], "/subtotal": "107.50", "/tax": "21.50", "/total": "129.00"}
ITEM = {"sku": None, "description": "One", "quantity": "1", "unit": None, "unit_price": None, "amount": "100.00"}

RIGHT = [
    ("invoices", SUMS),
    ("invoices", SUMS | {"/subtotal": "100.00"}),
    ("invoices", SUMS | {"/subtotal": "86.00", "/total": "107.50"}),
    ("invoices", SUMS | {"/subtotal": None, "/total": "129.03"}),
    ("invoices", SUMS | {"/lines": []}),
    ("invoices", SUMS | {"/lines": [], "/subtotal": None}),
    (
        "invoices",
        SUMS
        | {"/lines": [LINE | {"amount": "-107.50"}], "/subtotal": "-107.50", "/total": "-129.00"}
        | {"/tax": "-21.50"},
    ),
    ("invoices", {"/due": "2026-03-06"}),
    ("receipts", {"/total": "-4.30", "/tax": "-0.28"}),
    ("receipts", {"/total": "0", "/tax": "0"}),
    ("purchase_orders", {"/items": [ITEM], "/tax": "20.00", "/total": "120.00"}),
    ("purchase_orders", {"/items": [ITEM], "/tax": "16.67", "/total": "100.00"}),
    ("purchase_orders", {"/items": [ITEM, ITEM | {"amount": None}], "/total": "250.00"}),
    ("purchase_orders", {"/items": [], "/total": "250.00"}),
    ("purchase_orders", {"/deliver_by": "2026-02-06"}),
    ("contracts", {"/ends": None}),
    ("contracts", {"/effective": None}),
    ("email_messages", {"/tasks/0/due": "2026-02-27"}),
    ("resumes", {"/jobs/0/start": "2021-05", "/jobs/0/end": "2021"}),
    ("resumes", {"/jobs/0/start": "2021", "/jobs/0/end": "2021-04"}),
    ("resumes", {"/jobs/0/start": None, "/jobs/0/end": "2021"}),
    ("bulletins", {"/companies/0/dissolved": "2026-03-03"}),
    ("expense_reports", {"/expenses/0/amount": "218.02"}),
    ("credit_notes", {"/tax": "36.32", "/total": "217.90"}),
    ("utility_bills", {"/tax": "12.85", "/total": "269.81"}),
    ("utility_bills", {"/issued": "2025-12-16", "/due": "2025-12-30"}),
    ("payslips", {"/paid": "2026-03-15"}),
    ("lab_reports", {"/measurements/0/value": "13,1"}),
    ("lab_reports", {"/measurements/0/value": "NaN"}),
    ("meeting_minutes", {"/decisions/1/in_favour": 12_450, "/ended": "00:20:00"}),
    ("delivery_notes", {"/items/0/ordered": None, "/items/1/outstanding": None}),
    ("delivery_notes", {"/items/1/outstanding": "2", "/items/0/delivered": "41"}),
    ("job_ads", {"/apply_by": "2026-12-24", "/starts": "2026-12-01"}),
]


@pytest.mark.parametrize(("folder", "changes"), RIGHT)
def test_what_documents_really_say_is_no_mistake(folder: str, changes: dict[str, Any]) -> None:
    """Tax within the lines, freight below the subtotal, rounding, refunds, open terms, years alone, votes by shares."""
    value = next(iter(gold(SAMPLES / folder).values()))
    for pointer, inner in changes.items():
        value = changed(value, pointer, inner)
    assert compile_schema(resolve_schema(KINDS[folder])).problems(value) == ()


def changed(value: Any, pointer: str, inner: Any) -> Any:
    """A copy of a value with something else at a pointer."""
    found = above = deepcopy(value)
    *way, last = parts(pointer)
    for part in way:
        above = above[int(part)] if isinstance(above, list) else above[part]
    above[last] = inner
    return found


def test_every_kind_with_rules_has_a_wrong_value() -> None:
    """Each of the schemas that checks what it is given is in the table above."""
    checking = {name for name in KINDS.values() if resolve_schema(name).__pydantic_decorators__.model_validators}
    assert {KINDS[folder] for folder, *_ in WRONG} == checking == set(KINDS.values()) - {"filing"}
