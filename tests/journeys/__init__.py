"""Whole stories: a service asks over HTTP, people click in the local workspace."""
