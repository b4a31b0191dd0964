"""The way out to people who are not in Slack: one address, called through Apprise.

Apprise is an optional extra that knows a hundred services. Its calls block, and one of its plugins
may hang, so each has a thread of its own that nobody waits for longer than `TIMEOUT_S`: the threads
of asyncio's pool would be held up for good, and with them the end of the process.
"""

import asyncio
import logging
import threading
import warnings
from collections import defaultdict
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Protocol

from bot.background.addresses import AddressError, Filled, Secret, filled, scheme_of
from bot.background.page_text import Text

#: Seconds one call may take; with those until it begins it ends before a lease of 30 does.
TIMEOUT_S = 15.0

#: Calls of one route at once, those that hang included.
AT_ONCE = 2

#: What to do where the extra is missing.
INSTALL = "Apprise is not installed: run `make notify`, or see docs/pages.md for the image."

#: Characters of a failure's reason that are kept.
MOST_SAID = 200


class PageError(Exception):
    """The page was not taken; another try may help."""


class Notify(Protocol):
    """Calls an address."""

    async def __call__(self, route: str, address: Filled, text: Text) -> None:
        """Say it there. Raises PageError, or AddressError where another try changes nothing."""


class Outside:
    """Implements `Notify` with Apprise."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._under_way: dict[str, set[threading.Thread]] = defaultdict(set)

    async def __call__(self, route: str, address: Filled, text: Text) -> None:
        """As `Notify`."""
        if not is_installed():
            raise AddressError(INSTALL)
        if self._calls(route) >= AT_ONCE:
            raise PageError("earlier calls of this route still hang")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def settle(said: str | None, error: Exception | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(said)

        def call() -> None:
            said, error = None, None
            try:
                said = _call(address, text)
            except Exception as caught:
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, said, error)

        self._start(route, call)
        try:
            async with asyncio.timeout(self._timeout_s):
                refused = await answer
        except TimeoutError:
            raise PageError(f"no answer within {self._timeout_s:g} s") from None
        if refused is not None:
            raise PageError(refused)

    def _calls(self, route: str) -> int:
        self._under_way[route] = {t for t in self._under_way[route] if t.is_alive()}
        return len(self._under_way[route])

    def _start(self, route: str, call: Any) -> None:
        thread = threading.Thread(target=call, name=f"page {route}", daemon=True)
        self._under_way[route].add(thread)
        thread.start()


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("apprise") is not None


def wrong_with(address: str, secret: Secret) -> str | None:
    """Why no page can go to this address, or None; nothing is called."""
    if not is_installed():
        return INSTALL
    try:
        _loaded(filled(address, secret))
    except AddressError as error:
        scheme = scheme_of(address)
        return f"{error}" + (f" ({scheme}://)" if scheme else "")
    return None


def _call(address: Filled, text: Text) -> str | None:
    """Why it was not taken, or None. Blocks."""
    answer = _loaded(address).notify(
        body=text.body, title=text.title, notify_type=text.tone, body_format="text"
    )
    if answer:
        return None
    said = [entry.message for entry in answer.logs() if entry.message]
    return address.hide(said[-1])[:MOST_SAID] if said else "it was not taken"


def _loaded(address: Filled) -> Any:
    """Apprise with this one address. Raises AddressError where it knows no such thing."""
    apprise = _apprise()
    asset = apprise.AppriseAsset(
        app_id="Andon",
        app_desc="Andon",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=0,  # the thread has its own limit
        http_redirects=False,
        allow_templates=False,
        pgp_autogen=False,
        pem_autogen=False,
    )
    ways = apprise.Apprise(asset=asset)
    if not ways.add(address.text) or len(ways) != 1:
        raise AddressError("Apprise cannot use this address; mind its scheme and its parts.")
    return ways


def _apprise() -> Any:
    """The library. At its first address it reads all its plugins, which takes two seconds."""
    with _LOADING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plugins' own, about Python's versions to come
        import apprise

        # Its lines may name what they are about; what matters of them is kept with the delivery.
        logger = logging.getLogger("apprise")
        logger.propagate = False
        if _SILENT not in logger.handlers:
            logger.addHandler(_SILENT)
        apprise.Apprise.instantiate("json://localhost")
    return apprise


_LOADING = threading.Lock()
_SILENT = logging.NullHandler()
