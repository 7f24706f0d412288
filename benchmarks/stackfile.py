"""Stacks of any number of models. Pure."""

from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]

TENANTS = 50

_COMMIT = "0123456789abcdef0123456789abcdef01234567"

_MODELS: tuple[Mapping[str, Any], ...] = (
    # A language model with adapters on half an H100, scaled by waiting requests.
    {
        "modality": "text",
        "runtime": "vllm",
        "source": f"hf://acme/chat:{_COMMIT}",
        "gpu": {"slice": "3g.40gb"},
        "adapters": {"legal": "s3://acme-models/legal", "medical": "s3://acme-models/medical"},
        "replicas": {"min": 1, "max": 3},
        "scaling": {"signal": "waiting-requests", "target": 8},
    },
    # A detector on a small slice, scaled by the time that requests wait.
    {
        "modality": "image",
        "runtime": "triton",
        "source": "s3://acme-models/detector",
        "gpu": {"slice": "1g.10gb"},
        "replicas": {"min": 1, "max": 2},
    },
    # An embedding model on processors.
    {
        "modality": "text",
        "produces": "embedding",
        "runtime": "huggingface",
        "source": f"hf://acme/embed:{_COMMIT}",
        "cpu": 2,
        "memoryGib": 8,
        "replicas": {"min": 1, "max": 4},
        "scaling": {"signal": "cpu"},
    },
    # Two whole GPUs, and a canary that gets a tenth of the requests.
    {
        "modality": "image",
        "runtime": "vllm",
        "source": f"hf://acme/caption:{_COMMIT}",
        "gpu": {"count": 2},
        "canary": {"source": f"hf://acme/caption-next:{_COMMIT}", "percent": 10},
    },
    # Speech on whatever GPU is free, one that always runs.
    {
        "modality": "audio",
        "runtime": "huggingface",
        "source": "s3://acme-models/speech",
        "gpu": {"count": 1, "pools": ["l4"]},
        "priority": "batch",
    },
)
"""What models look like; every one of them comes in turn."""


def config(models: int, tenants: int = TENANTS) -> Config:
    """A stack's config with `models` models, spread evenly over tenants.

    The tenants are the same whatever `models` is. The cluster's pools and the tenants' quotas hold them all.
    """
    names = [f"team-{number:02d}" for number in range(tenants)]
    return {
        "pulumi:disable-default-providers": ["*"],
        "multimodal:environment": "dev",
        "multimodal:cluster": {
            "provider": "existing",
            "gpuPools": {
                "l4": {"accelerator": "L4", "gpus": 8, "nodes": 500, "vcpu": 192, "memoryGib": 768},
                "h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 500, "vcpu": 192, "memoryGib": 2048},
                "h100-slices": {
                    "accelerator": "H100-80",
                    "gpus": 8,
                    "nodes": 500,
                    "vcpu": 192,
                    "memoryGib": 2048,
                    "mig": {"3g.40gb": 1, "1g.10gb": 4},
                },
            },
        },
        "multimodal:serving": {},
        "multimodal:autoscaling": {"prometheus": "http://prometheus.monitoring:9090"},
        "multimodal:trust": {
            "registries": ["ghcr.io/acme"],
            "enforcement": "audit",
            "attestors": {
                "release": {"keyless": {"issuer": "https://issuer.example", "subject": "https://acme.example"}}
            },
        },
        "multimodal:tenants": {
            name: {
                "quota": {
                    "gpus": 160,
                    "slices": {"3g.40gb": 80, "1g.10gb": 320},
                    "cpu": 20000,
                    "memoryGib": 200000,
                    "pods": 1000,
                },
                "access": {"developers": [f"{name}-developers"], "viewers": ["ml-leads"]},
                "models": {
                    f"model-{number:04d}": _MODELS[number // tenants % len(_MODELS)]
                    for number in range(index, models, tenants)
                },
            }
            for index, name in enumerate(names)
        },
    }
