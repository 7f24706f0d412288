"""How clients sign in to each Kafka: what their configuration, their pods, KEDA and the network are told."""

from components.eventing import router_objects as objects
from components.eventing.kafka_names import ROUTER_SECRET
from components.eventing.logins import STRIMZI, GoogleLogin, IamLogin
from components.eventing.network import allow_kafka
from components.eventing.router_kafka import client

IAM = IamLogin(bootstrap="b-1.acme:9098,b-2.acme:9098", region="eu-central-1", network="10.20.0.0/16")
GOOGLE = GoogleLogin(bootstrap="bootstrap.acme:9192", network="10.0.0.0/16")


def test_a_client_with_a_certificate_shows_it() -> None:
    assert client(STRIMZI.broker("/c")) == {
        "seed_brokers": ["multimodal-kafka-bootstrap.kafka.svc:9093"],
        "client_id": "router",
        "tls": {
            "enabled": True,
            "root_cas_file": "/c/ca.crt",
            "client_certs": [{"cert_file": "/c/tls.crt", "key_file": "/c/tls.key"}],
        },
    }


def test_a_client_by_iam_signs_in_with_its_pods_identity_and_has_no_key() -> None:
    assert client(IAM.broker("/c")) == {
        "seed_brokers": ["${KAFKA_BOOTSTRAP}"],
        "client_id": "router",
        "tls": {"enabled": True},
        "sasl": [{"mechanism": "AWS_MSK_IAM", "aws": {"region": "eu-central-1"}}],
    }


def test_a_client_of_googles_shows_a_certificate_and_believes_public_authorities() -> None:
    assert client(GOOGLE.broker("/c")) == {
        "seed_brokers": ["${KAFKA_BOOTSTRAP}"],
        "client_id": "router",
        "tls": {"enabled": True, "client_certs": [{"cert_file": "/c/tls.crt", "key_file": "/c/tls.key"}]},
    }


def test_a_router_of_googles_mounts_its_certificate_and_is_told_where_to_begin() -> None:
    made = objects.deployment("vision", GOOGLE, image="i", replicas=1, memory_mib=512, config="c", streams=["s"])
    pod = made["spec"]["template"]["spec"]
    assert "serviceAccountName" not in pod
    assert {"name": "certificates", "secret": {"secretName": ROUTER_SECRET, "defaultMode": 0o440}} in pod["volumes"]
    (container,) = pod["containers"]
    assert {"name": "KAFKA_BOOTSTRAP", "value": "bootstrap.acme:9192"} in container["env"]
    assert "certificates" in {mount["name"] for mount in container["volumeMounts"]}


def test_keda_asks_google_as_the_router_and_believes_public_authorities() -> None:
    assert objects.authentication("vision", GOOGLE)["spec"]["secretTargetRef"] == [
        {"parameter": "cert", "name": ROUTER_SECRET, "key": "tls.crt"},
        {"parameter": "key", "name": ROUTER_SECRET, "key": "tls.key"},
    ]


def test_the_network_is_open_to_googles_brokers_alone() -> None:
    assert allow_kafka(GOOGLE)["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 9192}]}
    ]


def test_routers_and_replays_by_iam_have_an_account_and_mount_no_certificate() -> None:
    router = objects.deployment("vision", IAM, image="i", replicas=1, memory_mib=512, config="c", streams=["s"])
    replay = objects.replay_job("vision", IAM, image="i", config="c")
    for pod in (
        router["spec"]["template"]["spec"],
        replay["spec"]["jobTemplate"]["spec"]["template"]["spec"],
    ):
        assert pod["serviceAccountName"] == "kafka-router"
        assert "certificates" not in {volume["name"] for volume in pod["volumes"]}
        (container,) = pod["containers"]
        assert {"name": "KAFKA_BOOTSTRAP", "value": "b-1.acme:9098,b-2.acme:9098"} in container["env"]
        assert "certificates" not in {mount["name"] for mount in container["volumeMounts"]}


def test_the_clusters_own_accounts_are_left_alone_where_certificates_say_who_is_who() -> None:
    made = objects.deployment("vision", STRIMZI, image="i", replicas=1, memory_mib=512, config="c", streams=["s"])
    pod = made["spec"]["template"]["spec"]
    assert "serviceAccountName" not in pod
    assert {"name": "certificates", "secret": {"secretName": ROUTER_SECRET, "defaultMode": 0o440}} in pod["volumes"]


def test_keda_asks_by_its_own_identity() -> None:
    assert objects.authentication("vision", IAM)["spec"] == {"podIdentity": {"provider": "aws"}}
    assert IAM.scaler() == {"sasl": "oauthbearer", "saslTokenProvider": "aws_msk_iam", "awsRegion": "eu-central-1"}


def test_the_network_is_open_to_the_brokers_and_to_the_agent_that_gives_identities() -> None:
    assert allow_kafka(IAM)["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 9098}]},
        {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"protocol": "TCP", "port": 80}]},
    ]
