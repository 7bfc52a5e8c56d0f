"""Tables of a run that is over, made from its journal: nothing is sent, and no credentials are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.pipeline.corrections import read_corrections
from extractor.pipeline.declared import pipeline_of_run
from extractor.pipeline.journal import open_journal
from extractor.pipeline.lock import locked
from extractor.pipeline.outputs import write_json, write_lines
from extractor.pipeline.published import Published
from extractor.pipeline.sinks.formats import named, open_sinks
from extractor.sources.rows import Rows

__all__ = ["export"]


def export(
    out: str | Path, formats: str | Sequence[str], *, schema: str | None = None, pipeline: str | None = None
) -> tuple[str, ...]:
    """Write the records of the output folder `out` in further formats; returns the names of what was written.

    `formats` are those of `Pipeline.sink`, and jsonl for records.jsonl itself. Tables that are in the folder already
    are written again. `schema` or `pipeline` is the SPEC of a run that was not started by a command line.

        export("out", ["csv", "sqlite"])

    UsageError where the folder holds no run, one of another schema, or one that is still going on.
    """
    folder, path = Path(out), Path(out) / "journal.sqlite"
    if not path.is_file():
        raise UsageError(f"{folder} holds no run: name the --out folder of one")
    wanted = named(formats)
    job = pipeline_of_run(folder, schema=schema, pipeline=pipeline)
    corrections = read_corrections(folder, job.record_schema.problems)

    def corrected(published: Published) -> Iterator[dict[str, Any]]:
        return (corrections.applied(row) for row, _ in published.rows())

    with locked(folder), closing(open_journal(path)) as journal:
        journal.take_up(job.file_schema)
        published = Published(journal, job.record_schema if job.split else None)
        sinks = open_sinks(wanted, folder, job.record_schema, carries=isinstance(job.source, Rows))
        written = ["records.jsonl"] if "jsonl" in wanted else []
        if written:
            write_lines(folder / "records.jsonl", corrected(published))
        for sink in sinks:
            sink.write(corrected(published), published.dropped())
            written += sink.written
    run = orjson.loads((folder / "run.json").read_bytes())
    write_json(folder / "run.json", {**run, "tables": list(dict.fromkeys([*run["tables"], *written]))})
    return tuple(written)
