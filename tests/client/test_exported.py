"""What `import andon` gives, and what it costs."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import andon
import pytest

from tests.building import ROOT

#: What only the use of something may load.
HEAVY = {
    "httpx2",
    "httpcore2",
    "pydantic",
    "cryptography",
    "asyncio",
    "ssl",
    "json",
    "typing_extensions",
}


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    env = {"PYTHONPATH": str(ROOT / "client"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_all_is_sorted_and_complete() -> None:
    """Every public name that has a home, and no other."""
    homes = [name for names in andon._HOMES.values() for name in names]
    assert list(andon.__all__) == sorted(homes)


@pytest.mark.parametrize("name", andon.__all__)
def test_every_name_loads_and_says_what_it_is(name: str) -> None:
    """With a docstring of its own."""
    assert getattr(andon, name).__doc__


def test_every_error_is_exported() -> None:
    """Whoever is raised at can catch it."""
    errors = import_module("andon.errors")
    found = {n for n, v in vars(errors).items() if isinstance(v, type) and n.endswith("Error")}
    assert found <= set(andon.__all__)


def test_no_name_is_also_a_module() -> None:
    """Or importing the module would take the name's place."""
    modules = {module.name for module in iter_modules(andon.__path__)}
    assert modules.isdisjoint(andon.__all__)


def test_a_name_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    """A file of the reader's own may stand before a package that is needed."""
    (tmp_path / "httpcore2.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\ntry: from andon import Client\n"
    said = fresh(code + "except ImportError as error: print(error)")
    assert said.startswith("andon.client cannot be loaded: module 'httpcore2' has no attribute")


def test_what_is_not_there_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = andon.nothing


def test_importing_it_loads_nothing_heavy() -> None:
    """A command that asks nobody pays nothing."""
    loaded = fresh("import sys; before = set(sys.modules); import andon; "
                   "print(*(set(sys.modules) - before))")  # fmt: skip
    assert {name.partition(".")[0] for name in loaded.split()} & HEAVY == set()


def test_errors_can_be_caught_without_loading_anything() -> None:
    """An `except andon.RejectedError` costs no HTTP client."""
    loaded = fresh("import sys, andon; andon.RejectedError; print(*sys.modules)").split()
    assert {"httpx2", "pydantic", "cryptography"}.isdisjoint(loaded)


def test_dir_names_what_there_is() -> None:
    """For whoever explores."""
    assert set(andon.__all__) <= set(dir(andon))
