"""Status conditions as Kubernetes controllers write them: a new time only where the status is new."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject, Kube, object_path


@dataclass(frozen=True)
class Condition:
    """What a controller says about one aspect of an object."""

    type: str
    status: bool
    reason: str
    message: str = ""


def conditions(
    wanted: Iterable[Condition], before: Sequence[JsonObject], generation: int | None = None
) -> list[JsonObject]:
    """The list for an object's status. Equal in every part to the one before where nothing has changed."""
    known: dict[str, JsonObject] = {one["type"]: one for one in before}
    made: list[JsonObject] = []
    for one in wanted:
        body: JsonObject = {
            "type": one.type,
            "status": "True" if one.status else "False",
            "reason": one.reason,
            "message": one.message,
        }
        if generation is not None:
            body["observedGeneration"] = generation
        old: JsonObject = known.get(one.type, {})
        same = old.get("status") == body["status"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made.append(body | {"lastTransitionTime": old["lastTransitionTime"] if same else now})
    return made


def write_status(api: Kube, live: JsonObject, wanted: Mapping[str, Any]) -> None:
    """Merges these parts into an object's status, unless they are there already."""
    status: JsonObject = value(live, "status", {})
    if any(status.get(key) != part for key, part in wanted.items()):
        api.merge(f"{object_path(live)}/status", {"status": wanted})
