"""The command line: each command builds what the library offers, runs it and shows it."""
