"""Documents say what is there: every setting, every key of the policy, the README's commands."""

import re
from enum import StrEnum

import pytest
from pydantic import SecretStr

from approvals.policy.entries import Part
from approvals.words import Effect, Kind, OperationState, Status
from bot.cli import app
from bot.settings import Settings
from tests.building import ROOT


def text(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_sample_of_settings_lists_just_those_that_exist() -> None:
    listed = set(re.findall(r"^# ((?:ANDON|SLACK)_[A-Z_]+)=", text(".env.sample"), re.M))
    assert listed == {str(field.alias) for field in Settings.model_fields.values()}


def test_the_settings_reference_lists_just_those_that_exist_with_their_defaults() -> None:
    rows = re.findall(
        r"^\| `((?:ANDON|SLACK)_[A-Z_]+)` \|([^|]*)\|", text("docs/settings.md"), re.M
    )
    listed = {name: default.strip().strip("`") for name, default in rows}
    shown = {"()": "nothing", "": ""}
    expected = {
        str(f.alias): shown.get(d := _plain(f.default), d) for f in Settings.model_fields.values()
    }
    assert listed == expected


def _plain(default: object) -> str:
    return "" if isinstance(default, SecretStr) else str(default)


def test_the_samples_defaults_are_the_real_ones() -> None:
    sample = dict(re.findall(r"^# ((?:ANDON|SLACK)_[A-Z_]+)=(.*)$", text(".env.sample"), re.M))
    for field in Settings.model_fields.values():
        default = _plain(field.default)
        assert sample[str(field.alias)] == ("" if default == "()" else default)


DOCUMENTS = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text(name))
    inner = [link for link in links if "://" not in link]
    assert [link for link in inner if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", [*DOCUMENTS, "README.md"])
def test_commands_named_in_documents_exist(name: str) -> None:
    said = re.findall(
        r"(?:andon-server|-m bot) ((?:service |policy |audit |keys |issues )?[a-z]+)", text(name)
    )
    commands = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    for group in app.registered_groups:
        found = group.typer_instance.registered_commands if group.typer_instance else ()
        commands |= {f"{group.name} {c.name or c.callback.__name__}" for c in found if c.callback}
    assert {words for words in said if words.strip() not in commands} == set()


@pytest.mark.parametrize(
    "words", [Status, OperationState, Effect, Kind], ids=lambda words: str(words.__name__)
)
def test_the_glossary_has_every_word_of_the_core(words: type[StrEnum]) -> None:
    said = text("docs/glossary.md")
    assert [w.value for w in words if w.value not in said] == []


def test_the_glossarys_words_are_those_of_the_code() -> None:
    """A word nobody uses is a word nobody can look up."""
    code = "\n".join(
        file.read_text(encoding="utf-8").lower()
        for folder in ("approvals", "bot", "storage")
        for file in (ROOT / folder).rglob("*.py")
    )
    rows = re.findall(r"^\| ([a-z, ]+) \|", text("docs/glossary.md"), re.M)[1:]
    words = [word.strip() for row in rows for word in row.split(",")]
    assert [w for w in words if w.replace(" ", "") not in code and w not in code] == []


def _parts(model: type[Part] = Part) -> list[type[Part]]:
    """Every part of the policy file."""
    return [part for sub in model.__subclasses__() for part in (sub, *_parts(sub))]


@pytest.mark.parametrize("model", _parts(), ids=lambda model: model.__name__)
def test_the_policy_reference_names_every_key(model: type[Part]) -> None:
    """In code, as it is written in the file."""
    said = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`[^`]+`", text("docs/policy.md")))))
    assert {key for key in model.model_fields if key not in said} == set()


def test_the_readme_names_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", text("README.md"))) <= targets
