"""`/docs`: the OpenAPI document as one plain page, without scripts and without outside assets."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:left;"
    "vertical-align:top;border-bottom:1px solid #8884}h2{margin-top:2.5rem}"
    "code{font-size:.95em}:root{color-scheme:light dark}"
)


def page(document: Mapping[str, Any]) -> str:
    """The whole page: what there is, then each route with its fields."""
    routes = [
        (method.upper(), path, about)
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    ]
    schemas = document["components"]["schemas"]
    contents = "".join(
        f"<tr><td><a href='#{escape(about['operationId'])}'>"
        f"<code>{method} {escape(path)}</code></a>"
        f"<td>{escape(about['summary'])}<td>{escape(_scope(about))}"
        for method, path, about in routes
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Andon's API</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        "<h1>Andon's API</h1><p>The machine-readable document is "
        "<a href=/openapi.json>/openapi.json</a>. Errors are problems as RFC 9457 has them: "
        "<code>detail</code> says what to do, <code>errors</code> where.</p>"
        f"<table><tr><th>route<th>what<th>scope{contents}</table>"
        + "".join(_route(method, path, about, schemas) for method, path, about in routes)
        + "</html>"
    )


def _route(method: str, path: str, about: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    body = about.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = about["responses"].get("200", {}).get("content", {}).get("application/json", {})
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code><td>{escape(p['in'])}<td>"
        f"{'required' if p.get('required') else ''}<td>{escape(p.get('description', ''))}"
        for p in about["parameters"]
    )
    return (
        f"<h2 id='{escape(about['operationId'])}'><code>{method} {escape(path)}</code></h2>"
        f"<p>{escape(about['summary'])}. Scope: {escape(_scope(about))}.</p>"
        + (f"<table>{rows}</table>" if rows else "")
        + _fields("Body", body.get("schema", {}), schemas)
        + _fields("Answer", answer.get("schema", {}), schemas)
    )


def _fields(title: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    model = schemas.get(str(schema.get("$ref", "")).rpartition("/")[2])
    if model is None:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{escape(' or '.join(_types(about)))}"
        f"<td>{'required' if name in model.get('required', ()) else ''}"
        for name, about in model.get("properties", {}).items()
    )
    return f"<h3>{title}</h3><table>{rows}</table>" if rows else ""


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    """What a field may be, in a few words."""
    for part in schema.get("anyOf", (schema,)):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        elif part.get("type") == "array":
            yield f"list of {' or '.join(_types(part.get('items', {})))}"
        elif part.get("type") != "null":
            yield str(part.get("type", "any"))


def _scope(about: Mapping[str, Any]) -> str:
    return str(about.get("x-scope") or "public")
