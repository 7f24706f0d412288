"""Names of Knative's parts that others refer to."""

OPERATOR_NAMESPACE = "knative-operator"
SERVING_NAMESPACE = "knative-serving"
EVENTING_NAMESPACE = "knative-eventing"

INTERNAL_INGRESS = "kourier-internal"
"""Service of the ingress through which requests reach Knative Services from within the cluster."""
