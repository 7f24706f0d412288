"""Names of Knative's parts that others refer to."""

OPERATOR_NAMESPACE = "knative-operator"
SERVING_NAMESPACE = "knative-serving"
EVENTING_NAMESPACE = "knative-eventing"

BROKERS_USER = f"{EVENTING_NAMESPACE}.brokers"
"""Who Eventing's parts are on the platform's Kafka."""

BROKERS_SECRET = "kafka-brokers"  # noqa: S105 - a secret's name
"""Secret in Eventing's namespace with that user's certificate, under cert-manager's keys and under Knative's."""

BROKERS_PREFIX = f"{EVENTING_NAMESPACE}."
"""How names of brokers' topics and of triggers' groups on Kafka begin; no tenant may have the namespace's name."""

INTERNAL_INGRESS = "kourier-internal"
"""Service of the ingress through which requests reach Knative Services from within the cluster."""
