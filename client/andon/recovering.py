"""The block of a recovery that runs by itself: `with` and `async with` are twins over one flow."""

from collections.abc import Callable
from inspect import isawaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from andon.errors import AndonError
from andon.flow.automating import Automating, Begun, Recovering, begin, end
from andon.flow.releasing import MOST_DETAIL, result_of

if TYPE_CHECKING:
    from andon.client import AsyncClient, Client
    from andon.grants import Grant
    from andon.models import Escalation

#: Whether it helped: true, or something to await that is.
Verify = Callable[[], Any]


class VerificationError(AndonError):
    """It ran, and did not help."""


class Running:
    """One recovery that may run now. Entered once; `grant` where people released it."""

    def __init__(
        self,
        client: "Client | AsyncClient | None",
        asked: Recovering,
        by: "Callable[[Any], Automating]",
        verify: Verify | None,
    ) -> None:
        self._client, self._asked, self._by, self._verify = client, asked, by, verify
        self._own: Client | AsyncClient | None = None  # made here, and closed here
        self._begun: Begun | None = None

    @property
    def escalation(self) -> "Escalation | None":
        """Its record on the server; None while Andon is away, or before it is entered."""
        return self._begun.escalation if self._begun else None

    @property
    def grant(self) -> "Grant | None":
        """The verified grant, where people released it; None where it runs by itself."""
        return self._begun.grant if self._begun else None

    def __enter__(self) -> Self:
        client = self._blocking()
        try:
            self._begun = client.run(begin(self._asked, self._by(client)))
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        wrong = error
        try:
            if wrong is None and self._verify is not None:
                wrong = self._verified()
            client = self._blocking()
            assert self._begun is not None  # noqa: S101  it was entered
            client.run(end(self._begun, *_ending(wrong), self._by(client)))
        finally:
            self._close()
        if error is None and wrong is not None:
            raise wrong

    async def __aenter__(self) -> Self:
        client = self._awaited()
        try:
            self._begun = await client.run(begin(self._asked, self._by(client)))
        except BaseException:
            await self._aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        wrong = error
        try:
            if wrong is None and self._verify is not None:
                wrong = await self._averified()
            client = self._awaited()
            assert self._begun is not None  # noqa: S101  it was entered
            await client.run(end(self._begun, *_ending(wrong), self._by(client)))
        finally:
            await self._aclose()
        if error is None and wrong is not None:
            raise wrong

    # -- what became of it ----------------------------------------------------------------------

    def _verified(self) -> BaseException | None:
        """Why it did not help; None where it did."""
        assert self._verify is not None  # noqa: S101  asked before
        try:
            helped = self._verify()
        except Exception as error:
            return self._unhelpful(error)
        if isawaitable(helped):
            return self._unhelpful(TypeError("it is to be awaited: use it with `async with`"))
        return None if helped else self._unhelpful()

    async def _averified(self) -> BaseException | None:
        assert self._verify is not None  # noqa: S101  asked before
        try:
            helped = self._verify()
            helped = await helped if isawaitable(helped) else helped
        except Exception as error:
            return self._unhelpful(error)
        return None if helped else self._unhelpful()

    def _unhelpful(self, error: Exception | None = None) -> VerificationError:
        found = VerificationError(
            f"“{self._asked.title}” ran, and did not help"
            + (f": {type(error).__name__}: {error}" if error else ""),
            id=self.escalation.id if self.escalation else None,
            advice="People decide about the next one.",
        )
        found.__cause__ = error
        return found

    # -- clients --------------------------------------------------------------------------------

    def _blocking(self) -> "Client":
        from andon.client import Client

        found = self._own or self._client or Client()
        if not isinstance(found, Client):
            raise TypeError("This Automation has an AsyncClient: use `async with`, or a Client.")
        self._own = found if self._client is None else None
        return found

    def _awaited(self) -> "AsyncClient":
        from andon.client import AsyncClient

        found = self._own or self._client or AsyncClient()
        if not isinstance(found, AsyncClient):
            raise TypeError("This Automation has a Client: use `with`, or an AsyncClient.")
        self._own = found if self._client is None else None
        return found

    def _close(self) -> None:
        if self._own is not None:
            self._blocking().close()

    async def _aclose(self) -> None:
        if self._own is not None:
            await self._awaited().close()


def _ending(wrong: BaseException | None) -> tuple[str, str | None]:
    """Result and detail."""
    result, detail = result_of(wrong)
    return result, wrong.why[:MOST_DETAIL] if isinstance(wrong, VerificationError) else detail
