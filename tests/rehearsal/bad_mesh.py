"""Mistakes in model sets on ModelMesh: part of the table of bad input."""

from typing import Any

from tests.rehearsal.bad_ray import AKS
from tests.rehearsal.bad_sets import QUOTA, SET

MESH: dict[str, Any] = {
    "backend": "modelmesh",
    "models": {name: f"pvc://datasets/models/{name}" for name in ("ant", "bee", "cat", "dog", "eel", "fox")},
    "modelGib": 2,
    "gpu": {"slice": "1g.10gb"},
}


def mesh(changes: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack with one set on ModelMesh, changed."""
    tenant = {"quota": QUOTA, "podSecurity": "baseline", "modelSets": {"many": {**MESH, **(changes or {})}}}
    return {"serving": {"modelmesh": {}}, "tenants": {"vision": tenant}, **sections}


MESH_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "ModelMesh that is not installed",
        mesh(serving={}),
        f'{SET}.backend = "modelmesh": ModelMesh is not installed; add modelmesh: {{}} to multimodal:serving, or take'
        " multiplex or adapters",
    ),
    (
        "ModelMesh under Pod Security restricted",
        {**mesh(), "tenants.vision.podSecurity": "restricted"},
        'tenants.vision.podSecurity = "restricted": ModelMesh\'s containers beside a model do not say what Pod Security'
        " restricted wants to be told; set it to baseline, or take another backend for many",
    ),
    (
        "ModelMesh with models in a store",
        mesh({"models": {"ant": "s3://acme-models/ant"}}),
        f'{SET}.models.ant = "s3://acme-models/ant": ModelMesh opens stores with keys only, and the platform makes'
        " none; put the model on a volume: pvc://<claim>/<path>",
    ),
    (
        "ModelMesh with safetensors",
        mesh({"format": "safetensors"}),
        f'{SET}.format = "safetensors": ModelMesh serves onnx or tensorrt or pytorch',
    ),
    (
        "ModelMesh that scales",
        mesh({"replicas": {"max": 3}}),
        f"{SET}.replicas.max = 3: ModelMesh scales by processors alone, which say nothing of a GPU; leave it out",
    ),
    (
        "ModelMesh with more models' GPUs than the quota",
        mesh({"replicas": {"min": 9}}),
        '.quota.slices."1g.10gb" = 8: modelSets.many (9) always hold 9 slices 1g.10gb',
    ),
    (
        "a model on ModelMesh that does not fit",
        mesh({"modelGib": 9}),
        f"{SET}.modelGib = 9.0: not one model fits: of 1 slice 1g.10gb of 10 GiB, 90% less 1 GiB for CUDA is 8 GiB",
    ),
    (
        "ModelMesh on a slice that no pool offers",
        mesh({"gpu": {"slice": "2g.20gb"}}),
        f'{SET}.gpu = {{"slice": "2g.20gb"}}: no node of any pool has 1 slice 2g.20gb',
    ),
    (
        "ModelMesh where the Kubernetes API is public",
        mesh(
            {"gpu": {"count": 1}},
            cluster={**AKS, "api": {"publicCidrs": ["203.0.113.0/24"]}},
            serving={"modelmesh": {}},
        ),
        "serving.modelmesh.apiServer: missing; ModelMesh's controllers must reach the Kubernetes API",
    ),
    (
        "a format for multiplexed models",
        mesh({"backend": "adapters", "base": "s3://acme-models/x", "baseGib": 1, "format": "onnx"}),
        f'{SET}.format = "onnx": a set with backend adapters does not take it; leave it out, or choose modelmesh',
    ),
]
"""Name, changes, part of the message."""
