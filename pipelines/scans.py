"""Scans and photos: converted to grey with high contrast before they are sent; a total without evidence is a problem.

pip install 'extractor-pipelines[documents]'; with `ocr` too, scans become text, and every value has its place on
the page.

extractor run --pipeline pipelines/scans.py --out out/scans
python pipelines/scans.py out/scans
"""

from __future__ import annotations

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from extractor import Config, Pipeline, Problem, Work, resolve_schema, stages

PROJECT = Path(__file__).resolve().parents[1]


def clean(work: Work) -> Work:
    """Show the model grey pages of full contrast: what is left of colour costs bytes, and hides faint print."""
    pages = []
    for page in work.source.images:
        with Image.open(BytesIO(page.data)) as picture:
            grey = ImageOps.autocontrast(ImageOps.grayscale(picture), cutoff=1)
        written = BytesIO()
        grey.save(written, "JPEG", quality=80)
        pages.append(replace(page, data=written.getvalue(), media_type="image/jpeg"))
    return replace(work, document=replace(work.source, images=tuple(pages)))


def doubt(work: Work) -> Work:
    """A total that was found neither in the text nor on a page makes the bill partial."""
    found = work.data is None or work.evidence.get("/total")
    return work if found else work.with_problems(Problem("/total", "stands nowhere in the scan"))


PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "utility_bill.py")),
    source=PROJECT / "samples" / "utility_bills",
    stages=(stages.load, clean, *stages.STAGES[1:], doubt),
    config=Config(max_cost=1.00),
)

if __name__ == "__main__":
    totals = PIPELINE.run(sys.argv[1])
    print(f"{totals.ok} of {totals.documents} bills are ok; see {sys.argv[1]}/report.html")
