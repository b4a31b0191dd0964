"""The plugin of pytest: `andon_fake`, where the default client of a test calls.

::

    def test_a_rejected_payout_is_not_sent(andon_fake):
        andon_fake.say("reject", reason="wrong beneficiary")
        with pytest.raises(andon.RejectedError, match="wrong beneficiary"):
            pay(beneficiary="Acme", amount=Decimal("90000.00"))

    @pytest.mark.andon("expire")
    def test_nobody_answers(andon_fake): ...

It is loaded into every run of pytest where Andon's client is installed, so it imports nothing
before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from andon.testing.fake import FakeAndon


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    said = "andon(saying, **how): what people of `andon_fake` say, as `FakeAndon.say` takes it"
    config.addinivalue_line("markers", said)


@pytest.fixture
def andon_fake(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FakeAndon]:
    """A local Andon of this test's own, which approves unless told otherwise.

    `ANDON_URL`, `ANDON_KEY`, `ANDON_JWKS_FILE` and `ANDON_STATE` name it, so clients and commands
    that read their settings find it, also in other processes.
    """
    from andon.testing.fake import FakeAndon

    with FakeAndon() as fake:
        for mark in reversed(list(request.node.iter_markers("andon"))):
            _obey(fake, *mark.args, **mark.kwargs)
        monkeypatch.delenv("ANDON_KEY_FILE", raising=False)
        for name, value in fake.environment(tmp_path_factory.mktemp("andon")).items():
            monkeypatch.setenv(name, value)
        yield fake


def _obey(fake: FakeAndon, saying: str, **how: str) -> None:
    if saying == "away":
        fake.go_away(**how)  # type: ignore[arg-type]
    else:
        fake.say(saying, **how)  # type: ignore[arg-type]
