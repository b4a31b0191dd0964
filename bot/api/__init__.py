"""The webhook and polling API: what services call. Doors only translate; no rule lives here.

`door` (who calls, what is refused and how), `models` (requests), `answer` (what is answered),
`opening`, `reading`, `taking` (the handlers), `waiters` (parked requests), `openapi` (the
document), `wording` (what is wrong with a field),
`listener` (what is no HTTP is refused in the same shape).
"""

from bot.api.door import Api
from bot.api.listener import Runner
from bot.api.routes import add_api
from bot.api.waiters import Waiters

__all__ = ["Api", "Runner", "Waiters", "add_api"]
