"""`andon verify`: a grant, its signature and its time, against what it should say."""

import base64
import binascii
import json
import os
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.cli import asking, words
from andon.cli.command import UnusableError
from andon.cli.display import display
from andon.cli.exits import Exit
from andon.cli.printing import print_json, print_table
from andon.cli.telling import read_text

if TYPE_CHECKING:
    from andon.grants import Grant


def verify(asked: Namespace) -> int:
    """Raises GrantError where it does not hold."""
    from andon.grants import verify_grant

    token = (read_text("-") if asked.grant == "-" else asked.grant).strip()
    said = _claims(token)
    grant = verify_grant(
        token,
        jwks=_keys(asked),
        escalation_id=asked.id or _text(said, "sub"),
        digest=asked.digest or _text(said, "digest"),
        nonce=asked.nonce or _text(said, "nonce"),
        service=asked.service,
    )
    _print(grant, as_json=asked.json)
    return Exit.DONE


def _keys(asked: Namespace) -> Mapping[str, Any]:
    """Those of a file, else the pinned ones, else the server's. Raises UnusableError."""
    file = asked.jwks or os.environ.get("ANDON_JWKS_FILE")
    if not file:
        return _served(asked)
    text = read_text(file)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UnusableError(
            f"{file} holds no keys; it is what /.well-known/jwks.json says"
        ) from error
    return found if isinstance(found, dict) else {}


def _served(asked: Namespace) -> Mapping[str, Any]:
    from andon.flow.claiming import KeySet
    from andon.flow.persisting import Patience

    with asking.client(display(as_json=asked.json), asked.patience) as client:
        return client.run(KeySet().for_key(None, Patience(asked.patience)))


def _claims(token: str) -> dict[str, Any]:
    """What it says, before anybody knows whether that is true."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""


def _print(grant: "Grant", *, as_json: bool) -> None:
    said = {
        "escalation": grant.escalation_id,
        "option": grant.option,
        "approvers": list(grant.approvers),
        "service": grant.service,
        "environment": grant.environment,
        "digest": grant.digest,
        "nonce": grant.nonce,
        "expires_at": f"{grant.expires_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    if grant.rule is not None:
        said["rule"] = grant.rule
    if as_json:
        print_json(said)
        return
    allowed = ", ".join(grant.approvers) or "policy, by a rule that people accepted"
    shown = {**said, "approvers": allowed}
    print_table([(name, words.plain(str(value))) for name, value in shown.items()])
    print("The grant holds. That it is used only once is the claim's doing.")
