"""Proofs: what Andon claims, tried hard, with figures. Each can fail, and shows that it can.

`make trust` runs the short lane, `make trust LANE=full` the full one. docs/security.md has the
figures of the last full run.
"""
