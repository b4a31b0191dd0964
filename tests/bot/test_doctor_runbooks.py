"""doctor about runbooks: how many there are, and what is wrong with which, with file and line."""

from pathlib import Path

from approvals.policy.load import parse_policy
from bot.doctor.finding import Finding
from bot.doctor.runbooks import MOST, runbooks
from bot.settings import Settings
from tests.building import SAMPLE

POLICY = parse_policy(SAMPLE)


def settings(folder: str) -> Settings:
    """Settings with that folder."""
    given = {"ANDON_SLACK_MODE": "off", "ANDON_RUNBOOKS": folder}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg, arg-type]


def test_without_a_folder_nothing_is_said() -> None:
    assert list(runbooks(settings(""), POLICY)) == []


def test_where_all_is_well_they_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A", encoding="utf-8")
    for policy in (POLICY, None):
        assert list(runbooks(settings(str(tmp_path)), policy)) == [
            Finding(part="runbooks", said=f"1 in {tmp_path}")
        ]


def test_a_page_with_a_mistake_and_one_that_a_rule_misses_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("+++\n", encoding="utf-8")
    text = SAMPLE.replace('name = "recoveries"', 'name = "recoveries"\nrunbooks = ["sync.md"]')
    line = text.splitlines().index('runbooks = ["sync.md"]') + 1
    found = list(runbooks(settings(str(tmp_path)), parse_policy(text)))
    assert found[1:] == [
        Finding(
            part="runbooks",
            said="a.md:1: the front matter has no end; close it with a line +++",
            do="Mend the page.",
        ),
        Finding(
            part="runbooks",
            said=f"policy.toml:{line}: rules[4].runbooks[0]: unknown runbook "
            '"sync.md"; known: none',
            do="Mend the rule, or write the page.",
        ),
    ]


def test_of_many_mistakes_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    for n in range(MOST + 2):
        (tmp_path / f"{n}.md").write_text("+++\n", encoding="utf-8")
    found = list(runbooks(settings(str(tmp_path)), None))
    assert len(found) == MOST + 2
    assert found[-1].said == "2 more mistakes"
