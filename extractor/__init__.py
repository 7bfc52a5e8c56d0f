"""Documents in, validated data out: every value checked against its source, no reply paid for twice.

Names are imported on first use, so that `import extractor` is fast. `Emulator` and `Telemetry` need the extras of their
names, and are therefore not in `__all__`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # by this name checkers know it, and typing need not be imported
if TYPE_CHECKING:
    from typing import Any

    from extractor.call.asking import Event
    from extractor.call.examples import Example
    from extractor.call.telemetry import Telemetry as Telemetry
    from extractor.documents.document import Document
    from extractor.documents.load import load
    from extractor.emulator.server import Emulator as Emulator
    from extractor.errors import (
        AccountError,
        Blocked,
        BrokenReply,
        BudgetExceeded,
        Busy,
        DocumentError,
        ExtractorError,
        FormatRefused,
        ImageRefused,
        InvalidValue,
        MissingExtra,
        Problem,
        Rejected,
        SchemaError,
        ServiceError,
        StorageError,
        TooLong,
        TooSlow,
        Unanswered,
        Unreachable,
        Unreached,
        UsageError,
    )
    from extractor.extraction.ground import Span, ground
    from extractor.extraction.plan import Plan
    from extractor.frames import extract_frame, register_duckdb, to_arrow
    from extractor.pipeline import stages
    from extractor.pipeline.config import Config
    from extractor.pipeline.extractor import AsyncExtractor, Extractor
    from extractor.pipeline.job import Totals
    from extractor.pipeline.pipeline import Pipeline
    from extractor.pipeline.result import Result
    from extractor.pipeline.specs import resolve_pipeline, resolve_schema
    from extractor.pipeline.stages import Drop, Stage, Work
    from extractor.pipeline.streaming import Partial
    from extractor.repair.mend import mend
    from extractor.repair.receipt import Change, Mended
    from extractor.review.evaluate import Evaluation, evaluate
    from extractor.schema.annotations import Key, Merge, Quote
    from extractor.schema.compiler import Schema, compile_schema
    from extractor.sources.rows import Rows
    from extractor.text.split import Chunk, split
    from extractor.text.tokens import count_tokens
    from extractor.wire.options import Options, thinking
    from extractor.wire.requests import Gateway
    from extractor.wire.values import Usage

_ROOMS = {
    "call.asking": "Event",
    "call.examples": "Example",
    "call.telemetry": "Telemetry",
    "documents.document": "Document",
    "documents.load": "load",
    "emulator.server": "Emulator",
    "errors": "AccountError Blocked BrokenReply BudgetExceeded Busy DocumentError ExtractorError FormatRefused "
    "ImageRefused InvalidValue MissingExtra Problem Rejected SchemaError ServiceError StorageError TooLong "
    "TooSlow Unanswered Unreachable Unreached UsageError",
    "extraction.ground": "Span ground",
    "extraction.plan": "Plan",
    "frames": "extract_frame register_duckdb to_arrow",
    "pipeline": "stages",
    "pipeline.config": "Config",
    "pipeline.extractor": "AsyncExtractor Extractor",
    "pipeline.job": "Totals",
    "pipeline.pipeline": "Pipeline",
    "pipeline.result": "Result",
    "pipeline.specs": "resolve_pipeline resolve_schema",
    "pipeline.streaming": "Partial",
    "pipeline.stages": "Drop Stage Work",
    "repair.mend": "mend",
    "repair.receipt": "Change Mended",
    "review.evaluate": "Evaluation evaluate",
    "schema.annotations": "Key Merge Quote",
    "schema.compiler": "Schema compile_schema",
    "sources.rows": "Rows",
    "text.split": "Chunk split",
    "text.tokens": "count_tokens",
    "wire.requests": "Gateway",
    "wire.options": "Options thinking",
    "wire.values": "Usage",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}

__all__ = [
    "AccountError",
    "AsyncExtractor",
    "Blocked",
    "BrokenReply",
    "BudgetExceeded",
    "Busy",
    "Change",
    "Chunk",
    "Config",
    "Document",
    "DocumentError",
    "Drop",
    "Evaluation",
    "Event",
    "Example",
    "Extractor",
    "ExtractorError",
    "FormatRefused",
    "Gateway",
    "ImageRefused",
    "InvalidValue",
    "Key",
    "Mended",
    "Merge",
    "MissingExtra",
    "Options",
    "Partial",
    "Pipeline",
    "Plan",
    "Problem",
    "Quote",
    "Rejected",
    "Result",
    "Rows",
    "Schema",
    "SchemaError",
    "ServiceError",
    "Span",
    "Stage",
    "StorageError",
    "TooLong",
    "TooSlow",
    "Totals",
    "Unanswered",
    "Unreachable",
    "Unreached",
    "Usage",
    "UsageError",
    "Work",
    "compile_schema",
    "count_tokens",
    "evaluate",
    "extract_frame",
    "ground",
    "load",
    "mend",
    "register_duckdb",
    "resolve_pipeline",
    "resolve_schema",
    "split",
    "stages",
    "thinking",
    "to_arrow",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from extractor.pipeline.identity import library_version

        return library_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    room = __import__(f"extractor.{_HOMES[name]}", fromlist=[name])
    value = globals()[name] = getattr(room, name)
    return value


def __dir__() -> list[str]:
    return __all__
