"""How good an answer is, as a number. No deep-learning framework is imported here."""
