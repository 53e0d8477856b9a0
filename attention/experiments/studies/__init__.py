"""Long experiments, a file each, whose results the chapters draw: ``python -m attention experiment NAME``.

A file says `DATA`, what it measures on; `SEED`, or None where nothing is drawn; `PARTS`, a dict of settings for each
row; and `measure(**settings)`, which returns the figures of that row as a dict.
"""
