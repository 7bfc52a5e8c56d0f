"""One file a format, each with one function: `parse(data: bytes, source: Source) -> Parsed`."""
