"""Checks of model sets: what their backend needs, whether a model fits its GPU, and all that Ray services and served
models are checked for."""

from collections.abc import Iterable, Iterator, Mapping

from components.settings.checks_gpus import gpu_problems
from components.settings.checks_serving import LONGEST_HOST
from components.settings.cluster import Cluster, ExistingCluster
from components.settings.density import ADAPTERS_PART, FILLED, RUNTIME_GIB, Density, density
from components.settings.model_sets import Backend, ModelSet
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import Tenant
from components.settings.set_workloads import GROUP, with_sets
from components.settings.shapes import placed
from components.settings.supply import resource_title

_OWN: Mapping[Backend, tuple[str, ...]] = {
    Backend.MULTIPLEX: ("task", "image"),
    Backend.ADAPTERS: ("base", "base_gib", "rank"),
    Backend.MODELMESH: ("format",),
}
"""Backend -> keys that only it takes."""

_NEEDS: Mapping[Backend, Mapping[str, str]] = {
    Backend.MULTIPLEX: {
        "task": "say what its models do, such as text-classification",
        "image": "name an image with Ray, transformers, torch and kserve-storage by digest; see examples/many-models",
    },
    Backend.ADAPTERS: {
        "base": "say where the weights of the adapters' base model are",
        "base_gib": "say how much GPU memory the base model's weights take",
    },
    Backend.MODELMESH: {},
}
"""Backend -> keys that it cannot do without, and what to do."""

_UNREAD = ("pvc://", "oci://")
"""Sources that need a volume of their own before a pod starts, so that nothing can fetch them later."""


def set_problems(tenants: Mapping[str, Tenant], *, served: bool) -> Iterator[Problem]:
    """What is wrong with model sets whatever the cluster is. `served`: whether the stack has a gateway for models."""
    for tenant, chosen in tenants.items():
        for name, one in chosen.model_sets.items():
            path: Path = ("tenants", tenant, "modelSets", name)
            yield from _name_problems(chosen, name, one, path)
            yield from _key_problems(one, path)
            if one.backend is Backend.MULTIPLEX:
                most = LONGEST_HOST - 1 - len(tenant)
                if served and len(name) > most:
                    yield Problem(
                        path, ABSENT, f"with the tenant's name its address is too long; at most {most} characters here"
                    )
                for key, source in one.models.items():
                    if source.startswith(_UNREAD):
                        yield Problem(
                            (*path, "models", key),
                            source,
                            "a model that is loaded later cannot come from a volume or an image; copy it to a store",
                        )
                if (one.gpu.count or 1) > 1:
                    yield Problem(
                        (*path, "gpu", "count"),
                        one.gpu.count,
                        "models of a set share one GPU, and more would lie idle; write 1, and more replicas",
                    )


def _name_problems(tenant: Tenant, name: str, chosen: ModelSet, path: Path) -> Iterator[Problem]:
    """A name that is taken among what the set becomes, or that has an address at the gateway. Ray's clusters and jobs
    are looked at by the checks of Ray, and what a set of adapters becomes by those of models."""
    taken: dict[str, Iterable[str]] = {}
    if chosen.backend is not Backend.MODELMESH:
        taken["models"] = tenant.models
    if chosen.backend is Backend.MULTIPLEX:
        taken |= {"ray.services": tenant.ray.services if tenant.ray else ()}
        taken |= {"ensembles": tenant.ensembles, "graphs": tenant.graphs}
    for where, names in taken.items():
        if name in names:
            reason = f"{where}.{name} has this name too, and an address is made of it; choose another"
            yield Problem(path, ABSENT, reason)


def _key_problems(chosen: ModelSet, path: Path) -> Iterator[Problem]:
    for backend, keys in _OWN.items():
        for key in keys:
            if backend is not chosen.backend and key in chosen.model_fields_set:
                yield Problem(
                    (*path, _stack_key(key)),
                    chosen.model_dump(mode="json")[key],
                    f"a set with backend {chosen.backend.value} does not take it; leave it out, or choose"
                    f" {backend.value}",
                )
    for key, remedy in _NEEDS[chosen.backend].items():
        if getattr(chosen, key) is None:
            yield Problem((*path, _stack_key(key)), ABSENT, f"missing; {remedy}")


def _stack_key(field: str) -> str:
    return ModelSet.model_fields[field].alias or field


def density_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Sets of which not even one model fits the GPU, and sources that a multiplexed set cannot reach there."""
    for tenant, chosen in tenants.items():
        for name, one in chosen.model_sets.items():
            path: Path = ("tenants", tenant, "modelSets", name)
            if one.backend is Backend.MODELMESH:
                # What the other sets become is checked as a service or a model.
                yield from gpu_problems((*path, "gpu"), cluster, one.gpu)
            found = density(cluster, one) if placed(cluster, one.gpu) else None
            if found is not None and found.fitting == 0:
                yield Problem((*path, "modelGib"), one.model_gib, _too_large(one, found))
            if one.backend is Backend.MULTIPLEX and isinstance(cluster, ExistingCluster):
                for key, source in one.models.items():
                    if source.startswith("store://"):
                        yield Problem(
                            (*path, "models", key),
                            source,
                            "an existing cluster has no store of the platform; write s3://, gs:// or hf://",
                        )


def _too_large(chosen: ModelSet, found: Density) -> str:
    gpu = f"{resource_title(chosen.gpu.resource, chosen.gpu.number)} of {found.gpu_gib:g} GiB"
    if chosen.backend is Backend.ADAPTERS:
        return (
            f"no adapter fits: of {gpu}, {FILLED:.0%} less {RUNTIME_GIB:g} GiB for CUDA and {chosen.base_gib or 0:g}"
            f" GiB for the base, {ADAPTERS_PART:.0%} is {found.room_gib:g} GiB; take a larger GPU or a smaller base"
        )
    return (
        f"not one model fits: of {gpu}, {FILLED:.0%} less {RUNTIME_GIB:g} GiB for CUDA is {found.room_gib:g} GiB; take"
        " a larger GPU or slice"
    )


def expanded(cluster: Cluster, tenants: Mapping[str, Tenant]) -> dict[str, Tenant]:
    """The tenants with what their sets become, for the checks of Ray services and models. See `located`."""
    return {name: with_sets(cluster, tenant) if tenant.model_sets else tenant for name, tenant in tenants.items()}


def located(problems: Iterable[Problem], tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """The problems of expanded tenants, each where it stands in the stack file: what a set became is not written there.

    What a set's own checks have said already is left out.
    """
    for problem in problems:
        path = _located(problem.path, tenants)
        if path is not None:
            yield Problem(path, problem.value, problem.reason)


def _located(path: Path, tenants: Mapping[str, Tenant]) -> Path | None:
    tenant = tenants.get(str(path[1])) if len(path) > 2 and path[0] == "tenants" else None
    if tenant is None or not tenant.model_sets:
        return path
    sets = tenant.model_sets
    match path[2:]:
        case ("ray",) if tenant.ray is None:
            return (*path[:2], "modelSets")
        case ("ray", "services", str(name), *inner) if _is(sets, name, Backend.MULTIPLEX):
            match inner:
                case ("groups", group, "min" | "max" as bound) if group == GROUP:
                    inner = ["replicas", bound]
                case ("groups", group, *deeper) if group == GROUP:
                    inner = deeper
                case ("image",) if sets[name].image is None:
                    return None
                case _:
                    pass
        case ("models", str(name), *inner) if _is(sets, name, Backend.ADAPTERS):
            renamed = {"source": "base", "adapters": "models"}
            inner = [renamed.get(str(inner[0]), inner[0]), *inner[1:]] if inner else []
        case _:
            return path
    return (*path[:2], "modelSets", name, *inner)


def _is(sets: Mapping[str, ModelSet], name: str, backend: Backend) -> bool:
    return name in sets and sets[name].backend is backend
