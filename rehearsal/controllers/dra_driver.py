"""A simulated DRA driver: publishes the GPUs of nodes as ResourceSlices, and the classes by which pods claim them.

The real one needs GPUs, and its classes come with its chart, which a rehearsal does not render. Claims are allocated
by the real schedulers against these slices. Handing a device to a container, which is a kubelet's, is left out.
Sources: kubernetes-sigs/dra-driver-nvidia-gpu v0.4.1, templates/deviceclass-*.yaml and the reference of attributes.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from components.catalog.accelerators import ACCELERATORS
from components.catalog.device_classes import CLASSES
from rehearsal.controllers.base import ConfigurationError, SimulatedController, Values, value
from rehearsal.controllers.landing import tolerated
from rehearsal.fleet import ACCELERATOR_ANNOTATION, GPUS_ANNOTATION, PRODUCT_ANNOTATION, nodes
from rehearsal.kube import JsonObject, Kube

DRIVER = "gpu.nvidia.com"
_API = "/apis/resource.k8s.io/v1"
_KINDS = {"gpu.nvidia.com": "gpu", "mig.nvidia.com": "mig", "vfio.gpu.nvidia.com": "vfio"}
_PRESENT = "nvidia.com/gpu.present"
"""Label of the GPU Operator by which the driver's pods find nodes with GPUs."""


def device_class(name: str) -> JsonObject:
    """One of the driver's classes. `extendedResourceName` is left out: the feature is off where it is alpha."""
    expression = f"device.driver == '{DRIVER}' && device.attributes['{DRIVER}'].type == '{_KINDS[name]}'"
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": name},
        "spec": {"selectors": [{"cel": {"expression": expression}}]},
    }


def resource_slice(node: JsonObject, values: Values) -> JsonObject | None:
    """The slice of one node; None where it has no GPUs or none of the driver's pods runs. Pure.

    Raises:
        ConfigurationError: for values with which the chart would not install.
    """
    if not value(values, "resources.gpus.enabled", True):
        return None
    if not value(values, "gpuResourcesEnabledOverride", False):
        raise ConfigurationError(
            "gpuResourcesEnabledOverride is not true: the chart refuses to offer GPUs unless it is said that no device"
            " plugin offers them"
        )
    metadata = node["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    accelerator = ACCELERATORS.get(annotations.get(ACCELERATOR_ANNOTATION, ""))
    count = int(annotations.get(GPUS_ANNOTATION, "0"))
    runs = labels.get(_PRESENT) == "true" and tolerated(node, value(values, "kubeletPlugin.tolerations", []))
    if accelerator is None or not count or not runs:
        return None
    product = annotations.get(PRODUCT_ANNOTATION, accelerator.product)
    attributes = {
        "type": {"string": "gpu"},
        "productName": {"string": product},
        "architecture": {"string": accelerator.architecture.capitalize()},
    }
    capacity = {"memory": {"value": f"{accelerator.memory_gib}Gi"}}
    name = metadata["name"]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        # Owned by the node, so that it goes with it.
        "metadata": {
            "name": f"{name}-{DRIVER}",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": metadata.get("uid", "")}],
        },
        "spec": {
            "driver": DRIVER,
            "nodeName": name,
            "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
            "devices": [
                {"name": f"gpu-{index}", "attributes": attributes, "capacity": capacity} for index in range(count)
            ],
        },
    }


def reconcile(api: Kube, values: Values) -> None:
    """Bring classes and slices to what the values say. Writes only what differs."""
    present = {found["metadata"]["name"]: found for found in _slices(api)}
    wanted = {made["metadata"]["name"]: made for node in nodes(api) if (made := resource_slice(node, values))}
    for name in CLASSES:
        if api.get(f"{_API}/deviceclasses/{name}") is None:
            api.create(f"{_API}/deviceclasses", device_class(name))
    for name, made in wanted.items():
        if name not in present:
            api.create(f"{_API}/resourceslices", made)
        elif len(present[name]["spec"]["devices"]) != len(made["spec"]["devices"]):
            # A machine of another size came under the name of the old one.
            api.delete(f"{_API}/resourceslices/{quote(name)}")
            api.create(f"{_API}/resourceslices", made)
    for name in present.keys() - wanted.keys():
        api.delete(f"{_API}/resourceslices/{quote(name)}")


def withdraw(api: Kube) -> None:
    """Take slices and classes away again."""
    for found in _slices(api):
        api.delete(f"{_API}/resourceslices/{quote(found['metadata']['name'])}")
    for name in CLASSES:
        api.delete(f"{_API}/deviceclasses/{name}")


def _slices(api: Kube) -> Iterator[JsonObject]:
    yield from (found for found in api.items(f"{_API}/resourceslices") if found["spec"]["driver"] == DRIVER)


DRA_DRIVER = SimulatedController(chart="dra-driver-nvidia-gpu", reconcile=reconcile, withdraw=withdraw)
"""GPUs that pods claim, without GPUs."""
