"""Looking at a run: the HTML report (`report.py`) and the comparison with gold answers (`evaluate.py`)."""
