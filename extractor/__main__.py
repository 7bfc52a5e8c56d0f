"""The `extractor` command, and `python -m extractor`: next to nothing is imported before Ctrl-C ends it in silence."""

from __future__ import annotations

import signal

from extractor.cli.signals import INTERRUPTED, leave, leave_at_once

__all__ = ["main"]


def main() -> None:
    """The entry point. Until a command runs there is nothing to save."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    from extractor.cli.app import app

    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            leave_at_once()
        raise


if __name__ == "__main__":
    main()
