"""The AWS provider's `getPolicyDocument`, which is computed and not asked of AWS."""

from __future__ import annotations

import json
from typing import Any

from rehearsal.providers.outputs import Facts
from rehearsal.providers.plugin_values import Props, is_list, is_map


def policy_document(args: Props) -> Props:
    """`getPolicyDocument`: the JSON of the statements, built as the provider builds it, without a call."""
    statements: list[Any] = args["statements"] if is_list(args.get("statements")) else []
    document: Props = {"Version": args.get("version") or "2012-10-17"}
    if args.get("policyId"):
        document["Id"] = args["policyId"]
    document["Statement"] = [_statement(entry) for entry in statements if is_map(entry)]
    text = json.dumps(document, indent=2)
    minified = json.dumps(document, separators=(",", ":"))
    return {**args, "id": Facts(minified, {}).number(10), "json": text, "minifiedJson": minified}


def _statement(entry: Props) -> Props:
    names = {"sid": "Sid", "actions": "Action", "notActions": "NotAction", "resources": "Resource"}
    names["notResources"] = "NotResource"
    result: Props = {"Effect": entry.get("effect") or "Allow"}
    result |= {api: _single(entry[own]) for own, api in names.items() if entry.get(own)}
    for own, api in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        found: list[Any] = entry[own] if is_list(entry.get(own)) else []
        if found:
            whole = any(item.get("type") == "*" for item in found)
            result[api] = "*" if whole else {item["type"]: _single(item["identifiers"]) for item in found}
    conditions: list[Any] = entry["conditions"] if is_list(entry.get("conditions")) else []
    for item in conditions:
        result.setdefault("Condition", {}).setdefault(item["test"], {})[item["variable"]] = _single(item["values"])
    return result


def _single(value: Any) -> Any:
    return value[0] if is_list(value) and len(value) == 1 else value
