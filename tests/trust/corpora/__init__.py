"""Corpora of the proofs: secrets and what carries them, benign texts, hostile texts."""
