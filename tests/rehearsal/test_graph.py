import pytest

from rehearsal import graph


def resource(name: str, *needs: str, parent: str = "", provider: str = "", **more: object) -> dict[str, object]:
    return {
        "urn": urn(name),
        "parent": urn(parent) if parent else "",
        "provider": f"{urn(provider)}::an-id" if provider else "",
        "dependencies": [urn(need) for need in needs],
        **more,
    }


def urn(name: str) -> str:
    return f"urn:pulumi:x::multimodal::t::{name}"


def steps(*resources: dict[str, object]) -> dict[str, int]:
    return {found.rpartition("::")[2]: count for found, count in graph.walks(resources).items()}


def test_a_resource_is_walked_once_for_each_path_to_it() -> None:
    network, left, right = resource("network"), resource("left", "network"), resource("right", "network")
    assert steps(network, left, right, resource("top", "left", "right"))["top"] == 5


def test_what_comes_by_a_property_too_or_is_deleted_with_counts_again() -> None:
    properties = {"propertyDependencies": {"id": [urn("base")], "arn": [urn("base")]}, "deletedWith": urn("base")}
    assert steps(resource("base"), resource("top", "base", **properties))["top"] == 5


def test_a_provider_is_a_need_like_any_other() -> None:
    assert steps(resource("cluster"), resource("p", "cluster"), resource("pod", provider="p"))["pod"] == 3


def test_a_parent_is_walked_once_however_many_children_are_met() -> None:
    base, parent = resource("base"), resource("parent", "base", "base")
    children = [resource("a", parent="parent"), resource("b", "a", "a", parent="parent")]
    assert steps(base, parent, *children)["b"] == 3 + 3


def ladder(rungs: int) -> list[dict[str, object]]:
    """Each rung needs the one below twice: its walk doubles."""
    return [resource("0"), *(resource(str(rung), str(rung - 1), str(rung - 1)) for rung in range(1, rungs))]


def test_a_graph_with_too_many_paths_is_refused_with_where_it_is_worst() -> None:
    (told,) = graph.too_long(ladder(23))
    assert told.startswith("were 22 not to go, the engine would take up to 8,388,607 steps")


@pytest.mark.parametrize("resources", [[], ladder(22)])
def test_a_graph_that_is_walked_soon_enough_is_fine(resources: list[dict[str, object]]) -> None:
    assert graph.too_long(resources) == []
