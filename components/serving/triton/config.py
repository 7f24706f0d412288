"""config.pbtxt of an ensemble's models, worked out from its settings.

Sources: triton-inference-server/server v2.71.0 docs/user_guide (model_configuration, ensemble_models), triton core
src/model_config_utils.cc (what a configuration may leave out), python_backend README (EXECUTION_ENV_PATH).
"""

from components.serving.triton.text_format import Message, Word, entries, text_format
from components.settings.ensembles import Backend, DataType, Device, Ensemble, Step, Tensor
from components.settings.wiring import (
    Port,
    Shape,
    answered,
    asked,
    batch_size,
    feeder,
    needs,
    run_order,
)

VERSION = "1"
"""The one version that every model of a generated repository has."""


def step_config(key: str, ensemble: Ensemble) -> str:
    """Configuration of one step, which is not one of backend `repository`: those bring their own."""
    step = ensemble.steps[key]
    message: Message = {
        "name": key,
        "backend": step.backend.value,
        "max_batch_size": ensemble.batch_of(key),
        "input": [_tensor(name, tensor) for name, tensor in step.inputs.items()],
        "output": [_tensor(name, tensor) for name, tensor in step.outputs.items()],
        "instance_group": {"kind": Word(f"KIND_{_device(step, ensemble).name}"), "count": step.instances.count},
        **({"default_model_filename": step.file} if step.file else {}),
        **_batching(step),
        **_environment(step),
    }
    return text_format(message)


def ensemble_config(name: str, ensemble: Ensemble) -> str:
    """Configuration of the ensemble itself: what goes in, what comes out, and how the steps hang together."""
    returned = {port: public for public, (port, _) in answered(ensemble).items()}
    order = run_order({key: needs(ensemble, key) for key in ensemble.steps})
    batches = batch_size(ensemble) > 0
    message: Message = {
        "name": name,
        "platform": "ensemble",
        "max_batch_size": batch_size(ensemble),
        "input": [_edge(public, shape, batches) for public, shape in sorted(asked(ensemble).items())],
        "output": [_edge(public, shape, batches) for public, (_, shape) in answered(ensemble).items()],
        "ensemble_scheduling": {"step": [_step(key, ensemble, returned) for key in order]},
    }
    return text_format(message)


def _step(key: str, ensemble: Ensemble, returned: dict[Port, str]) -> Message:
    step = ensemble.steps[key]

    def wire(source: Port | str) -> str:
        return source if isinstance(source, str) else returned.get(source, _inner(source))

    return {
        "model_name": key,
        # The newest that there is; a generated model has one.
        "model_version": -1,
        "input_map": entries({name: wire(feeder(ensemble, name, tensor)) for name, tensor in step.inputs.items()}),
        "output_map": entries({name: wire(Port(key, name)) for name in step.outputs}),
    }


def _inner(port: Port) -> str:
    """Name of a tensor that stays inside. No tensor of the caller can be called so: names hold no >."""
    return f"{port.step}>{port.tensor}"


def _tensor(name: str, tensor: Tensor) -> Message:
    return {"name": name, "data_type": _type(tensor.type), "dims": list(tensor.dims)}


def _edge(name: str, shape: Shape, batches: bool) -> Message:
    """A tensor of the ensemble; where it takes batches, their axis goes without saying."""
    return {"name": name, "data_type": _type(shape.type), "dims": list(shape.axes[1:] if batches else shape.axes)}


def _type(kind: DataType) -> Word:
    return Word(f"TYPE_{kind.name}")


def _device(step: Step, ensemble: Ensemble) -> Device:
    if step.instances.kind is not None:
        return step.instances.kind
    return Device.CPU if step.backend is Backend.PYTHON or ensemble.gpu is None else Device.GPU


def _batching(step: Step) -> Message:
    if step.batching is None:
        return {}
    delay = step.batching.max_queue_delay_microseconds
    sizes = sorted(step.batching.preferred_sizes)
    return {"dynamic_batching": {"preferred_batch_size": sizes, "max_queue_delay_microseconds": delay}}


def _environment(step: Step) -> Message:
    if step.environment is None:
        return {}
    path = f"$$TRITON_MODEL_DIRECTORY/{VERSION}/{step.environment}"
    return {"parameters": entries({"EXECUTION_ENV_PATH": {"string_value": path}})}
