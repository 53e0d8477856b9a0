"""Weights that all three frameworks share: one flat dict of named arrays, the same names everywhere."""
