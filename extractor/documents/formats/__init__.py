"""One file per format, each with one entry: `parse(data: bytes, source: Source) -> Parsed`."""
