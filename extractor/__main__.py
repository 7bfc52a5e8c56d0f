"""The `extractor` command, and `python -m extractor`. What stands above `main` is all that Ctrl-C could end loudly."""

from __future__ import annotations

import signal

from extractor.cli.signals import leave

__all__ = ["main"]

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, leave)  # until a command runs there is nothing to save


def main() -> None:
    """The entry point; the command line is imported when it is called."""
    from extractor.cli.app import app

    app()


if __name__ == "__main__":
    main()
