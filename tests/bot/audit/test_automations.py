"""What ran by itself, as an auditor finds it: shown, verified and exported like any release."""

from pathlib import Path

import pytest

from bot.audit.export import export
from bot.audit.show import show
from bot.audit.verify import verify
from tests.bot.audit.past import Past, lived, run
from tests.building import a_report, an_automation
from tests.storage.stand import Stand


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """A file in which something ran by itself, too, and failed."""
    past, command = lived(tmp_path), an_automation()

    async def work(stand: Stand) -> None:
        await stand.submit(command)
        await stand.submit(a_report(command.escalation_id, "failed", detail="still down"))
        await past.seal(stand)

    past.change(work)
    past.ids["alone"] = command.escalation_id
    past.settle(monkeypatch)
    return past


def test_the_log_with_it_verifies(past: Past) -> None:
    result = run(verify)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "line",
    [
        "WHAT RAN",
        "Recovery                  restart, by itself: nobody was asked",
        "Kind                      automation of service_health in production, severity low",
        "Rule                      automation",
        "Made by                   policy",
        "Outcome                   failed",
        "still down",
    ],
)
def test_what_an_auditor_asks_of_it_is_answered(past: Past, line: str) -> None:
    result = run(show, past.ids["alone"])
    assert result.exit_code == 0, result.output
    assert line.lower() in result.stdout.lower()


def test_it_is_exported_like_any_other(past: Past, tmp_path: Path) -> None:
    result = run(
        export, "--from", "2026-11-12", "--to", "2026-11-12", "--out", str(tmp_path / "bundle")
    )
    assert result.exit_code == 0, result.output
    text = "".join(
        f.read_text(encoding="utf-8", errors="replace")
        for f in (tmp_path / "bundle").rglob("*")
        if f.is_file() and f.suffix in (".csv", ".json", ".jsonl", ".txt")
    )
    assert past.ids["alone"] in text
