"""How `tools/mutants.py` makes its faults, knows which tests may notice them, and runs those."""
