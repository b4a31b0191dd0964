"""auth.*, apps.*, blocks.*: the app about itself."""

from typing import Any

from bot.demo.workspace.blocks import check_blocks, check_view
from bot.demo.workspace.errors import Refused
from bot.demo.workspace.methods.registry import Arguments, Desk, method


@method("auth.test")
def auth_test(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Whose token this is."""
    team, app = desk.state.team, desk.state.app
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": desk.state.people[app.bot_user].name,
        "team_id": team.id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", "connections:write", tier=3, app_token=True)
def connections_open(desk: Desk, given: Arguments) -> dict[str, Any]:
    """A fresh address for one Socket Mode connection."""
    return {"url": desk.socket_address()}


@method("blocks.validate")
def validate(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Check blocks, a message or a view without sending them anywhere."""
    kinds = [kind for kind in ("blocks", "message", "view") if given.given.get(kind)]
    if len(kinds) != 1:
        raise Refused("invalid_arguments", ["exactly one of blocks, message, view is needed"])
    value = given.structure(kinds[0], "invalid_blocks_format")
    if kinds[0] == "message" and not isinstance(value, dict):
        raise Refused("invalid_blocks_format")
    if kinds[0] == "view":
        surface = str(value.get("type")) if isinstance(value, dict) else ""
        findings = check_view(value, surface if surface in ("modal", "home") else "modal")
    else:
        blocks = value.get("blocks", []) if kinds[0] == "message" else value
        findings = check_blocks(blocks)
    if findings:
        raise Refused("invalid_blocks", findings)
    return {}
