"""Counts by reference, held against a list of what was changed."""

from pathlib import Path

import pytest

from bot.audit.export import export
from bot.audit.references import read_changes
from tests.bot.audit.past import Past, lived, run

DAYS = ("--from", "2026-11-12", "--to", "2026-11-12")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """It is only read."""
    return lived(tmp_path_factory.mktemp("past"))


@pytest.fixture(autouse=True)
def here(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are run in its folder."""
    past.settle(monkeypatch)


@pytest.mark.parametrize(
    ("listed", "code", "lines"),
    [
        (
            "CHG-1\nCHG-2\n",
            0,
            [
                "1 on the list, asked here and never released:",
                "  CHG-2",
                "2 of 2 references on the list were asked about here.",
            ],
        ),
        (
            "# around the gate\nCHG-1\n\nCHG-9\n",
            1,
            [
                "1 on the list, but nobody asked here:",
                "  CHG-9",
                "1 asked here, but not on the list:",
                "  CHG-2",
                "1 of 2 references on the list were asked about here.",
            ],
        ),
    ],
)
def test_what_is_missing_on_either_side_is_named(
    tmp_path: Path, listed: str, code: int, lines: list[str]
) -> None:
    changes = tmp_path / "changes.txt"
    changes.write_text(listed, encoding="utf-8")
    result = run(export, *DAYS, "--changes", str(changes))
    assert (result.exit_code, result.stdout.splitlines()) == (code, lines)


def test_a_list_is_read_as_people_write_it(tmp_path: Path) -> None:
    changes = tmp_path / "changes.txt"
    changes.write_bytes("\ufeff  CHG-1 \r\n#CHG-2\r\nCHG-1\r\n\r\nÄ-3".encode())
    assert read_changes(changes) == ("CHG-1", "Ä-3")


def test_other_days_have_nothing_to_do_with_it(tmp_path: Path) -> None:
    changes = tmp_path / "changes.txt"
    changes.write_text("CHG-1\n", encoding="utf-8")
    result = run(export, "--from", "2026-11-13", "--to", "2026-11-30", "--changes", str(changes))
    assert (result.exit_code, "  CHG-1" in result.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--from", "2026-11-31", "--to", "2026-12-01"), 2, "--from 2026-11-31 is no day"),
        (("--from", "2026-11-12", "--to", "2026-11-11"), 2, "is before --from"),
        (DAYS, 2, "Say where to with --out DIR"),
        ((*DAYS, "--changes", "nowhere.txt"), 3, "nowhere.txt cannot be used: No such file"),
        ((*DAYS, "--out", "."), 3, ". is there already and not empty"),
        ((*DAYS, "--out", "new", "--anchors", "nowhere"), 3, "nowhere cannot be used"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run(export, *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr


def test_a_bundle_that_cannot_be_finished_leaves_nothing(
    past: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDON_SIGNING_KEYS", str(tmp_path))
    (tmp_path / "broken.jwk").write_text("{}")
    result = run(export, *DAYS, "--out", str(tmp_path / "out" / "bundle"))
    assert (result.exit_code, list(tmp_path.glob("out*/*"))) == (3, [])
