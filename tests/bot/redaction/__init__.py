"""Secrets are hidden: by name, by words, by address, by shape, by chance."""
