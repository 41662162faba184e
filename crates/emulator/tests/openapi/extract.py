#!/usr/bin/env python3
"""Makes meta-v23.0.json: what main.rs reads of Meta's OpenAPI file, and no more.

    extract.py business-messaging-api_v23.0.yaml > meta-v23.0.json     (needs PyYAML)

Every path and method stays. What claims.toml says is supported keeps the names of its parameters, the examples of
its body and the schema of its good answer, with all schemas those refer to. Descriptions and titles go.
"""

import json
import pathlib
import sys
import tomllib

import yaml

METHODS = ["get", "post", "delete", "put", "patch"]
# Prose; inside `properties` a name of this kind is a property.
PROSE = {"description", "summary", "title", "externalDocs", "tags", "operationId", "security", "deprecated"}


class Text(yaml.SafeLoader):
    """Dates stay text, as in JSON."""


Text.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def bare(schema, names=False):
    """A schema without prose. `names`: the keys are names of properties."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = schema if names else {k: v for k, v in schema.items() if k not in PROSE | {"example", "examples"}}
    return {k: v if k in ("enum", "const", "default") and not names else bare(v, k == "properties") for k, v in kept.items()}


def main():
    whole = yaml.load(open(sys.argv[1], encoding="utf-8"), Text)
    claims = tomllib.loads(pathlib.Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
    kept = {"source": "github.com/facebook/openapi, business-messaging-api_v23.0.yaml, commit "
            "ecba623b4aba6ae770185b074ed77ed5acef22f7; cut down by extract.py",
            "licence": "MIT, Copyright (c) Meta Platforms, Inc. and affiliates; see LICENSE-meta-openapi beside this file",
            "paths": {}}

    def keep(pointer):
        """Puts what a reference names where it stands in the whole file, and what that refers to."""
        source, place = whole, kept
        steps = pointer.removeprefix("#/").split("/")
        for step in steps[:-1]:
            source, place = source[step], place.setdefault(step, {})
        if steps[-1] not in place:
            place[steps[-1]] = part = bare(source[steps[-1]])
            follow(part)

    def follow(part):
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                keep(part["$ref"])
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    for path, methods in whole["paths"].items():
        if not path.startswith("/{Version}"):
            continue
        kept["paths"][path] = {}
        for method in (m for m in METHODS if m in methods):
            operation, small = methods[method], {}
            kept["paths"][path][method] = small
            if f"{method.upper()} {path.removeprefix('/{Version}')}" not in claims["supported"]:
                continue
            small["parameters"] = [{"name": p["name"], "in": p["in"]} for p in operation.get("parameters", []) if "name" in p]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            examples = {k: {"value": e["value"]} for k, e in body.get("examples", {}).items()}
            given = {"examples": examples} if examples else {}
            if "example" in body:
                given["example"] = body["example"]
            small["requestBody"] = {"content": {"application/json": given}}
            answer = operation.get("responses", {}).get("200")
            if answer and "$ref" in answer:
                small["responses"] = {"200": {"$ref": answer["$ref"]}}
                keep(answer["$ref"])
            elif answer and "application/json" in answer.get("content", {}):
                schema = bare(answer["content"]["application/json"].get("schema", {}))
                small["responses"] = {"200": {"content": {"application/json": {"schema": schema}}}}
                follow(schema)
    json.dump(kept, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
