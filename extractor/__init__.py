"""Documents in, validated data out: every value checked against its source, no reply paid for twice.

Names are imported on first use, so that `import extractor` is fast.
"""

from __future__ import annotations

TYPE_CHECKING = False  # by this name checkers know it, and typing need not be imported
if TYPE_CHECKING:
    from typing import Any

    from extractor.documents.document import Document
    from extractor.documents.load import load
    from extractor.errors import ExtractorError, Problem
    from extractor.extraction.ground import Span, ground
    from extractor.frames import extract_frame, register_duckdb, to_arrow
    from extractor.pipeline.config import Config
    from extractor.pipeline.extractor import AsyncExtractor, Extractor
    from extractor.pipeline.pipeline import Pipeline
    from extractor.pipeline.result import Result
    from extractor.pipeline.streaming import Partial
    from extractor.repair.mend import Mended, mend
    from extractor.schema.annotations import Key, Merge, Quote
    from extractor.schema.compiler import Schema, compile_schema
    from extractor.text.split import Chunk, split
    from extractor.text.tokens import count_tokens
    from extractor.wire.options import Options

_HOMES = {
    "AsyncExtractor": "pipeline.extractor",
    "Chunk": "text.split",
    "Config": "pipeline.config",
    "Document": "documents.document",
    "Extractor": "pipeline.extractor",
    "ExtractorError": "errors",
    "Key": "schema.annotations",
    "Mended": "repair.mend",
    "Merge": "schema.annotations",
    "Options": "wire.options",
    "Partial": "pipeline.streaming",
    "Pipeline": "pipeline.pipeline",
    "Problem": "errors",
    "Quote": "schema.annotations",
    "Result": "pipeline.result",
    "Schema": "schema.compiler",
    "Span": "extraction.ground",
    "compile_schema": "schema.compiler",
    "count_tokens": "text.tokens",
    "extract_frame": "frames",
    "ground": "extraction.ground",
    "load": "documents.load",
    "mend": "repair.mend",
    "register_duckdb": "frames",
    "split": "text.split",
    "to_arrow": "frames",
}

__all__ = [
    "AsyncExtractor",
    "Chunk",
    "Config",
    "Document",
    "Extractor",
    "ExtractorError",
    "Key",
    "Mended",
    "Merge",
    "Options",
    "Partial",
    "Pipeline",
    "Problem",
    "Quote",
    "Result",
    "Schema",
    "Span",
    "compile_schema",
    "count_tokens",
    "extract_frame",
    "ground",
    "load",
    "mend",
    "register_duckdb",
    "split",
    "to_arrow",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"extractor.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
