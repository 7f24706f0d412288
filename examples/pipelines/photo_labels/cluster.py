"""The Kubernetes API as a step of a pipeline reaches it: by the token of its account."""

from typing import Any

from kubernetes import client, config, dynamic
from kubernetes.dynamic.exceptions import NotFoundError

from photo_labels.rollout import FIELD_MANAGER

_VERSIONS = {"InferenceService": "serving.kserve.io/v1beta1", "HTTPRoute": "gateway.networking.k8s.io/v1"}


class ClusterApi:
    """Server-side apply and reading, of the kinds that a rollout makes."""

    def __init__(self, connection: Any = None) -> None:
        """`connection`: a client of the API; None: the one that a pod is given."""
        if connection is None:
            config.load_incluster_config()
            connection = client.ApiClient()
        self._api: Any = dynamic.DynamicClient(connection)

    def _resource(self, kind: str) -> Any:
        return self._api.resources.get(api_version=_VERSIONS[kind], kind=kind)

    def exists(self, kind: str, namespace: str, name: str) -> bool:
        """Whether there is such an object."""
        try:
            self._resource(kind).get(name=name, namespace=namespace)
        except NotFoundError:
            return False
        return True

    def apply(self, body: dict[str, Any]) -> None:
        """Server-side apply. What somebody else set differently stays, and is an error: it is so on purpose."""
        self._resource(body["kind"]).server_side_apply(
            body=body,
            name=body["metadata"]["name"],
            namespace=body["metadata"]["namespace"],
            field_manager=FIELD_MANAGER,
        )
