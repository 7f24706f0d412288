"""A served model: InferenceService, route, canary and scaling."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.serving.local_cache import cache_name, cache_spec
from components.serving.models import canary_model, inference_service
from components.serving.routes import CANARY_SUFFIX, address, route
from components.serving.scaling import Backlog, scaled_object, scales
from components.serving.webhooks import patient
from components.settings.cache import model_pools
from components.settings.cluster import Cluster
from components.settings.ensembles import Ensemble
from components.settings.serving import Mode, ServedModel


class ModelArgs(TypedDict):
    """What a model is made of."""

    tenant: str
    """Its tenant: namespace and queue."""

    model: str
    """Its name within the tenant."""

    settings: dict[str, Any]
    """Its settings as they stand in the stack file."""

    domain: str
    """Domain of the models' addresses."""

    prometheus: str | None
    """Where signals are read; None where nothing scales by one."""

    backlogs: list[Backlog]
    """What waits for it in topics."""

    account: str | None
    """Service account whose cloud identity reads the weights; None: nobody's."""

    pod_labels: dict[str, str]
    """Labels by which the cloud knows pods of that account."""


class Model(pulumi.ComponentResource):
    """One model behind one address. Does not wait until it serves: weights load for minutes, GPUs may have to come."""

    address: str
    """Host name under which it answers."""

    def __init__(
        self,
        name: str,
        args: ModelArgs,
        cluster: Cluster,
        locate: Callable[[str], pulumi.Input[str]] = str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`cluster` says where pods may run, `locate` where a source of the stack file is."""
        super().__init__("multimodal:index:Model", name, dict(args), opts)
        tenant, key = args["tenant"], args["model"]
        model = ServedModel.model_validate(args["settings"])
        child = pulumi.ResourceOptions(parent=self)
        if model.canary is not None and model.mode is Mode.STANDARD:
            version = f"{key}{CANARY_SUFFIX}"
            other = canary_model(model, model.canary)
            _service(f"{name}{CANARY_SUFFIX}", args, version, other, cluster, locate, child)
        cached = self._cache(name, args, model, cluster, locate)
        serve(name, args, model, cluster, locate, pulumi.ResourceOptions.merge(child, cached))
        self.address = address(tenant, key, args["domain"])
        self.register_outputs({"address": self.address})

    def _cache(
        self,
        name: str,
        args: ModelArgs,
        model: ServedModel,
        cluster: Cluster,
        locate: Callable[[str], pulumi.Input[str]],
    ) -> pulumi.ResourceOptions:
        """What keeps its weights on nodes' disks, before the model: KServe looks for it when it sees the model."""
        if model.cache_gib is None:
            return pulumi.ResourceOptions()
        pool = model_pools(cluster, model)[0]
        made = kubernetes.apiextensions.CustomResource(
            f"{name}-cache",
            api_version="serving.kserve.io/v1alpha1",
            kind="LocalModelNamespaceCache",
            metadata={
                "name": cache_name(args["model"], model.source),
                "namespace": args["tenant"],
                "labels": tenant_labels(args["tenant"]),
            },
            spec=cache_spec(locate(model.source), pool, model.cache_gib),
            opts=pulumi.ResourceOptions(
                parent=self, replace_on_changes=["metadata.name"], hooks=patient(f"{name}-cache-webhook")
            ),
        )
        return pulumi.ResourceOptions(depends_on=[made])


def serve(
    name: str,
    args: ModelArgs,
    model: ServedModel | Ensemble,
    cluster: Cluster,
    locate: Callable[[str], pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    files: Mapping[str, str] | None = None,
) -> None:
    """What serves a model or an ensemble, leads requests to it and scales it.

    Args:
        name: Begins the resources' names.
        args: Of the model's or the ensemble's component.
        model: Its settings.
        cluster: Where its pods may run.
        locate: Says where a source of the stack file is.
        opts: The component as parent.
        files: Files of an ensemble's repository that are not fetched, by path.
    """
    tenant, key = args["tenant"], args["model"]
    _service(name, args, key, model, cluster, locate, opts, files)
    kubernetes.apiextensions.CustomResource(
        f"{name}-route",
        api_version="gateway.networking.k8s.io/v1",
        kind="HTTPRoute",
        opts=opts,
        **route(tenant, key, model, domain=args["domain"]),
    )
    if scales(model):
        assert args["prometheus"] is not None  # noqa: S101 - settings refuse it
        kubernetes.apiextensions.CustomResource(
            f"{name}-scaling",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            opts=opts,
            **scaled_object(tenant, key, model, prometheus=args["prometheus"], backlogs=args["backlogs"]),
        )


def _service(
    name: str,
    args: ModelArgs,
    version: str,
    model: ServedModel | Ensemble,
    cluster: Cluster,
    locate: Callable[[str], pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    files: Mapping[str, str] | None = None,
) -> None:
    kubernetes.apiextensions.CustomResource(
        f"{name}-service",
        api_version="serving.kserve.io/v1beta1",
        kind="InferenceService",
        opts=opts,
        **inference_service(
            args["tenant"],
            version,
            model,
            cluster,
            account=args["account"],
            pod_labels=args["pod_labels"],
            locate=locate,
            files=files,
            answers_to=args["model"],
        ),
    )
