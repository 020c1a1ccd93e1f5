"""What the OpenAPI documents of the APIs are made of: the schemas of models and bodies, by pydantic."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from chalicelib.domain.types import Json
from chalicelib.web.endpoint import Endpoint

Kind = Any  # a type that pydantic has a schema for: a model, a list of models, str


class _Terse(GenerateJsonSchema):
    """Without a title that only repeats a field's name."""

    # `schema` is that of pydantic, of one of dozens of kinds.
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - that of the class
        return False


def body_schemas(declared: Sequence[Endpoint]) -> tuple[dict[Kind, Json], Json]:
    """The schema of each body that is sent or answered, by its type; and the models that these refer to."""
    kinds: Iterator[Kind] = (kind for one in declared for kind in (one.returns, one.body))
    bodies = dict.fromkeys(kind for kind in kinds if kind not in (None, type(None)))
    # "validation", also for answers: a field that has a default may be absent there, for what was not set is left out.
    wanted: list[tuple[Kind, JsonSchemaMode, TypeAdapter[Kind]]] = [(k, "validation", TypeAdapter(k)) for k in bodies]
    where = "#/components/schemas/{model}"
    schemas, models = TypeAdapter.json_schemas(wanted, ref_template=where, schema_generator=_Terse)
    return {kind: schema for (kind, _), schema in schemas.items()}, models["$defs"]


def parameters(model: type[BaseModel] | None, where: Literal["path", "query"]) -> list[Json]:
    """The parameters of a path or a query, which is a model's fields."""
    if model is None:
        return []
    schema = model.model_json_schema(schema_generator=_Terse)
    required = schema.get("required", [])
    return [
        {"name": name, "in": where, "required": name in required, "schema": _without_null(field)}
        for name, field in schema.get("properties", {}).items()
    ]


def _without_null(field: Json) -> Json:
    """A query has no null: what may be null may be absent."""
    return next((kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}), field)
