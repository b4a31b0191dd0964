"""The report, piece by piece."""
