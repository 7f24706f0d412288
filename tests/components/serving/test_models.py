"""What a model in a stack file becomes in the cluster."""

from typing import Any

import pytest

from components.serving.models import canary_model, inference_service
from components.serving.routes import route
from components.serving.scaling import query, scaled_object, scales
from components.settings import Settings
from components.settings.serving import ServedModel, Signal
from tests.rehearsal.bad_serving import LLM, serving
from tests.stack_files import settings


def model(**changes: Any) -> ServedModel:
    return ServedModel.model_validate({**LLM, **changes})


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**serving())


def predictor(stack: Settings, **changes: Any) -> dict[str, Any]:
    made = inference_service("vision", "chat", model(**changes), stack.cluster, account="workloads")
    return made["spec"]["predictor"]


def test_a_model_asks_for_its_slice_and_lands_only_where_slices_are(stack: Settings) -> None:
    made = predictor(stack)
    resources = made["model"]["resources"]
    assert resources["requests"]["nvidia.com/mig-3g.40gb"] == "1"
    assert resources["limits"]["nvidia.com/mig-3g.40gb"] == "1"
    terms = made["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "multimodal.dev/gpu-pool", "operator": "In", "values": ["h100"]}]}]
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in made["tolerations"]


def test_a_model_gets_its_fair_part_of_the_node_and_no_processor_limit(stack: Settings) -> None:
    # p5.48xlarge: 8 GPUs of five slices each; of 192 processors and 2,048 GiB pods may have 189 and 1,998.
    resources = predictor(stack)["model"]["resources"]
    assert resources["requests"]["cpu"] == "4"
    assert resources["requests"]["memory"] == resources["limits"]["memory"] == "49Gi"
    assert "cpu" not in resources["limits"]


def test_a_server_that_stops_has_time_for_the_requests_it_is_at_work_on(stack: Settings) -> None:
    assert predictor(stack)["terminationGracePeriodSeconds"] == 120


def test_what_the_stack_file_says_of_processors_and_memory_counts(stack: Settings) -> None:
    requests = predictor(stack, cpu=6, memoryGib=24)["model"]["resources"]["requests"]
    assert (requests["cpu"], requests["memory"]) == ("6", "24Gi")


def test_a_model_counts_against_its_tenants_queue_and_takes_its_place_by_priority(stack: Settings) -> None:
    made = inference_service("vision", "chat", model(priority="batch"), stack.cluster)
    assert made["spec"]["predictor"]["annotations"]["scheduling.volcano.sh/queue-name"] == "vision"
    assert made["spec"]["predictor"]["schedulerName"] == "volcano"
    assert made["spec"]["predictor"]["priorityClassName"] == "batch"


def test_a_rollout_frees_a_gpu_before_it_takes_one(stack: Settings) -> None:
    assert predictor(stack)["deploymentStrategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_a_surge_keeps_every_replica_while_a_new_one_comes(stack: Settings) -> None:
    assert predictor(stack, surge=1)["deploymentStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_weights_are_read_by_the_cloud_identity_of_the_tenants_account(stack: Settings) -> None:
    assert predictor(stack)["serviceAccountName"] == "workloads"
    made = inference_service("vision", "chat", model(), stack.cluster)
    assert "serviceAccountName" not in made["spec"]["predictor"]


def test_vllm_answers_under_the_models_name_and_splits_it_over_its_gpus(stack: Settings) -> None:
    made = predictor(stack, gpu={"count": 4})
    assert made["model"]["args"] == ["--served-model-name=chat", "--tensor-parallel-size=4"]
    assert made["model"]["runtime"] == "multimodal-vllm"
    assert made["model"]["modelFormat"] == {"name": "safetensors"}


def test_adapters_lie_beside_the_model_and_are_asked_for_by_name(stack: Settings) -> None:
    made = predictor(stack, adapters={"legal": "s3://acme-models/legal/1", "code": "s3://acme-models/code/2"})
    assert made["storageUris"] == [
        {"uri": "s3://acme-models/chat/3", "mountPath": "/mnt/models"},
        {"uri": "s3://acme-models/code/2", "mountPath": "/mnt/adapters/code"},
        {"uri": "s3://acme-models/legal/1", "mountPath": "/mnt/adapters/legal"},
    ]
    assert "storageUri" not in made["model"]
    assert made["model"]["args"][1:] == [
        *("--enable-lora", "--max-loras=2", "--lora-modules"),
        *("code=/mnt/adapters/code", "legal=/mnt/adapters/legal"),
    ]


def test_further_arguments_come_last_so_that_they_win(stack: Settings) -> None:
    assert predictor(stack, args=["--max-model-len=8192"])["model"]["args"][-1] == "--max-model-len=8192"


def test_an_encoder_without_a_gpu_runs_on_processors(stack: Settings) -> None:
    made = predictor(stack, runtime="huggingface", gpu=None)
    assert made["model"]["runtime"] == "multimodal-huggingface-cpu"
    assert "affinity" not in made
    assert made["model"]["resources"]["requests"] == {"cpu": "2", "memory": "8Gi"}


def test_a_model_has_one_address_behind_the_gateway() -> None:
    made = route("vision", "chat", model(), domain="models.acme.example")
    assert made["spec"]["hostnames"] == ["chat-vision.models.acme.example"]
    assert made["spec"]["rules"][0]["backendRefs"] == [{"name": "chat-predictor", "port": 80, "weight": 100}]


def test_a_canary_gets_its_share_of_the_requests() -> None:
    split = model(canary={"source": "s3://acme-models/chat/4", "percent": 20})
    backends = route("vision", "chat", split, domain="d")["spec"]["rules"][0]["backendRefs"]
    assert [(one["name"], one["weight"]) for one in backends] == [
        ("chat-predictor", 80),
        ("chat-canary-predictor", 20),
    ]


def test_a_canary_is_the_same_model_with_other_weights_and_a_fixed_size(stack: Settings) -> None:
    split = model(replicas={"max": 3}, canary={"source": "s3://acme-models/chat/4", "percent": 20, "replicas": 2})
    assert split.canary is not None
    canary = canary_model(split, split.canary)
    assert canary.source == "s3://acme-models/chat/4"
    assert canary.gpu == split.gpu
    assert not scales(canary)
    made = inference_service("vision", "chat-canary", canary, stack.cluster)
    assert made["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
    assert made["spec"]["predictor"]["minReplicas"] == made["spec"]["predictor"]["maxReplicas"] == 2


def test_a_model_scales_by_the_requests_that_wait_in_its_own_pods() -> None:
    made = scaled_object("vision", "chat", model(replicas={"min": 1, "max": 3}), prometheus="http://p:9090")["spec"]
    assert made["scaleTargetRef"]["name"] == "chat-predictor"
    assert (made["minReplicaCount"], made["maxReplicaCount"]) == (1, 3)
    trigger = made["triggers"][0]
    assert trigger["metadata"]["threshold"] == "4"
    assert trigger["metadata"]["query"] == 'sum(vllm:num_requests_waiting{namespace="vision",pod=~"chat-predictor-.*"})'


def test_a_canarys_requests_do_not_scale_the_model() -> None:
    import re

    pattern = re.search(r'pod=~"([^"]+)"', query("vision", "chat", Signal.WAITING_REQUESTS))
    assert pattern is not None
    assert not re.fullmatch(pattern[1], "chat-canary-predictor-5d9-x")
    assert re.fullmatch(pattern[1], "chat-predictor-5d9-x")


def test_a_signal_that_cannot_be_read_takes_no_replica_away() -> None:
    made = scaled_object("vision", "chat", model(replicas={"min": 2, "max": 3}), prometheus="http://p:9090")["spec"]
    assert made["fallback"] == {"failureThreshold": 4, "replicas": 2, "behavior": "currentReplicasIfHigher"}


def test_replicas_go_one_by_one_after_a_start_would_have_taken() -> None:
    scaling = {"cooldownSeconds": 1200}
    made = scaled_object("vision", "chat", model(replicas={"max": 3}, scaling=scaling), prometheus="http://p:9090")
    down = made["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == 1200
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_triton_scales_by_the_time_that_requests_wait() -> None:
    made = scaled_object("vision", "ocr", model(runtime="triton", replicas={"max": 3}), prometheus="http://p:9090")
    trigger = made["spec"]["triggers"][0]
    assert trigger["metadata"]["threshold"] == "50"
    assert "nv_inference_queue_duration_us" in trigger["metadata"]["query"]


def test_a_model_on_processors_may_scale_by_them() -> None:
    chosen = model(runtime="huggingface", gpu=None, replicas={"max": 3})
    made = scaled_object("vision", "embed", chosen, prometheus="http://p:9090")["spec"]
    assert made["triggers"] == [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}}]
    assert "fallback" not in made
