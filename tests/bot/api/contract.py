"""The OpenAPI document held against every answer of every test: what is served is what it says."""

import re
from typing import Any

from aiohttp import ClientResponse
from jsonschema import Draft202012Validator

from bot.api.openapi import document
from bot.api.routes import ROUTES


class Contract:
    """Checks answers against a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[A-Za-z0-9_]{1,64}", path) + "$"), methods)
            for path, methods in document["paths"].items()
        ]

    async def check(self, response: ClientResponse) -> None:
        """Fail unless this answer is one the document names, in the shape it gives."""
        text = await response.text()
        assert "Traceback (most recent" not in text
        assert not any(name.startswith("Access-Control") for name in response.headers)
        assert response.headers["Server"] == "Andon"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        if response.status >= 400 and response.content_type == "application/problem+json":
            problem = await response.json()
            self._conforms({"$ref": "#/components/schemas/Problem"}, problem)
            assert problem["status"] == response.status
            assert re.fullmatch(r"/problems/[a-z-]+", problem["type"])
            assert problem["detail"][-1] in ".?!`"
            for error in problem.get("errors", ()):
                assert error["detail"][-1] in ".?!", error
                assert error["pointer"] == "" or error["pointer"].startswith("/")
            return
        stated = self._stated(response)
        assert str(response.status) in stated, f"{response.method} {response.url} {response.status}"
        content = stated[str(response.status)].get("content", {})
        assert response.content_type in content or (not content and text == "")
        if "application/json" in content:
            self._conforms(content["application/json"]["schema"], await response.json())

    def _stated(self, response: ClientResponse) -> Any:
        for pattern, methods in self._paths:
            if pattern.match(response.url.path) and response.method.lower() in methods:
                return methods[response.method.lower()]["responses"]
        raise AssertionError(f"{response.method} {response.url.path} is in no document")

    def _conforms(self, schema: Any, value: Any) -> None:
        whole = {**schema, "components": self._document["components"]}
        found = [
            f"{e.json_path}: {e.message}" for e in Draft202012Validator(whole).iter_errors(value)
        ]
        assert found == []


#: The document as this code makes it.
CONTRACT = Contract(document(ROUTES))
