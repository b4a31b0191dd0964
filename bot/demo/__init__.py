"""Andon without Slack: a strict local stand-in for a workspace.

`workspace/` is the stand-in; the tests use it too. It knows nothing of the core: it speaks Slack's
API only.
"""
