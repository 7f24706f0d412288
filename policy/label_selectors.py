"""Kubernetes label selectors, matched as the API server does (Kubernetes documentation, Labels and Selectors)."""

from collections.abc import Mapping
from typing import Any

from policy.resources import listed, mapped


def selects(selector: Any, labels: Mapping[str, Any]) -> bool:
    """Whether the selector matches the labels. None and an empty selector match everything.

    An operator that the API does not know matches nothing.
    """
    exact = mapped(mapped(selector).get("matchLabels"))
    expressions = listed(mapped(selector).get("matchExpressions"))
    return all(key in labels and labels[key] == value for key, value in exact.items()) and all(
        _holds(mapped(expression), labels) for expression in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), listed(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
