"""Mistakes in models and their scaling: part of the table of bad input."""

from typing import Any

LLM: dict[str, Any] = {
    "modality": "text",
    "runtime": "vllm",
    "source": "s3://acme-models/chat/3",
    "gpu": {"slice": "3g.40gb"},
}
TRANSFORMER = {"image": "ghcr.io/acme/words@sha256:" + "a" * 64, "args": ["--words=9"], "cpu": 2, "memoryGib": 4}
EXISTING = {"provider": "existing", "gpuPools": {"h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 1}}}


def serving(model: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack that serves one model, changed; a value of None takes a key of the model away."""
    chosen = {key: value for key, value in {**LLM, **(model or {})}.items() if value is not None}
    tenant = {"quota": {"gpus": 4, "slices": {"1g.10gb": 8, "3g.40gb": 4}, "cpu": 256, "memoryGib": 2048}}
    return {
        "serving": {},
        "autoscaling": {"prometheus": "http://prometheus.monitoring:9090"},
        "tenants": {"vision": {**tenant, "models": {"chat": chosen}}},
        **sections,
    }


MODEL = "multimodal:tenants.vision.models.chat"
SERVING_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "models without serving",
        {key: value for key, value in serving().items() if key != "serving"},
        f"{MODEL}: nothing serves models in this stack; add multimodal:serving: {{}}",
    ),
    (
        "unknown runtime",
        serving({"runtime": "ollama"}),
        f'{MODEL}.runtime = "ollama": allowed: triton, vllm, huggingface',
    ),
    (
        "unknown modality",
        serving({"modality": "smell"}),
        f'{MODEL}.modality = "smell": allowed: text, image, audio, video, embedding',
    ),
    (
        "model on a slice that no pool offers",
        serving({"gpu": {"slice": "2g.20gb"}}),
        f'{MODEL}.gpu = {{"slice": "2g.20gb"}}: no node of any pool has 1 slice 2g.20gb; nodes have 32 slices 1g.10gb,',
    ),
    (
        "model with more GPUs than a node has",
        serving({"gpu": {"count": 8}}),
        f'{MODEL}.gpu = {{"count": 8}}: no node of any pool has 8 whole GPUs; nodes have',
    ),
    (
        "GPU asked for in two ways",
        serving({"gpu": {"count": 1, "slice": "3g.40gb"}}),
        "give exactly one of slice (a MIG profile), count (whole GPUs) and shared (turns)",
    ),
    (
        "model on a pool that there is not",
        serving({"gpu": {"slice": "3g.40gb", "pools": ["h200"]}}),
        f'{MODEL}.gpu.pools[0] = "h200": no such GPU pool; did you mean h100?',
    ),
    (
        "model on a pool of other GPUs",
        serving({"gpu": {"slice": "3g.40gb", "pools": ["l4"]}}),
        f'{MODEL}.gpu.pools[0] = "l4": no node of this pool has 1 slice 3g.40gb; pools that have: h100',
    ),
    (
        "model that scales beyond the quota",
        serving({"replicas": {"max": 5}}),
        f"{MODEL}.replicas = 5: needs 5 slices 3g.40gb at its largest, surge and canary included;"
        " the tenant's quota has 4",
    ),
    (
        "surge beyond the quota",
        serving({"replicas": {"min": 4}, "surge": 1}),
        "needs 5 slices 3g.40gb at its largest, surge and canary included; the tenant's quota has 4",
    ),
    (
        "more models than the quota holds",
        serving(
            tenants={
                "vision": {
                    "quota": {"slices": {"3g.40gb": 1}, "cpu": 256, "memoryGib": 2048},
                    "models": {"chat": LLM, "draw": LLM},
                }
            }
        ),
        'multimodal:tenants.vision.quota.slices."3g.40gb" = 1: models.chat (1), models.draw (1) always hold 2 slices'
        " 3g.40gb; raise it, or give them fewer or smaller replicas and workers",
    ),
    (
        "models with more memory than the quota",
        serving({"memoryGib": 4096}),
        "multimodal:tenants.vision.quota.memoryGib = 2048: models.chat (4096) always hold 4096 GiB of memory; raise",
    ),
    (
        "language model without a GPU",
        serving({"gpu": None}),
        f"{MODEL}.gpu: vllm needs a GPU; give gpu, such as {{slice: 3g.40gb}} or {{count: 1}}",
    ),
    ("format of another runtime", serving({"format": "onnx"}), f'{MODEL}.format = "onnx": vllm serves safetensors'),
    (
        "adapters on Triton",
        serving({"runtime": "triton", "adapters": {"legal": "s3://acme-models/legal"}}),
        f'{MODEL}.adapters = ["legal"]: LoRA adapters are served by vllm, not by triton',
    ),
    (
        "adapters of a model on a volume",
        serving({"source": "pvc://weights/chat", "adapters": {"legal": "s3://acme-models/legal"}}),
        f'{MODEL}.source = "pvc://weights/chat": with adapters KServe fetches the model and them into one folder,',
    ),
    (
        "transformer by tag",
        serving({"transformer": {**TRANSFORMER, "image": "ghcr.io/acme/words:1"}}),
        f'{MODEL}.transformer.image = "ghcr.io/acme/words:1": does not match',
    ),
    (
        "transformer from anywhere",
        serving({"transformer": {**TRANSFORMER, "image": "docker.io/acme/words@sha256:" + "a" * 64}}),
        "...: not from a registry of trust.registries: ghcr.io/acme",
    ),
    (
        "transformer beyond the quota",
        serving({"cpu": 8, "transformer": {**TRANSFORMER, "cpu": 249}}),
        "vision.quota.cpu = 256: models.chat (257) always hold 257 processors; raise it",
    ),
    (
        "canary that is the same model",
        serving({"canary": {"source": LLM["source"], "percent": 10}}),
        f'{MODEL}.canary.source = "s3://acme-models/chat/3": the same as the model\'s own; a canary is another version',
    ),
    (
        "canary that gets everything",
        serving({"canary": {"source": "s3://acme-models/chat/4", "percent": 100}}),
        f"{MODEL}.canary.percent = 100: input should be less than or equal to 99",
    ),
    (
        "model from Hugging Face without a commit",
        serving({"source": "hf://mistralai/Mistral-7B-Instruct-v0.3"}),
        f'{MODEL}.source = "hf://mistralai/Mistral-7B-Instruct-v0.3": ',
    ),
    (
        "model image by tag",
        serving({"source": "oci://ghcr.io/acme/chat:3"}),
        f'{MODEL}.source = "oci://ghcr.io/acme/chat:3": does not match',
    ),
    (
        "model in an image under Pod Security restricted",
        serving({"source": f"oci://ghcr.io/acme/chat@sha256:{'0' * 64}"}),
        "KServe runs a model's image as a container that Pod Security restricted refuses; copy the model into a store,"
        " or set the tenant's podSecurity to baseline",
    ),
    (
        "model in another cloud's store",
        serving({"source": "gs://acme-models/chat"}),
        f'{MODEL}.source = "gs://acme-models/chat": Google Cloud Storage would need a key on eks, whose workload'
        " identity opens Amazon S3; copy the model there and write store://<path>",
    ),
    (
        "platform store of an existing cluster",
        serving(
            cluster=EXISTING,
            tenants={
                "vision": {
                    "quota": {"gpus": 1, "cpu": 64, "memoryGib": 512},
                    "models": {"chat": {**LLM, "gpu": {"count": 1}, "source": "store://chat/3"}},
                }
            },
        ),
        f'{MODEL}.source = "store://chat/3": an existing cluster has no store of the platform; write s3://, gs://',
    ),
    (
        "GPU model that scales by processors",
        serving({"replicas": {"max": 2}, "scaling": {"signal": "cpu"}}),
        f'{MODEL}.scaling.signal = "cpu": a model on GPUs does not scale by its processors, which say nothing about its'
        " load; choose waiting-requests",
    ),
    (
        "signal of another runtime",
        serving({"replicas": {"max": 2}, "scaling": {"signal": "queue-time"}}),
        f'{MODEL}.scaling.signal = "queue-time": vllm does not give this signal; choose waiting-requests',
    ),
    (
        "model from zero that nothing wakes",
        serving({"replicas": {"min": 0, "max": 2}}),
        f"{MODEL}.replicas.min = 0: nothing could wake it: a model without replicas gives no signal",
    ),
    (
        "fewer replicas at most than at least",
        serving({"replicas": {"min": 2, "max": 1}}),
        f"{MODEL}.replicas.max = 1: is below replicas.min, which is 2",
    ),
    (
        "scaling without room",
        serving({"scaling": {"target": 2}}),
        f"{MODEL}.scaling: replicas.max leaves no room to scale; set it above 1",
    ),
    (
        "scaling of a model that gives no signal",
        serving({"runtime": "huggingface", "replicas": {"max": 2}}),
        f"{MODEL}.scaling.signal: huggingface on GPUs gives no signal; make replicas.max equal to min",
    ),
    (
        "scaling without an autoscaler",
        {key: value for key, value in serving({"replicas": {"max": 2}}).items() if key != "autoscaling"},
        f"{MODEL}.replicas.max = 2: nothing scales models in this stack; add multimodal:autoscaling, or make it equal",
    ),
    (
        "address too long",
        serving(
            tenants={
                "a-tenant-with-a-very-long-name": {
                    "quota": {"slices": {"3g.40gb": 1}, "cpu": 256, "memoryGib": 2048},
                    "models": {"a-model-with-a-long-name-too": LLM},
                }
            }
        ),
        "models.a-model-with-a-long-name-too: with the tenant's name its address is too long; at most 15 characters",
    ),
    (
        "cool-down shorter than a start",
        serving({"replicas": {"max": 2}, "scaling": {"cooldownSeconds": 5}}),
        f"{MODEL}.scaling.cooldownSeconds = 5: input should be greater than or equal to 60",
    ),
]
"""Name, changes, part of the message."""
