"""Block Kit, checked as strictly as Slack's documentation describes it, and more strictly in doubt.

::

    checks.py     what a check is, and the small ones all others are made of
    objects.py    text, confirm, options
    elements.py   buttons, menus, fields
    rich_text.py  rich_text and what may stand in it
    layout.py     blocks, and which surface may hold which
    views.py      modals and App Home

A payload the stand-in takes must be one that Slack takes: what is not known here is refused.
"""

from bot.demo.workspace.blocks.checks import ALL_TEXT
from bot.demo.workspace.blocks.layout import (
    check_blocks,
    elements_of,
    text_length,
    with_ids,
)
from bot.demo.workspace.blocks.views import VIEW_SIZE, check_view, view_size

__all__ = [
    "ALL_TEXT",
    "VIEW_SIZE",
    "check_blocks",
    "check_view",
    "elements_of",
    "text_length",
    "view_size",
    "with_ids",
]
