"""What a model in knative mode becomes."""

from typing import Any

import pulumi
import pytest

from components.serving.model import Model, ModelArgs
from components.serving.models import inference_service, scales
from components.serving.network import allow_knative
from components.serving.routes import route
from components.settings import Settings
from components.settings.serving import ServedModel
from tests.components.recorder import build
from tests.rehearsal.bad_knative import knative
from tests.rehearsal.bad_serving import LLM
from tests.stack_files import settings

CANARY = {"source": "s3://acme-models/chat/4", "percent": 10}


def model(**changes: Any) -> ServedModel:
    return ServedModel.model_validate({**LLM, "mode": "knative", "surge": 1, **changes})


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**knative())


def service(stack: Settings, **changes: Any) -> dict[str, Any]:
    return inference_service("vision", "chat", model(**changes), stack.cluster, account="workloads")


def test_kserve_is_told_the_mode_and_leaves_scaling_to_knative(stack: Settings) -> None:
    made = service(stack, replicas={"min": 0, "max": 3}, scaling={"target": 4, "cooldownSeconds": 300})
    assert made["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Knative"}
    predictor = made["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (0, 3)
    assert (predictor["scaleMetric"], predictor["scaleTarget"]) == ("concurrency", 4)
    assert predictor["annotations"]["autoscaling.knative.dev/scale-down-delay"] == "300s"
    assert not scales(model(replicas={"min": 0, "max": 3}))


def test_a_slow_start_on_a_node_that_has_to_come_first_is_no_failure(stack: Settings) -> None:
    annotations = service(stack)["spec"]["predictor"]["annotations"]
    assert annotations["serving.knative.dev/progress-deadline"] == "7200s"


def test_nothing_that_knative_refuses_is_asked_for(stack: Settings) -> None:
    predictor = service(stack)["spec"]["predictor"]
    assert not {"deploymentStrategy", "terminationGracePeriodSeconds"} & set(predictor)
    assert predictor["model"]["runtime"] == "multimodal-vllm-knative"


def test_a_model_is_in_its_tenants_queue_and_on_its_slice_in_either_mode(stack: Settings) -> None:
    predictor = service(stack)["spec"]["predictor"]
    plain = inference_service("vision", "chat", model(mode="standard"), stack.cluster, account="workloads")
    standard = plain["spec"]["predictor"]
    for part in ("schedulerName", "priorityClassName", "affinity", "tolerations", "serviceAccountName", "labels"):
        assert predictor[part] == standard[part]
    assert predictor["annotations"]["scheduling.volcano.sh/queue-name"] == "vision"


def test_the_address_stays_and_leads_to_knatives_ingress_under_the_name_that_it_knows() -> None:
    made = route("vision", "chat", model(), domain="models.internal")["spec"]
    assert made["hostnames"] == ["chat-vision.models.internal"]
    assert made["rules"] == [
        {
            "filters": [
                {"type": "URLRewrite", "urlRewrite": {"hostname": "chat-predictor.vision.svc.cluster.local"}},
            ],
            "backendRefs": [{"name": "kourier-internal", "namespace": "knative-serving", "port": 80}],
            "timeouts": {"request": "900s"},
        }
    ]


def test_a_request_may_take_as_long_in_knative_as_on_the_way_to_it(stack: Settings) -> None:
    rule = route("vision", "chat", model(), domain="models.internal")["spec"]["rules"][0]
    assert rule["timeouts"]["request"] == f"{service(stack)['spec']['predictor']['timeout']}s"


def test_a_canary_is_the_newest_version_with_its_share_of_the_requests(stack: Settings) -> None:
    predictor = service(stack, canary=CANARY)["spec"]["predictor"]
    assert predictor["model"]["storageUri"] == "s3://acme-models/chat/4"
    assert predictor["canaryTrafficPercent"] == 10
    assert "canaryTrafficPercent" not in service(stack)["spec"]["predictor"]


def test_a_canary_is_no_service_of_its_own_and_nothing_else_scales_it(stack: Settings) -> None:
    chosen = model(canary=CANARY, replicas={"min": 0, "max": 2})
    args: ModelArgs = {
        "tenant": "vision",
        "model": "chat",
        "settings": chosen.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "domain": "models.internal",
        "prometheus": None,
        "backlogs": [],
        "account": None,
        "pod_labels": {},
    }
    opts = pulumi.ResourceOptions()
    graph = build({}, lambda: Model("m", args, stack.cluster, str, opts), read_outputs=())
    assert sorted(resource.name for resource in graph.resources) == ["m", "m-route", "m-service"]


def test_only_knative_reaches_the_pods_of_knative_services() -> None:
    policy = allow_knative()
    assert policy["podSelector"] == {
        "matchExpressions": [{"key": "serving.knative.dev/revision", "operator": "Exists"}]
    }
    (rule,) = policy["ingress"]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "knative-serving"}
