"""Corpora: found on this machine, or fetched once with a checksum. No deep-learning framework is imported here."""
