"""The runs whose stored results the chapters draw."""
