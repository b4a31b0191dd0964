"""Payloads from Slack: recorded from people who really clicked, then bent, and signed."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import quote_plus, urlencode

from tests.trust.fuzz.noise import Noise

Payload = dict[str, Any]

#: Texts that are JSON themselves, and carry what a click is about.
_CARRIERS = ("value", "private_metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An escalation that clicks may be about."""

    id: str
    digest: str

    def about(self, text: str, was: "Target") -> str:
        """The same text about this one instead."""
        for old, new in ((was.id, self.id), (was.digest[7:23], self.digest[7:23])):
            text = text.replace(old, new)
        return text.replace(was.id[-6:], self.id[-6:])


@dataclass(kw_only=True)
class Payloads:
    """Makes bent ones of what was recorded about one escalation."""

    random: Random
    noise: Noise
    recorded: list[Payload]
    was: Target
    targets: list[Target]
    accounts: tuple[str, ...]  #: people of all sorts, who click instead of whoever did
    #: How often a button of this question was drawn for another operation.
    crossed: float = 0.1
    turned: int = field(default=0, init=False)

    def bent(self) -> Payload:
        """One of them, about some escalation, by somebody, with something wrong in it."""
        self.turned += 1
        made = self._retargeted(copy.deepcopy(self.random.choice(self.recorded)))
        if self.random.random() < 0.7:
            self._impersonate(made)
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            made = self.random.choice(self._bends)(self, made)
            if not isinstance(made, dict):
                break
        return made

    def _retargeted(self, made: Payload) -> Payload:
        target = self.random.choice(self.targets)
        if self.random.random() < self.crossed:
            target = replace(target, digest=self.random.choice(self.targets).digest)
        found: Payload = json.loads(target.about(json.dumps(made), self.was))
        # As Slack does: nothing of it is the same delivery again.
        fresh = f"{self.turned}.{self.random.randrange(10**6)}"
        for action in found.get("actions") or ():
            action["action_ts"] = fresh
        if "view" in found:
            found["view"]["hash"] = fresh
        return found

    def _impersonate(self, made: Payload) -> None:
        account = self.random.choice(self.accounts)
        if isinstance(made.get("user"), dict):
            made["user"]["id"] = account
        elif "user_id" in made:
            made["user_id"] = account

    # -- bends ----------------------------------------------------------------------------------

    def _anywhere(self, made: Payload) -> Any:
        return self.noise.bent(made)

    def _carried(self, made: Payload) -> Any:
        """Bend what a button or window carries, inside its text."""
        for part in _parts(made):
            for name in _CARRIERS:
                try:
                    said = json.loads(part.get(name, ""))
                except (TypeError, ValueError):
                    continue
                raw = self.noise.written(self.noise.bent(said))
                part[name] = raw.decode(errors="replace")
        return made

    def _typed(self, made: Payload) -> Any:
        """What was written into a window."""
        for state in _states(made):
            state["value"] = self.noise.text()
        if "text" in made:
            made["text"] = (
                self.random.choice(["", "list ", "show ", "search ", "help "])
                + (self.noise.text()[:2000])
            )
        return made

    def _identity(self, made: Payload) -> Any:
        name, *values = self.random.choice(_IDENTITIES)
        value = self.random.choice([*values, self.noise.value()])
        if name in ("user", "team") and isinstance(made.get(name), dict):
            made[name] = {**made[name], "id": value} if self.random.random() < 0.6 else value
        else:
            made[name] = value
        return made

    def _kind(self, made: Payload) -> Any:
        name = self.random.choice(["type", "callback_id", "action_id"])
        value = self.random.choice([*_KINDS, self.noise.text()[:300]])
        if name == "type":
            made["type"] = value
        elif name == "callback_id" and isinstance(made.get("view"), dict):
            made["view"]["callback_id"] = value
        else:
            actions = made.get("actions")
            if isinstance(actions, list) and actions and isinstance(actions[0], dict):
                actions[0]["action_id"] = value
        return made

    def _gone(self, made: Payload) -> Any:
        made.pop(self.random.choice([*made, ""]), None)
        return made

    _bends = (_anywhere, _anywhere, _anywhere, _carried, _carried, _typed, _identity, _kind, _gone)

    # -- bytes ----------------------------------------------------------------------------------

    def written(self, made: Any) -> tuple[bytes, str]:
        """Body and content type: mostly as Slack sends each sort, sometimes torn."""
        form = "application/x-www-form-urlencoded"
        if not isinstance(made, dict):
            return self.noise.written(made), self.random.choice([form, "application/json"])
        if made.get("type") in ("event_callback", "url_verification"):
            return self.noise.written(made), "application/json"
        if "command" in made:
            fields = {str(k): str(v) for k, v in made.items()}
            return urlencode(fields, errors="replace").encode(), form
        text = self.noise.written(made)
        body = b"payload=" + quote_plus(text).encode()
        torn = [
            text,
            body + b"&payload={}",
            b"payload=" + text,
            b"x=1&" + body,
            body + b"&ssl_check=1",
        ]
        kinds = ["application/json", "text/plain", "", f"{form}; charset=x"]
        return (
            self.random.choice([*[body] * 12, *torn]),
            self.random.choice([*[form] * 9, *kinds]),
        )


_IDENTITIES: tuple[tuple[Any, ...], ...] = (
    ("user", "", "USLACKBOT", "U0ANDONBOT", "UFOREIGN", {}, [], None),
    ("team", "T0ELSEWHERE", "", {}, None),
    ("team_id", "T0ELSEWHERE", None),
    ("api_app_id", "A0ELSEWHERE", "", None),
    ("user_id", "", "USLACKBOT", [], None),
    ("enterprise", {"id": "E1"}),
    ("is_enterprise_install", True, "true"),
    ("channel", None, {}, "C0OPERATIONS", {"id": "D0NOWHERE"}),
    ("container", None, {}, []),
    ("view", None, {}, [], {"type": "modal"}),
    ("actions", [], [None], {}, [{}], [{"action_id": "vote:retry"}]),
    ("event", None, {}, [], {"type": "message", "bot_id": "B1"}, {"type": "tokens_revoked"}),
    ("andon_foreign", False, True),
)

_KINDS = (
    "block_actions", "view_submission", "view_closed", "shortcut", "message_action",
    "dialog_submission", "interactive_message", "block_suggestion", "workflow_step_edit",
    "event_callback", "url_verification", "app_rate_limited", "vote",
    "vote:retry", "vote:all", "read_whole:all",
    "stop", "withdraw", "add_reason", "acknowledge", "extend", "ask", "answer", "resolve",
    "break_glass", "details", "page:2", "page:x", "show:x", "list:1", "search:1", "away", "back",
    "earlier", "storm_abort", "storm_others", "storm_try", "storm_show", "storm_list:9",
)  # fmt: skip


def _states(made: Payload) -> Iterator[dict[str, Any]]:
    """What each field of a window says, where a bend before has left one."""
    found: list[Any] = [made]
    for name in ("view", "state", "values", ..., ...):
        within = (one for one in found if isinstance(one, dict))
        found = [
            inner for one in within for key, inner in one.items() if name is ... or key == name
        ]
    yield from (one for one in found if isinstance(one, dict))


def _parts(value: Any) -> list[Payload]:
    """Every object within."""
    if isinstance(value, Mapping):
        return [dict_ for dict_ in [value] if isinstance(dict_, dict)] + [
            part for inner in value.values() for part in _parts(inner)
        ]
    if isinstance(value, list):
        return [part for inner in value for part in _parts(inner)]
    return []
