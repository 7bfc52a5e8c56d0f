"""`extractor schema infer`: a schema that the model proposes becomes a file that is safe, tidy and checked."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from extractor import BudgetExceeded, Emulator, UsageError, compile_schema, resolve_schema
from extractor.call.prompt import read_document
from extractor.cli.app import app
from extractor.emulator.values import Completion
from extractor.errors import TooLong
from extractor.pipeline.config import Config
from extractor.pipeline.infer import Column, Entry, Proposal, _compiled, _source, infer

HOSTILE = '"""\nimport os; os.abort()\n"""\\'
BILLS = {
    "one.txt": {
        "number": "7", "issued": "2026-03-01", "due": "2026-03-31", "state": "open", "class_": "A", "note": None,
        "lines": [{"sku": "N1", "amount": "4.20", "colour": None}, {"sku": "N2", "amount": None, "colour": None}],
    },
    "two.txt": {
        "number": "8", "issued": "2026-03-02", "due": None, "state": "paid", "class_": "B", "note": None,
        "lines": [{"sku": "N3", "amount": "1.00", "colour": None}],
    },
}  # fmt: skip


def column(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    usual = {"choices": [], "optional": False, "description": f"The {name}"}
    return {"name": name, "kind": kind, **usual, **more}


def entry(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {**column(name, kind), "many": False, "columns": [], **more}


PROPOSAL = {
    "name": "delivery bill",
    "description": f"A bill. {HOSTILE}",
    "fields": [
        entry("number", description=HOSTILE),
        entry("issued", "date"),
        entry("due", "date"),
        entry("state", "choice", choices=["open", "paid"]),
        entry("class"),
        entry("note"),
        entry("lines", many=True, columns=[column("sku"), column("amount", "decimal"), column("colour")]),
    ],
}

WRITTEN = (
    '''"""A bill. '''
    + "'''"
    + """ import os; os.abort() """
    + "'''"
    + '''/."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field


class Line(BaseModel):
    """The lines."""

    sku: str = Field(description="The sku")
    amount: Decimal | None = Field(None, description="The amount")


class DeliveryBill(BaseModel):
    """A bill. '''
    + "'''"
    + """ import os; os.abort() """
    + "'''"
    + '''/."""

    number: str = Field(description='""" import os; os.abort() """\\\\')
    issued: dt.date = Field(description="The issued")
    due: dt.date | None = Field(None, description="The due")
    state: Literal["open", "paid"] = Field(description="The state")
    class_: str = Field(description="The class")
    lines: list[Line] = Field(description="The lines")


SCHEMA = DeliveryBill
'''
)


def designer(body: Mapping[str, Any]) -> Any:
    """A model that proposes the schema above, and then reads both bills by it."""
    schema = body["response_format"]["json_schema"]
    if schema["name"] == "Proposal":
        return compile_schema(Proposal, counts=True).encode(Proposal.model_validate(PROPOSAL))
    value = BILLS[read_document(body["messages"]).split()[0]]
    loose = _compiled(WRITTEN_LOOSE)
    return compile_schema(loose, counts=True).encode(loose.model_validate(value))


WRITTEN_LOOSE = _source(Proposal.model_validate(PROPOSAL), loose=True)


def infer_command(folder: Path, *words: str) -> Any:
    for name, value in BILLS.items():
        (folder / name).write_text(f"{name} {json.dumps(value)}")
    with Emulator(designer) as emulator:
        where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        files = [str(folder / name) for name in BILLS]
        return CliRunner().invoke(app, ["schema", "infer", *files, "--base-url", emulator.base_url, *words], env=where)


def test_a_schema_is_proposed_written_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What some documents lack is optional, what all lack is left out, and nothing of the documents is ever code."""
    monkeypatch.chdir(tmp_path)
    done = infer_command(tmp_path)
    assert done.exit_code == 0, done.output
    written = tmp_path / "schemas" / "delivery_bill.py"
    assert written.read_text() == WRITTEN
    assert "due: in 1 of 2 documents" in done.output
    assert "left out, since no document states it: note, lines.colour" in done.output
    assert "wrote schemas/delivery_bill.py for $0.0" in done.output
    assert CliRunner().invoke(app, ["schema", "check", "schemas/delivery_bill.py"]).exit_code == 0
    style = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", str(written)]
    assert subprocess.run(style, capture_output=True, check=False).returncode == 0


def test_no_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named file that exists is refused before anything is sent; without a name, a free one is taken."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("SCHEMA = str")
    refused = infer_command(tmp_path, "-o", "mine.py")
    assert (refused.exit_code, "mine.py exists" in refused.stderr) == (2, True)
    for name in ("delivery_bill.py", "delivery_bill_2.py"):
        assert infer_command(tmp_path, "--no-check").exit_code == 0
        assert (tmp_path / "schemas" / name).is_file()


def test_one_budget_holds_for_the_proposal_and_its_check(tmp_path: Path) -> None:
    """What the proposal cost is gone from what the check may cost."""
    for name, value in BILLS.items():
        (tmp_path / name).write_text(f"{name} {json.dumps(value)}")

    def wordy(body: Mapping[str, Any]) -> Any:
        answer = designer(body)
        is_proposal = body["response_format"]["json_schema"]["name"] == "Proposal"
        return Completion(answer, reasoning="word " * 6000) if is_proposal else answer

    with Emulator(wordy) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with pytest.raises(BudgetExceeded):
            infer([tmp_path / name for name in BILLS], Config(**where, max_cost=0.05))
        assert len(emulator.requests) == 1


@pytest.mark.parametrize(("cut", "whole"), [(1, True), (2, False)])
def test_a_proposal_that_was_cut(cut: int, whole: bool, tmp_path: Path) -> None:
    """It is asked for again, and is never taken for a whole one: that would leave fields out."""
    for name, value in BILLS.items():
        (tmp_path / name).write_text(f"{name} {json.dumps(value)}")
    with Emulator(designer, faults={"cut": 1.0}, most_faults=cut) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        try:
            inferred = infer([tmp_path / name for name in BILLS], Config(**where), check=False)
        except TooLong:
            assert not whole
        else:
            assert whole
            assert "lines: list[Line]" in inferred.source
            assert inferred.cost_usd == pytest.approx(emulator.usage.cost_usd)


def test_an_embedded_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can only repeat text of a document, so it cannot name a field."""
    with Emulator(designer) as emulator:
        config = Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token)
        monkeypatch.setattr("extractor.call.endpoint.Endpoint.bound", True, raising=False)
        file = Path(__file__)
        with pytest.raises(UsageError, match="cannot name fields"):
            infer([file], config, check=False)


TEXT = st.text(max_size=12) | st.sampled_from([HOSTILE, "copy", "class", "model_config", "Field", "str", "9", "", "ß"])
KINDS = st.sampled_from(["text", "integer", "decimal", "date", "time", "datetime", "boolean", "choice"])
COLUMN = {
    "name": TEXT,
    "kind": KINDS,
    "choices": st.lists(TEXT, max_size=3),
    "optional": st.booleans(),
    "description": TEXT,
}
COLUMNS = st.builds(Column, **COLUMN)
ENTRIES = st.builds(Entry, **COLUMN, many=st.booleans(), columns=st.lists(COLUMNS, max_size=3))
PROPOSALS = st.builds(Proposal, name=TEXT, description=TEXT, fields=st.lists(ENTRIES, min_size=1, max_size=4))


@given(PROPOSALS)
def test_any_proposal_is_a_safe_file(proposal: Proposal) -> None:
    """Whatever the model writes, the file declares models and does nothing else, and the schema can be asked for."""
    source = _source(proposal)
    allowed = (ast.ClassDef, ast.ImportFrom, ast.Import, ast.Expr, ast.Assign)
    tree = ast.parse(source)
    assert all(isinstance(node, allowed) for node in tree.body)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls <= {"Field"}
    names = [
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    assert all(name.isidentifier() for name in names)
    compile_schema(_compiled(source), counts=True)


def test_the_proposal_itself_can_be_asked_for() -> None:
    """The schema of the question is one that the service takes."""
    assert compile_schema(Proposal, counts=True).name == "Proposal"
    assert resolve_schema("extractor.pipeline.infer:Proposal") is Proposal
