"""Documents say what is there: every setting, every key of the policy, the README's commands."""

import re

import pytest

from approvals.policy.model import GroupEntry, Match, PersonEntry, Policy, Reversible, Rule
from bot.settings import Settings
from tests.building import ROOT


def text(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_sample_of_settings_lists_just_those_that_exist() -> None:
    listed = set(re.findall(r"^# ((?:ANDON|SLACK)_[A-Z_]+)=", text(".env.sample"), re.M))
    assert listed == {str(field.alias) for field in Settings.model_fields.values()}


@pytest.mark.parametrize("model", [PersonEntry, GroupEntry, Match, Rule, Reversible, Policy])
def test_the_policy_reference_names_every_key(model: type) -> None:
    said = text("docs/policy.md")
    keys = set(model.model_fields) - {"text", "rule_texts"}  # type: ignore[attr-defined]
    assert {key for key in keys if key not in said} == set()


def test_the_readme_names_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", text("README.md"))) <= targets
