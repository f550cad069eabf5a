"""Checks a value against a JSON Schema: the few keywords that docs/schemas uses.

    faults = schema_faults(value, schema)     # ["$.a[0].b: is str, not integer"], [] if it fits

A keyword that is not known here raises, so that no promise of a schema goes unchecked.
"""
from __future__ import annotations

import re
from typing import Any

SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description", "$comment"}


def is_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return {"object": isinstance(value, dict), "array": isinstance(value, list),
            "string": isinstance(value, str), "null": value is None, "boolean": False,
            "number": isinstance(value, (int, float)),
            "integer": isinstance(value, int)}[name]


def schema_faults(value: Any, schema: Any, root: Any = None, path: str = "$") -> list[str]:
    root = schema if root is None else root
    if isinstance(schema, bool):
        return [] if schema else [f"{path}: nothing is allowed here"]
    faults: list[str] = []
    for key, rule in schema.items():
        if key in SAYS_NOTHING or key in ("properties", "additionalProperties"):
            continue
        if key == "$ref":
            target = root
            for step in rule.removeprefix("#/").split("/"):
                target = target[step]
            faults += schema_faults(value, target, root, path)
        elif key == "type":
            names = rule if isinstance(rule, list) else [rule]
            if not any(is_type(value, name) for name in names):
                faults.append(f"{path}: is {type(value).__name__}, not {' or '.join(names)}")
        elif key == "enum":
            if value not in rule:
                faults.append(f"{path}: {value!r} is none of {rule}")
        elif key == "const":
            if value != rule:
                faults.append(f"{path}: {value!r} is not {rule!r}")
        elif key == "required":
            if isinstance(value, dict):
                faults += [f"{path}: lacks {name}" for name in rule if name not in value]
        elif key == "items":
            if isinstance(value, list):
                for index, item in enumerate(value):
                    faults += schema_faults(item, rule, root, f"{path}[{index}]")
        elif key in ("anyOf", "oneOf"):
            if not any(not schema_faults(value, option, root, path) for option in rule):
                faults.append(f"{path}: fits none of the forms")
        elif key == "minimum":
            if isinstance(value, (int, float)) and value < rule:
                faults.append(f"{path}: {value} is below {rule}")
        elif key == "pattern":
            if isinstance(value, str) and not re.search(rule, value):
                faults.append(f"{path}: {value!r} is not of the form {rule}")
        else:
            raise ValueError(f"schema keyword {key!r} is not known")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name, item in value.items():
            rule = known.get(name, schema.get("additionalProperties", True))
            faults += schema_faults(item, rule, root, f"{path}.{name}")
    return faults
