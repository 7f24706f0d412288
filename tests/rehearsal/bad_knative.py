"""Mistakes in Knative and in models in knative mode: part of the table of bad input."""

from typing import Any

from tests.rehearsal.bad_serving import MODEL, serving

WORDS = f"ghcr.io/acme/words@sha256:{'a' * 64}"
GRAPH = {"nodes": {"root": {"kind": "sequence", "steps": [{"to": "chat"}]}}}


def knative(model: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack with Knative and one model on it, changed."""
    return serving({"mode": "knative", "surge": 1, **(model or {})}, knative={}, **sections)


def by_default(model: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A stack whose models are in knative mode unless they say otherwise, with one that does not, changed."""
    return serving({"surge": 1, **(model or {})}, **{"knative": {}, "serving": {"mode": "knative"}, **sections})


def with_graph() -> dict[str, Any]:
    """The same, with a graph that asks the model."""
    made = knative()
    made["tenants"]["vision"]["graphs"] = {"talk": GRAPH}
    return made


def with_flow() -> dict[str, Any]:
    """The same, with a flow that asks the model."""
    made = knative(events={})
    made["tenants"]["vision"]["flows"] = {"ask": {"steps": {"answer": {"model": "chat"}}}}
    return made


KNATIVE_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "knative mode without Knative",
        serving({"mode": "knative", "surge": 1}),
        f'{MODEL}.mode = "knative": Knative is not in this stack; add multimodal:knative: {{}}, or leave mode out',
    ),
    (
        "knative mode of all models without Knative",
        serving({"surge": 1}, serving={"mode": "knative"}),
        'multimodal:serving.mode = "knative": Knative is not in this stack; add multimodal:knative: {}, or leave mode'
        " out",
    ),
    (
        "GPU model in the mode of all that allows for no second version",
        by_default({"surge": 0}),
        f"{MODEL}.surge = 0: in knative mode a new version comes up beside the old one, on GPUs of its own; set surge"
        " to 1, for which the quota has to have room, or use mode: standard",
    ),
    (
        "transformer in the mode of all",
        by_default({"transformer": {"image": WORDS}}),
        "Knative sends requests to one container of a pod, and a model in knative mode is that; use mode: standard, or"
        " leave the transformer out",
    ),
    (
        "unknown mode of all models",
        serving(serving={"mode": "raw"}),
        'multimodal:serving.mode = "raw": allowed: standard, knative',
    ),
    (
        "unknown mode",
        serving({"mode": "serverless"}),
        f'{MODEL}.mode = "serverless": allowed: standard, knative',
    ),
    (
        "GPU model on Knative that allows for no second version",
        knative({"surge": 0, "replicas": {"min": 2}}),
        f"{MODEL}.surge = 0: in knative mode a new version comes up beside the old one, on GPUs of its own; set surge"
        " to 2, for which the quota has to have room, or use mode: standard",
    ),
    (
        "second version that the quota cannot hold",
        knative({"surge": 2, "replicas": {"min": 2, "max": 3}}),
        f"{MODEL}.replicas = 5: needs 5 slices 3g.40gb at its largest, surge and canary included; the tenant's quota"
        " has 4",
    ),
    (
        "server's own signal on Knative",
        knative({"replicas": {"max": 2}, "scaling": {"signal": "waiting-requests"}}),
        f'{MODEL}.scaling.signal = "waiting-requests": in knative mode a model scales by the requests that a replica'
        " answers at once; choose concurrency",
    ),
    (
        "requests at once without Knative",
        serving({"replicas": {"max": 2}, "scaling": {"signal": "concurrency"}}),
        f'{MODEL}.scaling.signal = "concurrency": it is counted in knative mode only; choose waiting-requests, or add'
        " mode: knative",
    ),
    (
        "canary with replicas of its own on Knative",
        knative({"canary": {"source": "s3://acme-models/chat/4", "percent": 10, "replicas": 2}}),
        f"{MODEL}.canary.replicas = 2: in knative mode a canary scales within the model's own replicas; leave it out",
    ),
    (
        "transformer on Knative",
        knative({"transformer": {"image": WORDS}}),
        "Knative sends requests to one container of a pod, and a model in knative mode is that; use mode: standard, or"
        " leave the transformer out",
    ),
    (
        "graph to a model on Knative",
        with_graph(),
        'multimodal:tenants.vision.graphs.talk.nodes.root.steps[0].to = "chat": is in knative mode, where requests come'
        " through an ingress that tenants' pods do not reach; use a model in standard mode",
    ),
    (
        "step of a flow on Knative",
        with_flow(),
        'multimodal:tenants.vision.flows.ask.steps.answer.model = "chat": is in knative mode, where requests come'
        " through an ingress that tenants' pods do not reach; use a model in standard mode",
    ),
    (
        "Knative on a Kubernetes that it does not start on",
        {"knative": {}, "versions": {"kubernetes": "1.33"}},
        "Knative (operator; Serving 1.22.1, Eventing 1.22.2) works with Kubernetes 1.34 to 1.35, not 1.33",
    ),
    (
        "unknown key of Knative",
        {"knative": {"ingress": "istio"}},
        "multimodal:knative.ingress",
    ),
    (
        "ConfigMap by its whole name",
        {"knative": {"config": {"config_autoscaler": {"stable-window": "120s"}}}},
        "multimodal:knative.config",
    ),
    (
        "brokers on Amazon MSK",
        {"events": {"provider": "msk", "brokers": 2}, "knative": {"eventing": {"kafka": {"partitions": 3}}}},
        'multimodal:knative.eventing.kafka = {"partitions": 3}: Knative\'s brokers show Kafka a certificate, and Amazon'
        " MSK asks for IAM here; use strimzi, name another Kafka in bootstrap, or leave it out for brokers in memory",
    ),
    (
        "brokers on Google's Kafka",
        {
            "cluster": {
                "provider": "gke",
                "project": "acme-multimodal",
                "region": "us-central1",
                "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
            },
            "events": {"provider": "google-managed-kafka"},
            "knative": {"eventing": {"kafka": {"partitions": 3}}},
        },
        'multimodal:knative.eventing.kafka = {"partitions": 3}: Knative\'s brokers make topics by themselves, and'
        " nobody may on Google's Managed Kafka here; use strimzi, name another Kafka in bootstrap, or leave it out for"
        " brokers in memory",
    ),
    (
        "brokers on a Kafka that is not there",
        {"knative": {"eventing": {"kafka": {"partitions": 3}}}},
        'multimodal:knative.eventing.kafka = {"partitions": 3}: there is no Kafka in this stack; add multimodal:events:'
        " {}, name one of yours in bootstrap, or leave it out for brokers in memory",
    ),
    (
        "brokers on a Kafka of one's own without its secret",
        {"knative": {"eventing": {"kafka": {"bootstrap": "kafka.example.com:9093"}}}},
        "multimodal:knative.eventing.kafka.secret: missing; name the Secret in knative-eventing with a certificate for"
        " kafka.example.com:9093, or leave bootstrap out for the platform's own Kafka",
    ),
    (
        "secret for the platform's own Kafka",
        {"events": {}, "knative": {"eventing": {"kafka": {"secret": "mine"}}}},
        'multimodal:knative.eventing.kafka.secret = "mine": it is for a Kafka of yours; name that one in bootstrap, or'
        " leave secret out: the platform makes the one for its own",
    ),
    (
        "size of a Kafka of one's own",
        {"knative": {"eventing": {"kafka": {"bootstrap": "k.example.com:9093", "secret": "mine", "kibPerSecond": 8}}}},
        "multimodal:knative.eventing.kafka.kibPerSecond = 8.0: k.example.com:9093 is sized elsewhere; leave it out, or"
        " leave bootstrap out for the platform's own Kafka",
    ),
    (
        "brokers that Kafka's volumes cannot hold",
        {"events": {}, "knative": {"eventing": {"kafka": {"kibPerSecond": 1024}}}},
        "or lower knative.eventing.kafka.kibPerSecond (169 GiB)",
    ),
    (
        "tenant called as a namespace of Knative's",
        {"tenants": {"knative-serving": {"quota": {"gpus": 1}}}},
        "multimodal:tenants.knative-serving: this namespace belongs to the platform; choose another name",
    ),
]
