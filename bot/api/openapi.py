"""The OpenAPI 3.1 document, made from the handlers' own models."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api.route import Route

#: What a status says on every route.
_MEANING = {201: "Stored, and new", 304: "Nothing has changed", 503: "Not now; ask again"}

#: The other way to say who calls.
_SIGNATURE = {
    "type": "apiKey",
    "in": "header",
    "name": "webhook-signature",
    "description": "Standard Webhooks, with `webhook-id` (then the idempotency key) and "
    "`webhook-timestamp`; `Andon-Service` may name the service.",
}

_REF = "#/components/schemas/{model}"


class FieldProblem(BaseModel):
    """One wrong field."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    bodies = [(r.body, "validation") for r in routes if r.body]
    answers = [(m, "serialization") for r in routes for m in r.answers.values() if m]
    models: Any = list(dict.fromkeys([*bodies, *answers, (Problem, "serialization")]))
    refs, schemas = models_json_schema(models, ref_template=_REF)
    paths: dict[str, Any] = {}
    for route in routes:
        path = re.sub(r"\{(\w+):[^}]*\}+", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Andon",
            "version": "1",
            "description": "Hold a dangerous operation until people have decided.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "signature": _SIGNATURE,
            },
        },
    }


def _operation(route: Route, refs: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": route.summary,
        "operationId": getattr(route.handler, "__name__", "operation").strip("_"),
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.scope:
        made["security"] = [{"key": []}, *([{"signature": []}] if route.signed else [])]
        made["x-scope"] = route.scope
    if route.body:
        schema = refs[(route.body, "validation")]
        made["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id" in route.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if route.keyed:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}
        found.append(_header("Idempotency-Key", "The same for retries", key, required=True))
    if route.waits:
        text = {"type": "string"}
        found.append(_header("Prefer", "`wait=30`: park it until it is decided", text))
        found.append(_header("If-None-Match", "A version: park it until it changes", text))
    if route.kept:
        found.append(_header("If-None-Match", "An ETag: 304 while it stands", {"type": "string"}))
    if route.query:
        schema = route.query.model_json_schema()
        definitions = schema.get("$defs", {})
        for name, about in schema["properties"].items():
            found.append({"name": name, "in": "query", "schema": _inlined(about, definitions)})
    return found


def _header(name: str, about: str, schema: Any, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": about,
        "schema": schema,
    }


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Query schemas are small; their references are written out."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    return schema


def _responses(route: Route, refs: Any) -> dict[str, Any]:
    problem = {"schema": refs[(Problem, "serialization")]}
    found: dict[str, Any] = {}
    for status, model in route.answers.items():
        found[str(status)] = {"description": _MEANING.get(status, "Done")}
        if status != 304:
            schema = refs[(model, "serialization")] if model else {}
            found[str(status)]["content"] = {route.produces: {"schema": schema}}
    found["default"] = {
        "description": "A problem, with one sentence that says what to do",
        "content": {"application/problem+json": problem},
    }
    return found
