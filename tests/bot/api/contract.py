"""The OpenAPI document held against every answer of every test: what is served is what it says."""

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientResponse
from jsonschema import Draft202012Validator

from bot.api.openapi import document
from bot.api.routes import ROUTES


class Contract:
    """Checks answers against a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, Draft202012Validator] = {}
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[A-Za-z0-9_]{1,64}", path) + "$"), methods)
            for path, methods in document["paths"].items()
        ]

    async def check(self, response: ClientResponse) -> None:
        """Fail unless this answer is one the document names, in the shape it gives."""
        said = await response.text()
        self.holds(response.method, response.url.path, response.status, response.headers, said)

    def holds(
        self, method: str, path: str, status: int, headers: Mapping[str, str], text: str
    ) -> None:
        """The same for an answer in parts; names of headers in any case."""
        told = {name.lower(): value for name, value in headers.items()}
        kind = told.get("content-type", "application/octet-stream").partition(";")[0]
        assert "Traceback (most recent" not in text
        assert not any(name.startswith("access-control") for name in told)
        assert told["server"] == "Andon"
        assert told["x-content-type-options"] == "nosniff"
        if status >= 400 and kind == "application/problem+json":
            self._is_problem(status, json.loads(text))
            return
        stated = self._stated(method, path, status)
        content = stated.get("content", {})
        assert kind in content or (not content and text == "")
        if "application/json" in content:
            self._conforms(content["application/json"]["schema"], json.loads(text))

    def _is_problem(self, status: int, problem: Any) -> None:
        self._conforms({"$ref": "#/components/schemas/Problem"}, problem)
        assert problem["status"] == status
        assert re.fullmatch(r"/problems/[a-z-]+", problem["type"])
        assert problem["detail"][-1] in ".?!`"
        for error in problem.get("errors", ()):
            assert error["detail"][-1] in ".?!", error
            assert error["pointer"] == "" or error["pointer"].startswith("/")

    def _stated(self, method: str, path: str, status: int) -> Any:
        for pattern, methods in self._paths:
            if pattern.match(path) and method.lower() in methods:
                stated = methods[method.lower()]["responses"]
                assert str(status) in stated, f"{method} {path} {status}"
                return stated[str(status)]
        raise AssertionError(f"{method} {path} is in no document")

    def _conforms(self, schema: Any, value: Any) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(whole)
        errors = self._validators[key].iter_errors(value)
        assert [f"{e.json_path}: {e.message}" for e in errors] == []


#: The document as this code makes it.
CONTRACT = Contract(document(ROUTES))
