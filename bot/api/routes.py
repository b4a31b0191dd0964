"""Every route, what it takes, what it answers and the scope it wants: one list.

The application, the OpenAPI document and the test that no route is undeclared all read this list.
"""

from functools import cache
from typing import Any

from aiohttp import web

from bot.api import automating, hooks, known, meta, opening, reading, taking
from bot.api.alerts import AlertmanagerIn, AlertmanagerOut, HookQuery
from bot.api.answer import Answer
from bot.api.door import API, Api, guard
from bot.api.listener import expectation
from bot.api.models import (
    AutomationIn,
    ClaimIn,
    ListQuery,
    OpenIn,
    OutcomeIn,
    ResolveIn,
    TellIn,
    WaitQuery,
    WithdrawIn,
)
from bot.api.openapi import document
from bot.api.route import Route

#: Ids are opaque; this only keeps nonsense from reaching the store.
ID = r"{id:[A-Za-z0-9_]{1,64}}"


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/escalations",
        handler=opening.open_,
        summary="Hold an operation and ask people, or open an incident",
        scope="open",
        body=OpenIn,
        answers={201: Answer, 200: Answer},
        keyed=True,
        signed=True,
    ),
    Route(
        method="GET",
        path="/v1/escalations",
        handler=reading.page,
        summary="List escalations",
        scope="read",
        query=ListQuery,
        answers={200: meta.AnswerList},
    ),
    Route(
        method="GET",
        path=f"/v1/escalations/{ID}",
        handler=reading.read,
        summary="Read one, or wait until it is decided (Prefer: wait=30)",
        scope="read",
        query=WaitQuery,
        answers={200: Answer, 304: None},
        waits=True,
    ),
    Route(
        method="GET",
        path=f"/v1/escalations/{ID}/events",
        handler=reading.events,
        summary="Its audit events",
        scope="read",
        answers={200: meta.EventList},
    ),
    Route(
        method="POST",
        path=f"/v1/escalations/{ID}/claim",
        handler=taking.claim,
        summary="Take the release, once",
        scope="claim",
        body=ClaimIn,
        answers={200: meta.Granted},
        keyed=True,
    ),
    Route(
        method="POST",
        path=f"/v1/escalations/{ID}/outcome",
        handler=taking.outcome,
        summary="Report what became of it",
        scope="claim",
        body=OutcomeIn,
        answers={200: Answer},
    ),
    Route(
        method="POST",
        path=f"/v1/escalations/{ID}/withdraw",
        handler=taking.withdraw,
        summary="Take the question back; an incident recovered by itself",
        scope="open",
        body=WithdrawIn,
        answers={200: Answer},
    ),
    Route(
        method="POST",
        path=f"/v1/escalations/{ID}/resolve",
        handler=taking.resolve,
        summary="End an incident, with its root cause",
        scope="open",
        body=ResolveIn,
        answers={200: Answer},
    ),
    Route(
        method="POST",
        path=f"/v1/escalations/{ID}/context",
        handler=opening.add_context,
        summary="Add context, or answer a question",
        scope="open",
        body=TellIn,
        answers={200: Answer},
    ),
    Route(
        method="POST",
        path="/v1/automations",
        handler=automating.automate,
        summary="Put a recovery on the record that is about to run by itself, if it may",
        scope="open",
        body=AutomationIn,
        answers={201: Answer, 200: Answer},
        keyed=True,
    ),
    Route(
        method="GET",
        path="/v1/known-errors",
        handler=known.known,
        summary="Errors that reviews confirmed, with what to do about them",
        scope="read",
        answers={200: known.KnownErrorList, 304: None},
        kept=True,
    ),
    Route(
        method="POST",
        path="/v1/hooks/alertmanager",
        handler=hooks.alertmanager,
        summary="Take a notification of Alertmanager: each alert is an incident",
        scope="open",
        body=AlertmanagerIn,
        query=HookQuery,
        answers={200: AlertmanagerOut},
    ),
    Route(
        method="GET",
        path="/healthz",
        handler=meta.healthz,
        summary="Is the process alive?",
        scope=None,
        answers={200: meta.Health},
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=meta.readyz,
        summary="Do store, clock, people and Slack work?",
        scope=None,
        answers={200: meta.Health, 503: meta.Health},
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=meta.metrics,
        summary="Prometheus metrics",
        scope=None,
        answers={200: None},
        produces="text/plain",
    ),
    Route(
        method="GET",
        path="/.well-known/jwks.json",
        handler=meta.jwks,
        summary="Public keys that verify grants",
        scope=None,
        answers={200: meta.KeySet},
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=meta.openapi,
        summary="This document",
        scope=None,
        answers={200: None},
    ),
    Route(
        method="GET",
        path="/docs",
        handler=meta.docs,
        summary="The document as a page",
        scope=None,
        answers={200: None},
        produces="text/html",
    ),
)


def add_api(app: web.Application, api: Api) -> None:
    """Join the API to an application."""
    app[API] = api
    app[meta.DOCUMENT] = _document()
    app.middlewares.append(guard)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler, expect_handler=expectation)


@cache
def _document() -> dict[str, Any]:
    return document(ROUTES)
