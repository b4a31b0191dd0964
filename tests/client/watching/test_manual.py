"""The example of docs/client-monitors.md runs as it stands there, against the fake."""

import re
from typing import Any

from andon.testing import FakeAndon

from tests.building import ROOT

MANUAL = (ROOT / "docs" / "client-monitors.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def test_the_example_runs_and_calls_people_once(andon_fake: FakeAndon) -> None:
    """The error that it counts is of a new type; the rest is no alarm yet."""
    example, _ = BLOCK.finditer(MANUAL)  # the other is of what is known already
    line = MANUAL[: example.start()].count("\n") + 1
    code = compile("\n" * line + example[1], "docs/client-monitors.md", "exec")
    restarted: list[str] = []
    taken: dict[str, Any] = {"error": KeyError("price"), "restart": restarted.append}
    exec(code, taken)  # noqa: S102  our own manual
    for monitor in ("errors", "latency", "memory", "health"):
        assert taken[monitor].flush()
    (opened,) = andon_fake.escalations
    assert (opened["title"], opened["kind"]) == ("checkout: first KeyError", "incident")
    assert restarted == []
