"""`andon wait`, `andon list`, `andon show`."""

from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from andon.cli import asking, ends, words
from andon.cli.display import display
from andon.cli.exits import Exit
from andon.cli.printing import failed, print_json, print_table

if TYPE_CHECKING:
    from andon.models import Escalation

#: Escalations of one page, as the server has it.
_PAGE = 100

_FILTERS = ("status", "kind", "severity", "category", "reference", "dedup_key", "q")


def wait(asked: Namespace) -> int:
    """Until it is so; what was not released is raised as the error that says so."""
    from andon.flow.endings import not_released

    shown = display(as_json=asked.json)
    with closing(shown), asking.client(shown, asked.patience) as client:
        found = client.wait(
            asked.id, until=asked.until, timeout_s=asked.timeout, on_change=shown.show
        )
    if asked.json:
        print_json(found.model_dump(mode="json"))
    if not found.is_decided:
        return failed(ends.waiting(found), as_json=asked.json)
    ended = not_released(found)
    if ended is not None:
        raise ended
    if not asked.json:
        print(f"{words.standing(found)}: {words.chosen(found)}")
    return Exit.DONE


def list_(asked: Namespace) -> int:
    """Newest first; those with `--status pending` by their deadline."""
    shown = display(as_json=asked.json)
    filters = {name: getattr(asked, name) for name in _FILTERS}
    with asking.client(shown, asked.patience) as client:
        found = list(islice(client.list(**filters, limit=min(asked.limit, _PAGE)), asked.limit))
    now = datetime.now(UTC)
    if asked.json:
        print_json([e.model_dump(mode="json") for e in found])
    elif found:
        print_table([words.row(e, now) for e in found])
    return Exit.DONE


def show(asked: Namespace) -> int:
    """By id, or all that carry the reference."""
    shown = display(as_json=asked.json)
    by_id = asked.what.startswith("esc_")
    with asking.client(shown, asked.patience) as client:
        found = [client.get(asked.what)] if by_id else list(client.list(reference=asked.what))
    if not found:
        return failed(ends.nothing(asked.what), as_json=asked.json)
    if asked.json:
        whole = [e.model_dump(mode="json") for e in found]
        print_json(whole[0] if by_id else whole)
    else:
        _print_pages(found)
    return Exit.DONE


def _print_pages(found: "list[Escalation]") -> None:
    now = datetime.now(UTC)
    for n, e in enumerate(found):
        if n:
            print()
        print_table(words.page(e, now))
