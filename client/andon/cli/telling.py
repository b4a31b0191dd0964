"""`andon open`, `andon answer` and `andon withdraw`."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from andon.cli import asking, words
from andon.cli.command import UnusableError
from andon.cli.display import display
from andon.cli.exits import Exit
from andon.cli.printing import print_json

#: What would be taken for an argument of ours and not for a field of the request.
_NO_FIELDS = ("key", "resume")


def open_(asked: Namespace) -> int:
    """Ask what the file asks. Raises UnusableError."""
    shown = display(as_json=asked.json)
    body = request_in(read_text(asked.file))
    with asking.client(shown, asked.patience) as client:
        opened = client.open(**body, key=asked.key)
    if asked.json:
        print_json(opened.model_dump(mode="json"))
    else:
        print(opened.id)
    return Exit.DONE


def answer(asked: Namespace) -> int:
    """Answer what people asked about it."""
    shown = display(as_json=asked.json)
    with asking.client(shown, asked.patience) as client:
        found = client.context(asked.id, answer=asked.text)
    if asked.json:
        print_json(found.model_dump(mode="json"))
    else:
        print(f"{found.id} is answered: {words.plain(found.title)}")
    return Exit.DONE


def withdraw(asked: Namespace) -> int:
    """Take it back."""
    shown = display(as_json=asked.json)
    with asking.client(shown, asked.patience) as client:
        found = client.withdraw(asked.id, asked.reason)
    if asked.json:
        print_json(found.model_dump(mode="json"))
    else:
        print(f"{found.id} is {words.standing(found)}: {words.plain(found.title)}")
    return Exit.DONE


def read_text(file: str) -> str:
    """What a file holds, or standard input for `-`. Raises UnusableError."""
    try:
        if file == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UnusableError(f"{file}: {why}") from error


def request_in(text: str) -> dict[str, Any]:
    """The request, as strictly as the server reads it. Raises UnusableError."""
    try:
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"the request is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise UnusableError("the request is no JSON object; write what POST /v1/escalations takes")
    if not isinstance(body.get("title"), str):
        raise UnusableError('the request has no title; write "title": "…"')
    odd = [name for name, value in body.items() if name in _NO_FIELDS or value is None]
    if odd:
        raise UnusableError(f"{odd[0]}: there is no such field, or it is null; leave it out")
    return body


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
