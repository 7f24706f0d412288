"""What keeps weights on nodes' disks, against KServe's own kinds."""

import pytest

from components.serving.local_cache import cache_name, cache_spec, node_group_spec
from rehearsal import upstream_crds
from rehearsal.kube import Kube, KubeError, object_path
from tests.rehearsal.cluster import Namespace, apply_crds, eventually

pytestmark = pytest.mark.control_plane

SOURCE = "s3://models/vision/chat/3"
API = "serving.kserve.io/v1alpha1"


def test_a_pools_group_and_a_models_cache_are_accepted_and_weights_cannot_change(
    api: Kube, namespace: Namespace
) -> None:
    definitions = upstream_crds.crds("kserve-localmodel-crd")
    assert definitions is not None
    apply_crds(api, definitions.documents)
    group = {
        "apiVersion": API,
        "kind": "LocalModelNodeGroup",
        "metadata": {"name": "h100"},
        "spec": node_group_spec("h100", 500),
    }
    place = {"name": cache_name("chat", SOURCE), "namespace": namespace.name}
    cache = {
        "apiVersion": API,
        "kind": "LocalModelNamespaceCache",
        "metadata": place,
        "spec": cache_spec(SOURCE, "h100", 40),
    }
    kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for plural, body in (("localmodelnodegroups", group), ("localmodelnamespacecaches", cache)):
        path = f"{kinds}/{plural}.serving.kserve.io"
        eventually(lambda at=path: "'Established'" in str(api.get(at)), f"the kind {body['kind']}", seconds=60)
        api.apply(object_path(body), body, "tests")
    api.delete(object_path(group))
    if definitions.permissive:
        return  # Kinds made up here, where there is no upstream data, keep nobody from anything.
    changed = {**cache, "spec": cache_spec("s3://models/vision/chat/4", "h100", 40)}
    with pytest.raises(KubeError, match="StorageUri is immutable"):
        api.apply(object_path(changed), changed, "tests")
