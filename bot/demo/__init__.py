"""Andon without Slack: a strict local stand-in for a workspace, and services that ask.

::

    workspace/  the stand-in; the tests use it too. It knows nothing of the core: it speaks Slack's
                API only
    page/       what a browser shows of it
    cast.py     who is there, and policy.toml: who may decide what
    scenes.py   what the services hold; calling.py, strips.py: how they ask, wait, claim and run
    stage.py    the services beside the page, and its buttons
"""
