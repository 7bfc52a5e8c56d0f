"""The command line: each command calls the library and prints the outcome."""
