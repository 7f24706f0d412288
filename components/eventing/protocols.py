"""How a step speaks to its model: the body of the call and what its answer means, in Bloblang, Bento's language. Pure.

The data of an event is text, base64 (`data_base64`) or lies elsewhere (`dataref`, CloudEvents' extension for claim
checks). Data that already is a request of the model's protocol is passed on as it is.
Sources: OpenAI's API as vLLM v0.28.0 serves it (docs/features/multimodal_inputs.md: image_url, audio_url, video_url;
/v1/embeddings); Open Inference Protocol, inference request (BYTES tensors are text in JSON); KServe V1 protocol.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from components.settings.ensembles import Ensemble
from components.settings.flow_steps import input_tensor
from components.settings.flows import Step
from components.settings.serving import Modality, Runtime, ServedModel

GRAPH_PATH = "/"

CONTENT_TYPES: Mapping[Modality, str] = {
    Modality.TEXT: "text/plain",
    Modality.IMAGE: "image/png",
    Modality.AUDIO: "audio/wav",
    Modality.VIDEO: "video/mp4",
    Modality.EMBEDDING: "application/json",
}
"""What an answer is taken for, since protocols do not say."""

_TEXT = """\
let text = match {
  this.data.type() == "string" => this.data
  this.data_base64.or(null) != null => this.data_base64.decode("base64").string()
  this.data.text.type() == "string" => this.data.text
  _ => throw("the event has no text: give data as text, or data.text")
}
"""

_ENCODED = """\
let text = match {
  this.dataref.or(null) != null => this.dataref
  this.data_base64.or(null) != null => this.data_base64
  _ => throw("the event has no data: give data_base64, or dataref with an address")
}
"""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one step calls its model."""

    path: str
    request: str
    """Mapping: event -> body of the call."""
    response: str
    """Mapping: parsed or raw answer -> object with data or data_base64, and datacontenttype."""


def protocol(step: Step, model: ServedModel | Ensemble | None, reads: Modality, writes: Modality) -> Protocol:
    """How `step` calls its model. `model`: None for a graph, whose step says itself what to send."""
    if model is None:
        assert step.request is not None  # noqa: S101 - settings refuse it
        assert step.response is not None  # noqa: S101 - settings refuse it
        return Protocol(step.path or GRAPH_PATH, step.request, step.response)
    made = _BY_RUNTIME[model.runtime](step.model, model, reads, writes)
    return Protocol(step.path or made.path, step.request or made.request, step.response or made.response)


def _openai(name: str, _: ServedModel | Ensemble, reads: Modality, writes: Modality) -> Protocol:
    model = json.dumps({"model": name})
    if writes is Modality.EMBEDDING:
        return Protocol(
            "/v1/embeddings",
            _guarded("input", _TEXT, f'{{"model": {json.dumps(name)}, "input": $text}}', model),
            'root.data = if this.data.0.embedding.type() == "array" { this.data.0.embedding }'
            ' else { throw("the answer holds no embedding") }\n' + _typed(Modality.EMBEDDING),
        )
    if reads is Modality.TEXT:
        given, content = _TEXT, "$text"
    else:
        kind = f"{reads.value}_url"
        given = _media(reads)
        content = f'[{{"type": "{kind}", "{kind}": {{"url": $address}}}}]'
    made = f'{{"model": {json.dumps(name)}, "messages": [{{"role": "user", "content": {content}}}]}}'
    answer = (
        'root.data = if this.choices.0.message.content.type() == "string" { this.choices.0.message.content }'
        ' else { throw("the answer holds no text at choices[0].message.content") }\n'
    )
    return Protocol("/v1/chat/completions", _guarded("messages", given, made, model), answer + _typed(Modality.TEXT))


def _media(reads: Modality) -> str:
    return (
        "let address = match {\n"
        "  this.dataref.or(null) != null => this.dataref\n"
        "  this.data_base64.or(null) != null =>"
        f' "data:" + this.datacontenttype.or("{CONTENT_TYPES[reads]}") + ";base64," + this.data_base64\n'
        '  _ => throw("the event has no data: give data_base64, or dataref with an address")\n'
        "}\n"
    )


def _guarded(key: str, given: str, made: str, changes: str = "{}") -> str:
    """A request out of what `given` finds, unless the event's data has `key` and is a request already."""
    lines = "\n".join(f"  {line}" for line in given.rstrip().splitlines())
    return (
        f"map made {{\n{lines}\n  root = {made}\n}}\n"
        f"root = if this.data.{key}.or(null) != null {{ this.data.assign({changes}) }}"
        ' else { this.apply("made") }'
    )


def _inference(name: str, model: ServedModel | Ensemble, reads: Modality, writes: Modality) -> Protocol:
    found = input_tensor(model, reads)
    tensor, shape = found or (reads.value, [1])
    made = (
        f'{{"id": this.id, "inputs": [{{"name": {json.dumps(tensor)}, "datatype": "BYTES",'
        f' "shape": {json.dumps(shape)}, "data": [$text]}}]}}'
    )
    given = _TEXT if reads in (Modality.TEXT, Modality.EMBEDDING) else _ENCODED
    found_data = 'let out = this.outputs.0.data.or(throw("the answer holds no outputs[0].data"))\n'
    if writes is Modality.EMBEDDING:
        answer = "root.data = $out\n"
    elif writes is Modality.TEXT:
        answer = 'root.data = $out.map_each(one -> one.string()).join("\\n")\n'
    else:
        answer = 'root.data_base64 = if $out.0.decode("base64").length() > 0 { $out.0 }\n'
    return Protocol(f"/v2/models/{name}/infer", _guarded("inputs", given, made), found_data + answer + _typed(writes))


def _predict(name: str, _: ServedModel | Ensemble, reads: Modality, writes: Modality) -> Protocol:
    instance = "$text" if reads in (Modality.TEXT, Modality.EMBEDDING) else f'{{"{reads.value}": {{"b64": $text}}}}'
    given = _TEXT if reads in (Modality.TEXT, Modality.EMBEDDING) else _ENCODED
    found = 'let out = this.predictions.0.or(throw("the answer holds no predictions[0]"))\n'
    if writes in (Modality.TEXT, Modality.EMBEDDING):
        kind = '$out.type() == "string"'
        answer = "root.data = $out\n"
        typed = f'root.datacontenttype = if {kind} {{ "text/plain" }} else {{ "application/json" }}\n'
    else:
        answer = 'root.data_base64 = if $out.decode("base64").length() > 0 { $out }\n'
        typed = _typed(writes)
    return Protocol(
        f"/v1/models/{name}:predict",
        _guarded("instances", given, f'{{"instances": [{instance}]}}'),
        found + answer + typed,
    )


def _typed(writes: Modality) -> str:
    return f'root.datacontenttype = "{CONTENT_TYPES[writes]}"\n'


_BY_RUNTIME = {Runtime.VLLM: _openai, Runtime.TRITON: _inference, Runtime.HUGGINGFACE: _predict}
