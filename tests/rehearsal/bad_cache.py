"""Mistakes in models that keep their weights on nodes' disks: part of the table of bad input."""

from typing import Any

from tests.rehearsal.bad_ray import AKS
from tests.rehearsal.bad_serving import EXISTING, LLM, MODEL, serving
from tests.stack_files import REMOVE

ON_H100 = {"slice": "3g.40gb", "pools": ["h100"]}


def cached(model: dict[str, Any] | None = None, *, size: int | None = None, **sections: Any) -> dict[str, Any]:
    """A stack with one model whose weights stay on nodes, changed."""
    chosen = {"source": "store://chat/3", "cacheGib": 40, "gpu": ON_H100, **(model or {})}
    cache = {} if size is None else {"sizeGib": size}
    return {**serving(chosen), "serving": {"cache": cache}, **sections}


def two_tenants() -> dict[str, Any]:
    tenant = {
        "quota": {"slices": {"3g.40gb": 2}, "cpu": 256, "memoryGib": 2048},
        "models": {"chat": {**LLM, "source": "store://chat/3", "cacheGib": 40, "gpu": ON_H100}},
    }
    return cached(tenants={"vision": tenant, "language": tenant})


CACHE_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "a cached model without a cache",
        {**cached(), "serving": {}},
        f"{MODEL}.cacheGib = 40: nothing caches models in this stack; add cache: {{}} to multimodal:serving",
    ),
    (
        "a cache on Azure",
        {"cluster": AKS, "serving": {"cache": {}}, "tenants": REMOVE},
        "serving.cache = {}: KServe's download jobs do not carry the label by which Azure gives a pod its identity;"
        " leave it out (caches work on eks)",
    ),
    (
        "a cache on an existing cluster",
        {"cluster": EXISTING, "serving": {"cache": {"sizeGib": 9}}, "tenants": REMOVE},
        'serving.cache = {"sizeGib": 9}: the nodes of an existing cluster are not the platform\'s, which has to mount',
    ),
    (
        "a cached model in another store",
        cached({"source": "s3://acme-models/chat/3"}),
        f'{MODEL}.source = "s3://acme-models/chat/3": weights are cached from the stack\'s store (store://<path>) or'
        " from Hugging Face (hf://) only",
    ),
    (
        "a cached model with adapters",
        cached({"adapters": {"legal": "store://legal"}}),
        f"{MODEL}.cacheGib = 40: KServe caches models of one source, and adapters are further ones",
    ),
    (
        "a cached model without a GPU",
        cached({"gpu": None, "runtime": "huggingface"}),
        f"{MODEL}.cacheGib = 40: weights are kept on the nodes of one GPU pool, and it has no GPU",
    ),
    (
        "a cached model larger than the cache",
        cached(size=30),
        f"{MODEL}.cacheGib = 40: a node of h100 keeps at most 30 GiB of weights (serving.cache.sizeGib)",
    ),
    (
        "cached models that do not fit together",
        {
            **cached(size=70),
            "tenants.vision.models": {
                key: {**LLM, "source": f"store://{key}/3", "cacheGib": 40, "gpu": ON_H100} for key in ("chat", "draw")
            },
        },
        "serving.cache.sizeGib = 70: every node of h100 would keep vision/chat (40), vision/draw (40): 80 GiB, and has"
        " room for 70; spread them over pools, or cache fewer",
    ),
    (
        "two tenants' weights on one pool",
        two_tenants(),
        "cluster.gpuPools.h100: language and vision cache models here, and pods of a tenant can read and change all"
        " weights on their nodes; give each a pool of its own",
    ),
]
"""Name, changes, part of the message."""
