"""The image and its composition, as far as they can be checked without an engine."""

import re
from typing import Any

import pytest
import yaml

from bot.settings import SECRETS, Settings
from tests.building import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
NAMES = {str(field.alias) for field in Settings.model_fields.values()}
LINES = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()


def said(instruction: str) -> list[str]:
    """What stands behind each such instruction."""
    return [
        line.removeprefix(instruction).strip() for line in LINES if line.startswith(instruction)
    ]


def test_everything_that_is_copied_exists() -> None:
    for copied in said("COPY "):
        *sources, _ = copied.split()
        assert all((ROOT / source).exists() for source in sources), copied


def test_every_package_of_ours_is_in_the_image() -> None:
    packages = re.findall(r"packages = \[([^\]]+)\]", (ROOT / "pyproject.toml").read_text())[0]
    copied = " ".join(said("COPY "))
    assert all(f"{name} ./" in copied for name in re.findall(r'"(\w+)"', packages))


def test_the_packages_are_pinned_with_hashes_and_nothing_else_is_installed() -> None:
    (install,) = [run for run in said("RUN ") if "pip install" in run]
    assert "--require-hashes" in install
    assert "-r ${LOCK}" in install
    assert said("ARG ") == ["LOCK=requirements.lock"]


@pytest.mark.parametrize(
    ("extra", "package"), [("notify", "apprise"), ("postgres", "asyncpg"), ("demo", "httpx2")]
)
def test_the_lock_of_an_extra_is_the_servers_with_its_package(extra: str, package: str) -> None:
    """A page, or another database, must not change what the server runs on."""
    usual, more = pinned("requirements.lock"), pinned(f"requirements-{extra}.lock")
    assert {n: v for n, v in more.items() if n in usual} == usual
    assert package in more.keys() - usual.keys()
    assert more.items() <= pinned("requirements-dev.lock").items()


def pinned(lock: str) -> dict[str, str]:
    """Packages and versions of a lock file."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.M))


def test_it_runs_as_a_user_of_its_own_and_its_state_lies_in_a_volume() -> None:
    assert said("USER ") == ["andon"]
    assert said("VOLUME ") == ["/data"]
    assert said("FROM ") == ["python:3.11-slim"]
    assert said("HEALTHCHECK ")[0].endswith('timeout=4)"]')


def test_what_it_sets_are_settings() -> None:
    given = set(re.findall(r"\b((?:ANDON|SLACK)_[A-Z_]+)=", DOCKERFILE))
    assert given <= NAMES
    environment = set(COMPOSE["services"]["andon"]["environment"])
    assert environment <= NAMES | {f"{name}_FILE" for name in SECRETS}


def test_only_loopback_is_published_and_the_container_may_do_nothing_else() -> None:
    andon = COMPOSE["services"]["andon"]
    assert andon["ports"] == ["127.0.0.1:8080:8080"]
    assert (andon["read_only"], andon["cap_drop"]) == (True, ["ALL"])
    assert set(andon["secrets"]) == set(COMPOSE["secrets"])
    assert {v.partition(":")[0] for v in andon["volumes"]} == {
        "andon",
        "./policy.toml",
        "./runbooks",
    }
    assert "andon" in COMPOSE["volumes"]
