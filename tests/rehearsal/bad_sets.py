"""Mistakes in model sets: part of the table of bad input."""

from typing import Any

from tests.rehearsal.bad_serving import LLM

IMAGE = "ghcr.io/acme/models@sha256:" + "a" * 64
COMMIT = "b" * 40
MULTIPLEX: dict[str, Any] = {
    "models": {name: f"hf://acme/{name}:{COMMIT}" for name in ("ant", "bee", "cat", "dog", "eel", "fox")},
    "modelGib": 2,
    "gpu": {"slice": "1g.10gb"},
    "task": "text-classification",
    "image": IMAGE,
}
ADAPTERS: dict[str, Any] = {
    "backend": "adapters",
    "base": "s3://acme-models/chat/3",
    "baseGib": 16,
    "models": {name: f"s3://acme-models/tones/{name}" for name in ("formal", "kind", "short")},
    "modelGib": 0.2,
    "gpu": {"slice": "3g.40gb"},
}
QUOTA = {"gpus": 4, "slices": {"1g.10gb": 8, "3g.40gb": 2}, "cpu": 256, "memoryGib": 2048}


def model_set(base: dict[str, Any], changes: dict[str, Any] | None = None, **tenant: Any) -> dict[str, Any]:
    """A stack with one model set, changed; a value of None takes a key of the set away."""
    chosen = {key: value for key, value in {**base, **(changes or {})}.items() if value is not None}
    return {
        "ray": {},
        "serving": {},
        "tenants": {"vision": {"quota": QUOTA, "modelSets": {"many": chosen}, **tenant}},
    }


def multiplex(changes: dict[str, Any] | None = None, **tenant: Any) -> dict[str, Any]:
    """A stack with one multiplexed set, changed."""
    return model_set(MULTIPLEX, changes, **tenant)


def adapters(changes: dict[str, Any] | None = None, **tenant: Any) -> dict[str, Any]:
    """A stack with one set of adapters, changed."""
    return model_set(ADAPTERS, changes, **tenant)


def without(section: str, stack: dict[str, Any]) -> dict[str, Any]:
    """The stack without one of its sections."""
    return {key: value for key, value in stack.items() if key != section}


def in_tenant(tenant: str, stack: dict[str, Any], name: str) -> dict[str, Any]:
    """The same set in a tenant of another name, under another name."""
    chosen = stack["tenants"]["vision"]
    return {**stack, "tenants": {tenant: {**chosen, "modelSets": {name: chosen["modelSets"]["many"]}}}}


SET = "multimodal:tenants.vision.modelSets.many"
SET_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "multiplexed models under a model's address",
        multiplex(models={"many": LLM}),
        f"{SET}: models.many has this name too, and an address is made of it; choose another",
    ),
    (
        "multiplexed models under a graph's address",
        multiplex(
            models={"chat": LLM}, graphs={"many": {"nodes": {"root": {"kind": "sequence", "steps": [{"to": "chat"}]}}}}
        ),
        f"{SET}: graphs.many has this name too, and an address is made of it; choose another",
    ),
    (
        "multiplexed models whose address is no host name",
        in_tenant("quite-a-long-name-for-a-team", multiplex(), "and-a-set-with-a-longer-name-than-that"),
        "multimodal:tenants.quite-a-long-name-for-a-team.modelSets.and-a-set-with-a-longer-name-than-that: with the"
        " tenant's name its address is too long; at most 34 characters here",
    ),
    (
        "multiplexed models without Ray",
        without("ray", multiplex()),
        "multimodal:tenants.vision.modelSets: Ray is not installed; add multimodal:ray: {}",
    ),
    (
        "adapters without serving",
        without("serving", adapters()),
        f"{SET}: nothing serves models in this stack; add multimodal:serving: {{}}",
    ),
    (
        "a backend that is none",
        multiplex({"backend": "triton"}),
        f'{SET}.backend = "triton": allowed: multiplex, adapters, modelmesh',
    ),
    (
        "a multiplexed model larger than its slice",
        multiplex({"modelGib": 9}),
        f"{SET}.modelGib = 9.0: not one model fits: of 1 slice 1g.10gb of 10 GiB, 90% less 1 GiB for CUDA is 8 GiB;"
        " take a larger GPU or slice",
    ),
    (
        "a base model that leaves adapters no room",
        adapters({"baseGib": 35}),
        f"{SET}.modelGib = 0.2: no adapter fits: of 1 slice 3g.40gb of 40 GiB, 90% less 1 GiB for CUDA and 35 GiB for"
        " the base, 25% is 0 GiB; take a larger GPU or a smaller base",
    ),
    (
        "multiplexed models without a task",
        multiplex({"task": None}),
        f"{SET}.task: missing; say what its models do, such as text-classification",
    ),
    (
        "multiplexed models without an image",
        multiplex({"image": None}),
        f"{SET}.image: missing; name an image with Ray, transformers, torch and kserve-storage by digest; see"
        " examples/many-models",
    ),
    (
        "multiplexed models in an image from anywhere",
        multiplex({"image": "docker.io/somebody/models@sha256:" + "a" * 64}),
        "not from a registry of trust.registries: ghcr.io/acme",
    ),
    (
        "a base for multiplexed models",
        multiplex({"base": "s3://acme-models/chat/3"}),
        f'{SET}.base = "s3://acme-models/chat/3": a set with backend multiplex does not take it; leave it out, or'
        " choose adapters",
    ),
    (
        "adapters without a base",
        adapters({"base": None}),
        f"{SET}.base: missing; say where the weights of the adapters' base model are",
    ),
    (
        "a set of adapters without the size of its base",
        adapters({"baseGib": None}),
        f"{SET}.baseGib: missing; say how much GPU memory the base model's weights take",
    ),
    ("a rank that vLLM has no kernel for", adapters({"rank": 24}), f"{SET}.rank = 24: "),
    (
        "a multiplexed model in a volume",
        multiplex({"models": {"ant": "pvc://weights/ant"}}),
        f'{SET}.models.ant = "pvc://weights/ant": a model that is loaded later cannot come from a volume or an image;',
    ),
    (
        "a multiplexed model that is not pinned",
        multiplex({"models": {"ant": "hf://acme/ant:main"}}),
        f'{SET}.models.ant = "hf://acme/ant:main": ',
    ),
    (
        "multiplexed models on several GPUs",
        multiplex({"gpu": {"count": 2}}),
        f"{SET}.gpu.count = 2: models of a set share one GPU, and more would lie idle; write 1, and more replicas",
    ),
    (
        "a set on a slice that no pool offers",
        multiplex({"gpu": {"slice": "2g.20gb"}}),
        f'{SET}.gpu = {{"slice": "2g.20gb"}}: no node of any pool has 1 slice 2g.20gb; nodes have',
    ),
    (
        "a set with more replicas at least than at most",
        multiplex({"replicas": {"min": 3, "max": 2}}),
        f"{SET}.replicas.min = 3: more than max = 2",
    ),
    (
        "a multiplexed set beyond the quota",
        multiplex({"replicas": {"min": 1, "max": 9}}),
        f"{SET}.replicas.max = 9: that is 9 slices 1g.10gb, and the tenant's quota has 8; lower it or raise the quota",
    ),
    (
        "a set of adapters beyond the quota",
        adapters({"replicas": {"min": 3}}),
        f"{SET}.replicas = 3: needs 3 slices 3g.40gb at its largest, surge and canary included; the tenant's quota has",
    ),
    (
        "a set with the name of a model",
        adapters(models={"many": {"modality": "text", "runtime": "triton", "source": "s3://acme-models/x"}}),
        f"{SET}: models.many has this name too, and an address is made of it; choose another",
    ),
    (
        "a set with the name of a Ray service",
        multiplex(
            ray={
                "services": {
                    "many": {"image": IMAGE, "groups": {"g": {}}, "applications": {"app": {"importPath": "app:build"}}}
                }
            }
        ),
        f"{SET}: ray.services.many has this name too, and an address is made of it; choose another",
    ),
    (
        "a set with the name of a Ray cluster",
        multiplex(ray={"clusters": {"many": {"image": IMAGE, "groups": {"g": {}}}}}),
        f"{SET}: clusters.many has this name too, and Ray makes a service of it; choose another",
    ),
]
