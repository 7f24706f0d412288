"""The network as ONNX in a folder as Triton loads it, so that a model server runs it without this code."""

from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from photo_labels.arrays import on_host
from photo_labels.network import Network

OPSET = 17
"""Of 2022, which every model server of today reads."""


def export(network: Network, folder: str | Path, name: str) -> None:
    """Writes `<folder>/<name>/1/model.onnx`: a Triton repository with one model, whose configuration Triton works out.

    `pixels` of any number of pictures in, `shares` of each label out.
    """
    weights = {
        "hidden": network.hidden,
        "hidden_bias": network.hidden_bias,
        "output": network.output,
        "output_bias": network.output_bias,
    }
    inputs, classes = int(network.hidden.shape[0]), int(network.output.shape[1])
    nodes = [
        helper.make_node("Gemm", ["pixels", "hidden", "hidden_bias"], ["before"]),
        helper.make_node("Relu", ["before"], ["active"]),
        helper.make_node("Gemm", ["active", "output", "output_bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["pictures", inputs])],
        [helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["pictures", classes])],
        [numpy_helper.from_array(on_host(value).astype(numpy.float32), key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    path = Path(folder) / name / "1" / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
