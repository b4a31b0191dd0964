"""The JSON Schema of the policy file, made from the model: editors complete and check by it."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from approvals.policy.model import Policy

#: Where the published copy stands beside the policy.
PUBLISHED = "docs/policy.schema.json"


class _Toml(GenerateJsonSchema):
    """Without `null`, which TOML has not, and without names nobody needs."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return inner if schema.get("default", 0) is None else super().default_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def policy_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of the file as TOML readers give it."""
    made = Policy.model_json_schema(schema_generator=_Toml)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "Andon policy",
        "description": "Who may decide what, by when, and who is asked in which order.",
    }


def schema_text() -> str:
    """The schema as published."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
