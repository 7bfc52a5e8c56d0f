"""Near-JSON, side by side in one run: what is read rightly, what goes wrong in silence, and megabytes a second.

First whole kinds of damage; then one sign of JSON dropped, doubled or changed at every place where it stands; then
the speed, in processor time; last the time that a megabyte of nonsense takes.

    pip install json-repair jiter baml-py      (those that are missing are left out)
    python -m benchmarks.mend

A reading is right when it equals the value that was damaged (for a cut text: the items that came whole), `told` when
it is not but the reader says so (an error, or a lossy change), and `silent` when it is wrong and nothing says so.
A peer that does not come back from a megabyte of nonsense in 10 seconds is stopped there.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from random import Random
from typing import Any

from extractor.errors import InvalidValue
from extractor.repair.mend import mend

NOTHING = object()

Reader = Callable[[str], tuple[Any, bool]]
"""A text to its value, and whether something is said to be lost."""

WORDS = ["steel pipe", "flange,", "40 mm;", "valve", "(brass)", "gasket", "net", "gross", "crate", "Müller & Søn"]
OUTSIDE = re.compile(r'("(?:[^"\\]|\\.)*")|([^"]+)', re.DOTALL)
BAML = """
type JSON = int | float | bool | string | null | JSON[] | map<string, JSON>
client<llm> Nobody {
  provider openai
  options {
    model "none"
    api_key "none"
  }
}
function Read(text: string) -> JSON {
  client Nobody
  prompt #"{{ text }} {{ ctx.output_format }}"#
}
"""


def invoice(lines: int, seed: int = 1) -> dict[str, Any]:
    random = Random(seed)
    rows = [
        {
            "sku": f"A-{random.randrange(10**6):06}",
            "text": " ".join(random.choices(WORDS, k=8)),
            "amount": round(random.uniform(1, 10_000), 2),
            "taxed": random.random() < 0.8,
            "note": None,
        }
        for _ in range(lines)
    ]
    return {"number": "2026-0117", "customer": "Acme Ltd", "lines": rows, "total": 18_220.5}


def outside(pattern: str, new: str) -> Callable[[str], str]:
    """A damage that touches only what is outside strings."""
    return lambda text: OUTSIDE.sub(lambda found: found[1] or re.sub(pattern, new, found[2]), text)


def python(text: str) -> str:
    for old, new in (("true", "True"), ("false", "False"), ("null", "None")):
        text = outside(rf"\b{old}\b", new)(text)
    return text


DAMAGE: dict[str, Callable[[str], str]] = {
    "a fence": lambda text: f"```json\n{text}\n```",
    "text around": lambda text: f"Here is the record:\n{text}\nLet me know if {{anything}} is missing.",
    "thinking before": lambda text: f'<think>An {{"empty": 1}} one?</think>\n{text}',
    "single quotes": lambda text: text.replace('"', "'"),
    "smart quotes": lambda text: re.sub('"([^"]*)"', "“\\1”", text),
    "names without quotes": lambda text: re.sub(r'"(\w+)":', r"\1:", text),
    "trailing commas": outside(r"(\n\s*[\]}])", r",\1"),
    "one comma missing": lambda text: text.replace(",\n", "\n", 1),
    "every comma missing": lambda text: re.sub(r",\n", "\n", text),
    "line comments": outside(",\n", ", // as printed\n"),
    "block comments": outside(":", ": /* as printed */"),
    "Python literals": python,
    "quotes inside strings": lambda text: re.sub(r'("text": "\w+) (\w+)', r'\1 "\2"', text),
    "line breaks inside strings": lambda text: text.replace("net", "net\n"),
    "a closing quote missing": lambda text: text.replace('Acme Ltd"', "Acme Ltd", 1),
    "an object not closed": lambda text: text.replace("},\n    {", ",\n    {", 1),
    "a list not closed": lambda text: re.sub(r'\n  \],\n  "total"', ',\n  "total"', text),
    "the last brackets missing, in a fence": lambda text: f"```json\n{text.rstrip('}').rstrip()}\n```",
    "doubled braces": lambda text: f"{{{text}}}",
    "thousands marks": lambda text: text.replace("18220.5", "18,220.5"),
    "every quote escaped": lambda text: text.replace('"', '\\"'),
    "every quote doubled": lambda text: text.replace('"', '""'),
    "a list not opened": lambda text: text.replace("[\n", "\n", 1),
    "a list closed as an object": lambda text: re.sub(r'\n  \],\n  "total"', '\n  },\n  "total"', text),
    "an object closed twice": lambda text: text.replace("    },\n", "    }},\n", 1),
    "values without quotes": lambda text: re.sub(r'"sku": "([^"]*)"', r"sku: \1", text),
    "a line break for an escape, and quotes": lambda text: text.replace("valve", 'the "valve"\n'),
    "a tuple for a list": lambda text: text.replace("[\n", "(\n", 1).replace("\n  ],", "\n  ),"),
}
CHANGED: dict[str, Callable[[Any], Any]] = {
    "quotes inside strings": lambda row: {**row, "text": re.sub(r"^(\w+) (\w+)", r'\1 "\2"', row["text"])},
    "line breaks inside strings": lambda row: {**row, "text": row["text"].replace("net", "net\n")},
    "a line break for an escape, and quotes": lambda row: {
        **row,
        "text": row["text"].replace("valve", 'the "valve"\n'),
    },
}
SIGNS = {
    "dropped": lambda sign: "",
    "doubled": lambda sign: sign * 2,
    "changed": lambda sign: {",": ";", ":": "=", "}": "]", "]": "}", '"': "'"}.get(sign, sign),
}
# Those that can be stopped: compiled readers do not listen.
PATIENT = ("extractor", "json-repair", "jiter partial")
NONSENSE = {
    "{": "{",
    "[": "[",
    '"': '"',
    "\\": "\\",
    '{"a":': '{"a":',
    '"a, ': '"a, ',
    '["a "b ': '["a "b ',
    "words": "Not an invoice. ",
}
LOSING: dict[str, tuple[Callable[[str], str], Callable[[dict[str, Any]], Any]]] = {
    "cut inside an item": (
        lambda text: text[: text.rindex('"note"')],
        lambda record: {**{k: v for k, v in record.items() if k != "total"}, "lines": record["lines"][:-1]},
    ),
    "cut inside a number": (
        lambda text: text[:-4],
        lambda record: {name: value for name, value in record.items() if name != "total"},
    ),
    "an ellipsis for the rest": (
        lambda text: re.sub(r"\n  \],", ",\n    ...\n  ],", text),
        lambda record: None,
    ),
    "NaN": (lambda text: text.replace("18220.5", "NaN"), lambda record: None),
    "two objects": (
        lambda text: f'{text}\n{{"number": "2026-0118"}}',
        lambda record: [record, {"number": "2026-0118"}],
    ),
    "two objects, text between": (
        lambda text: f'{text}\nOr rather:\n{{"number": "2026-0118"}}',
        lambda record: None,
    ),
    "two values for a name": (
        lambda text: text.replace('"customer":', '"number": "X", "customer":'),
        lambda record: None,
    ),
}


def cases(lines: int) -> dict[str, tuple[str, Any]]:
    record = invoice(lines)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    found: dict[str, tuple[str, Any]] = {}
    for name, damage in DAMAGE.items():
        change = CHANGED.get(name)
        rows = record["lines"] if change is None else [change(row) for row in record["lines"]]
        found[name] = (damage(text), {**record, "lines": rows})
    for name, (damage, left) in LOSING.items():
        found[name] = (damage(text), left(record))
    return found


def ours(text: str) -> tuple[Any, bool]:
    try:
        mended = mend(text)
    except InvalidValue:
        return NOTHING, True
    return mended.value, mended.lossy or not mended.complete


def peers() -> dict[str, Reader]:
    found: dict[str, Reader] = {"extractor": ours}
    with suppress(ImportError):
        found["json-repair"] = silently(import_module("json_repair").loads)
    with suppress(ImportError):
        jiter = import_module("jiter")
        found["jiter partial"] = silently(lambda text: jiter.from_json(text.encode(), partial_mode=True))
    with suppress(ImportError):
        found["BAML"] = silently(baml())
    return found


def silently(read: Callable[[str], Any]) -> Reader:
    """A peer that says nothing of losses. Whatever it raises is a refusal, which tells of one.

    Raises what it raises at a text that is whole: then it is called in the wrong way.
    """
    read(json.dumps(invoice(1)))

    def reader(text: str) -> tuple[Any, bool]:
        try:
            return read(text), False
        except TimeoutError:
            raise
        except Exception:
            return NOTHING, True

    return reader


def baml() -> Callable[[str], Any]:
    runtime = import_module("baml_py.baml_py").BamlRuntime.from_files(".", {"main.baml": BAML}, {})
    none = type(json)("none")
    context = runtime.create_context_manager()

    return lambda text: runtime.parse_llm_response("Read", text, none, none, none, False, context, None, None, {})


def verdict(read: Reader, text: str, expected: Any) -> str:
    value, lossy = read(text)
    return "right" if expected is not None and value == expected else "told" if lossy else "silent"


def speed(read: Reader, text: str, seconds: float = 0.5) -> str:
    """Megabytes a second: the best of as many runs as fit, at least one; `-` where nothing is read."""
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        start = time.process_time()
        if read(text)[0] is NOTHING:
            return "-"
        best = min(best, max(time.process_time() - start, 1e-7))
        if time.perf_counter() > end:
            return f"{len(text.encode()) / best / 1e6:.2f}"


def signs(lines: int) -> Iterator[tuple[str, str, Any]]:
    """Each sign of a text damaged at each place: the kind, the text, and the value that was damaged."""
    record = invoice(lines)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    for at, sign in enumerate(text):
        for name, change in SIGNS.items() if sign in '{}[],:"' else ():
            bad = f"{text[:at]}{change(sign)}{text[at + 1 :]}"
            try:
                json.loads(bad)
            except ValueError:
                yield f"{sign} {name}", bad, record


def by_sign(readers: dict[str, Reader]) -> dict[str, list[str]]:
    """Right of all, and wrong in silence, for each kind and reader."""
    counts: dict[str, list[Counter[str]]] = {}
    whole = [Counter[str]() for _ in readers]
    for kind, text, value in signs(3):
        row = counts.setdefault(kind, [Counter() for _ in readers])
        for place, read in enumerate(readers.values()):
            judged = verdict(read, text, value)
            row[place][judged] += 1
            whole[place][judged] += 1
    rows = {**counts, "all": whole}
    return {kind: [f"{c['right']}/{c.total()}, {c['silent']} silent" for c in row] for kind, row in rows.items()}


def patience(read: Reader, text: str) -> str:
    """Seconds of processor time until the reader comes back; `-` where it does not in 10."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(10)
    start = time.process_time()
    try:
        read(text)
    except TimeoutError:
        return "-"
    finally:
        signal.alarm(0)
    return f"{time.process_time() - start:.2f} s"


def table(title: str, rows: dict[str, list[str]], names: list[str]) -> None:
    print(f"\n{title:42}" + "".join(f"{name:>22}" for name in names))
    for name, cells in rows.items():
        print(f"{name:42}" + "".join(f"{cell:>22}" for cell in cells))


def main() -> None:
    readers = peers()
    names = list(readers)
    kinds = cases(12)
    verdicts = {kind: [verdict(read, *case) for read in readers.values()] for kind, case in kinds.items()}
    table("12 lines", verdicts, names)
    for word in ("right", "told", "silent"):
        counts = [sum(row[place] == word for row in verdicts.values()) for place in range(len(names))]
        print(f"{word + f', of {len(kinds)}':42}" + "".join(f"{count:>22}" for count in counts))
    table("one sign, at every place: right", by_sign(readers), names)
    large = cases(200)
    valid = json.dumps(invoice(200), indent=2, ensure_ascii=False)
    timed = {"valid": valid, "valid, compact": json.dumps(invoice(200), separators=(",", ":"))}
    timed |= {kind: text for kind, (text, _) in large.items()}
    speeds = {kind: [speed(read, text) for read in readers.values()] for kind, text in timed.items()}
    table(f"{len(valid) / 1000:.0f} KB, MB/s", speeds, names)
    patient = {name: reader for name, reader in readers.items() if name in PATIENT}
    nonsense = {kind: (part * 1_000_000)[:1_000_000] for kind, part in NONSENSE.items()}
    waits = {kind: [patience(read, text) for read in patient.values()] for kind, text in nonsense.items()}
    table("a megabyte of", waits, list(patient))


if __name__ == "__main__":
    main()
