"""Mistakes in ensembles and graphs: part of the table of bad input."""

import copy
from typing import Any

from tests.rehearsal.bad_serving import EXISTING, LLM, serving

CODE = "examples/triton-image-ensemble/decode.py"
PHOTOS: dict[str, Any] = {
    "modality": "image",
    "gpu": {"slice": "1g.10gb"},
    "steps": {
        "decode": {
            "backend": "python",
            "code": CODE,
            "inputs": {"image": {"type": "string", "dims": [1]}},
            "outputs": {"pixels": {"type": "fp32", "dims": [3, 224, 224]}},
        },
        "classify": {
            "backend": "onnxruntime",
            "source": "s3://acme-models/classify/1",
            "inputs": {"pixels": {"type": "fp32", "dims": [3, 224, 224], "from": "decode.pixels"}},
            "outputs": {"scores": {"type": "fp32", "dims": [1000]}},
        },
    },
    "outputs": {"scores": "classify.scores"},
}
ENSEMBLE = "multimodal:tenants.vision.ensembles.photos"


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with values set at paths of keys parted by slashes; a value of None takes a key away."""
    made = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split("/")
        node: Any = made
        for part in parents:
            node = node[int(part) if isinstance(node, list) else part]
        if value is None:
            del node[last]
        else:
            node[int(last) if isinstance(node, list) else last] = value
    return made


def ensembles(changes: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack with one ensemble, changed."""
    stack = serving(**sections)
    stack["tenants"]["vision"] |= {"models": {}, "ensembles": {"photos": changed(PHOTOS, changes or {})}}
    return stack


def step(name: str, **changes: Any) -> dict[str, Any]:
    """A stack with one ensemble whose step `name` is changed."""
    return ensembles({f"steps/{name}/{key.replace('__', '/')}": value for key, value in changes.items()})


MODELS: dict[str, dict[str, Any]] = {
    "caption": {**LLM, "modality": "image", "produces": "text"},
    "chat": LLM,
    "describe": {**LLM, "modality": "image", "produces": "text"},
    "speak": {**LLM, "modality": "text", "produces": "audio"},
}
ANSWER: dict[str, Any] = {
    "nodes": {
        "root": {"kind": "sequence", "steps": [{"to": "caption"}, {"to": "answer"}]},
        "answer": {"kind": "split", "steps": [{"to": "chat", "percent": 90}, {"to": "speak", "percent": 10}]},
    }
}
GRAPH = "multimodal:tenants.vision.graphs.answer"


def graphs(changes: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack with four models and one graph, changed."""
    stack = serving(**sections)
    stack["tenants"]["vision"] |= {"models": MODELS, "graphs": {"answer": changed(ANSWER, changes or {})}}
    return stack


def without(stack: dict[str, Any], section: str) -> dict[str, Any]:
    """The stack without one of its sections."""
    return {key: value for key, value in stack.items() if key != section}


SHAPED = {"type": "fp32", "dims": [3, 224, 224]}
ENSEMBLE_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "ensemble without serving",
        without(ensembles(), "serving"),
        f"{ENSEMBLE}: nothing serves models in this stack; add multimodal:serving: {{}}",
    ),
    (
        "ensemble that is called as a model",
        serving(
            tenants={
                "vision": {
                    "quota": {"slices": {"3g.40gb": 1, "1g.10gb": 1}, "cpu": 256, "memoryGib": 2048},
                    "models": {"photos": LLM},
                    "ensembles": {"photos": PHOTOS},
                }
            }
        ),
        f"{ENSEMBLE}: tenants.vision.models has this name too; they would answer under one address",
    ),
    (
        "step that is called as the ensemble",
        ensembles({"steps/photos": {**PHOTOS["steps"]["classify"]}, "outputs/more": "photos.scores"}),
        f"{ENSEMBLE}.steps.photos: is called as the ensemble is; to Triton both are models, so names must differ",
    ),
    (
        "unknown backend",
        step("classify", backend="tensorflow"),
        f'{ENSEMBLE}.steps.classify.backend = "tensorflow": allowed: python, onnxruntime, tensorrt, pytorch,',
    ),
    (
        "unknown data type",
        step("classify", outputs__scores__type="float32"),
        f'{ENSEMBLE}.steps.classify.outputs.scores.type = "float32": allowed: bool, uint8,',
    ),
    (
        "python step without code",
        step("decode", code=None),
        f"{ENSEMBLE}.steps.decode.code: missing; a python step runs a file of the project, such as steps/decode.py",
    ),
    (
        "code that is not there",
        step("decode", code="steps/decode.py"),
        f'{ENSEMBLE}.steps.decode.code = "steps/decode.py": cannot be read: No such file or directory; write a path'
        " from the project's root on",
    ),
    (
        "code out of the project",
        step("decode", code="a/../../secret.py"),
        f'{ENSEMBLE}.steps.decode.code = "a/../../secret.py": leads out of the project; write a path from the',
    ),
    (
        "code that is no step",
        step("decode", code="components/labels.py"),
        f'{ENSEMBLE}.steps.decode.code = "components/labels.py": has no class TritonPythonModel, which Triton runs',
    ),
    (
        "model step without weights",
        step("classify", source=None),
        f"{ENSEMBLE}.steps.classify.source: missing; it says where the onnxruntime step's weights are",
    ),
    (
        "code of a model step",
        step("classify", code=CODE),
        f'{ENSEMBLE}.steps.classify.code = "{CODE}": means nothing to onnxruntime; leave it out',
    ),
    (
        "environment that lies nowhere",
        step("decode", environment="environment.tar.gz"),
        f'{ENSEMBLE}.steps.decode.environment = "environment.tar.gz": lies in the step\'s source, which is missing',
    ),
    (
        "batching of a model with a configuration of its own",
        step("classify", backend="repository", batching={}),
        f"{ENSEMBLE}.steps.classify.batching: stands in the model's own config.pbtxt; leave it out",
    ),
    (
        "step's weights in an image",
        step("classify", source=f"oci://ghcr.io/acme/classify@sha256:{'0' * 64}"),
        ": KServe lays several sources side by side only from object stores and Hugging Face; copy it to the store",
    ),
    (
        "step's weights in another cloud's store",
        step("classify", source="gs://acme-models/classify"),
        f'{ENSEMBLE}.steps.classify.source = "gs://acme-models/classify": Google Cloud Storage would need a key on eks',
    ),
    (
        "step's weights in the store of an existing cluster",
        ensembles({"steps/classify/source": "store://classify/1", "gpu": {"count": 1}}, cluster=EXISTING),
        f'{ENSEMBLE}.steps.classify.source = "store://classify/1": an existing cluster has no store of the platform',
    ),
    (
        "GPU step of an ensemble without a GPU",
        ensembles({"gpu": None, "steps/classify/instances": {"kind": "gpu"}}),
        f'{ENSEMBLE}.steps.classify.instances.kind = "gpu": the ensemble has no GPU; give it gpu, or write cpu',
    ),
    (
        "TensorRT on processors",
        step("classify", backend="tensorrt", instances={"kind": "cpu"}),
        f'{ENSEMBLE}.steps.classify.backend = "tensorrt": TensorRT runs on GPUs only; give the ensemble gpu',
    ),
    (
        "preferred batch above the largest",
        step("classify", batching={"preferredSizes": [4, 16]}),
        f"{ENSEMBLE}.steps.classify.batching.preferredSizes[1] = 16: is above maxBatchSize, which is 8",
    ),
    (
        "batching of a step without batches",
        ensembles({"maxBatchSize": 0, "steps/classify/batching": {}}),
        f"{ENSEMBLE}.steps.classify.batching: the step takes no batches; raise maxBatchSize, or leave it out",
    ),
    (
        "axis of length zero",
        step("classify", outputs__scores__dims=[0]),
        f"{ENSEMBLE}.steps.classify.outputs.scores.dims = [0]: an axis is 1 or longer, or -1 where it varies",
    ),
    (
        "tensor of another type",
        step("classify", inputs__pixels__type="fp16"),
        f'{ENSEMBLE}.steps.classify.inputs.pixels = "fp16 [batch, 3, 224, 224]": decode.pixels is fp32 [batch, 3, 224,'
        " 224]; they have to match, -1 with anything",
    ),
    (
        "tensor of another shape",
        step("classify", inputs__pixels__dims=[3, 256, 256]),
        f'{ENSEMBLE}.steps.classify.inputs.pixels = "fp32 [batch, 3, 256, 256]": decode.pixels is fp32 [batch, 3, 224',
    ),
    (
        "batch that meets an axis of data",
        step("classify", maxBatchSize=0, inputs__pixels__dims=[1, 3, 224, 224], outputs__scores__dims=[-1, 1000]),
        f'{ENSEMBLE}.steps.classify.inputs.pixels = "fp32 [1, 3, 224, 224]": decode.pixels is fp32 [batch, 3, 224,',
    ),
    (
        "answer without the axis of the batch",
        step("classify", maxBatchSize=0, inputs__pixels__dims=[-1, 3, 224, 224]),
        f"{ENSEMBLE}.steps.classify.outputs.scores.dims = [1000]: other steps take batches, so the caller does; begin"
        " with -1 for the batch, or set maxBatchSize: 0 for all",
    ),
    (
        "unknown output of a step",
        step("classify", inputs__pixels={**SHAPED, "from": "decode.pixel"}),
        f'{ENSEMBLE}.steps.classify.inputs.pixels.from = "decode.pixel": decode has no such output; did you mean'
        " pixels?",
    ),
    (
        "output of an unknown step",
        step("classify", inputs__pixels={**SHAPED, "from": "decod.pixels"}),
        f'{ENSEMBLE}.steps.classify.inputs.pixels.from = "decod.pixels": no such step; write <step>.<output>; did you'
        " mean decode? Allowed: classify, decode",
    ),
    (
        "output that nobody reads",
        step("decode", outputs__size={"type": "int32", "dims": [2]}),
        f"{ENSEMBLE}.steps.decode.outputs.size: nobody reads it; feed it to a step, return it under outputs, or leave",
    ),
    (
        "answer that no step gives",
        ensembles({"outputs/label": "classify.label"}),
        f'{ENSEMBLE}.outputs.label = "classify.label": classify has no such output; allowed: scores',
    ),
    (
        "answer given twice",
        ensembles({"outputs/twice": "classify.scores"}),
        f'{ENSEMBLE}.outputs.twice = "classify.scores": returned already, as scores; return it once',
    ),
    (
        "answer that is called as a question",
        ensembles({"outputs": {"image": "classify.scores"}}),
        f'{ENSEMBLE}.outputs.image = "classify.scores": the caller sends a tensor of this name; choose another',
    ),
    (
        "one tensor of the caller in two types",
        step("classify", inputs__image={"type": "uint8", "dims": [1]}),
        f'{ENSEMBLE}.steps.decode.inputs.image = "string [batch, 1]": image, which classify.image reads too, is uint8',
    ),
    (
        "steps that wait for each other",
        step("decode", inputs__back={"type": "fp32", "dims": [1000], "from": "classify.scores"}),
        f'{ENSEMBLE}.steps = ["classify", "decode"]: wait for each other: classify <- decode <- classify; break the',
    ),
    (
        "ensemble beyond the quota",
        ensembles({"replicas": {"min": 9}}),
        f"{ENSEMBLE}.replicas = 9: needs 9 slices 1g.10gb at its largest, surge and canary included; the tenant's",
    ),
    (
        "ensemble by the signal of another runtime",
        ensembles({"replicas": {"max": 2}, "scaling": {"signal": "waiting-requests"}}),
        f'{ENSEMBLE}.scaling.signal = "waiting-requests": triton does not give this signal; choose',
    ),
    (
        "graph without serving",
        without(
            serving(tenants={"vision": {"quota": {"gpus": 1}, "graphs": {"answer": ANSWER}}}),
            "serving",
        ),
        f"{GRAPH}: nothing serves models in this stack; add multimodal:serving: {{}}",
    ),
    (
        "graph without a root",
        graphs({"nodes": {"start": ANSWER["nodes"]["answer"]}}),
        f'{GRAPH}.nodes = ["start"]: no node is called root; requests start there',
    ),
    (
        "step to an unknown model",
        graphs({"nodes/root/steps/0/to": "captions"}),
        f'{GRAPH}.nodes.root.steps[0].to = "captions": no such model, ensemble or node; did you mean caption?',
    ),
    (
        "node that is called as a model",
        graphs({"nodes/chat": {"kind": "sequence", "steps": [{"to": "speak"}]}}),
        f"{GRAPH}.nodes.chat: is called as a model of the tenant is; steps could mean either, rename the node",
    ),
    (
        "shares that do not add up",
        graphs({"nodes/answer/steps/0/percent": 80}),
        f"{GRAPH}.nodes.answer.steps = [80, 10]: the shares add up to 90, not to 100",
    ),
    (
        "split without shares",
        graphs({"nodes/answer/steps/0/percent": None}),
        f"{GRAPH}.nodes.answer.steps[0].percent: missing; a split goes by the steps' shares",
    ),
    (
        "switch without a condition",
        graphs({"nodes/answer": {"kind": "switch", "steps": [{"to": "chat"}]}}),
        f"{GRAPH}.nodes.answer.steps[0].when: missing; a switch takes the first step whose condition holds",
    ),
    (
        "condition in a split",
        graphs({"nodes/answer/steps/1/when": "instances"}),
        f'{GRAPH}.nodes.answer.steps[1].when = "instances": means nothing in a split; leave it out',
    ),
    (
        "path of a node",
        graphs({"nodes/root/steps/1/path": "/v1/embeddings"}),
        f'{GRAPH}.nodes.root.steps[1].path = "/v1/embeddings": answer is a node, which has no path',
    ),
    (
        "model that cannot read the answer before it",
        graphs({"nodes/root/steps/1/to": "describe", "nodes/answer": None}),
        f'{GRAPH}.nodes.root.steps[1].to = "describe": reads image, but caption before it writes text',
    ),
    (
        "model behind a node of several modalities",
        graphs({"nodes/root/steps": [{"to": "caption"}, {"to": "answer"}, {"to": "chat"}]}),
        f'{GRAPH}.nodes.root.steps[2].to = "chat": answer does not always write the same modality, so nothing can'
        " read it; put it last, or write reads: request",
    ),
    (
        "split over models that read different things",
        graphs({"nodes/answer/steps/1/to": "describe"}),
        f'{GRAPH}.nodes.answer.steps[1].to = "describe": reads image, but chat is given the same request and reads'
        " text",
    ),
    (
        "model asked twice at once",
        graphs({"nodes/answer": {"kind": "parallel", "steps": [{"to": "chat"}, {"to": "chat"}]}}),
        f'{GRAPH}.nodes.answer.steps[1].to = "chat": stands here twice; answers are told apart by it',
    ),
    (
        "graph without an end",
        graphs({"nodes/answer/steps/1/to": "root"}),
        f'{GRAPH}.nodes = ["answer", "root"]: requests would never end: answer -> root -> answer; break the cycle',
    ),
    (
        "node that no step leads to",
        graphs({"nodes/spare": {"kind": "sequence", "steps": [{"to": "chat"}]}}),
        f"{GRAPH}.nodes.spare: no step leads here; leave it out",
    ),
]
"""Name, changes, part of the message."""
