"""Which fields may and must an object have? Written by hand, for the fields that our files use.

Not the whole of the Kubernetes API: a field that is right and missing here is added here, after a look at the API
reference of Kubernetes 1.30.
"""

STRING, INTEGER, BOOLEAN = str, int, bool
PORT = (str, int)


def required(shape):
    """Marks a field that must be there."""
    return ("required", shape)


LABELS = {"*": STRING}
METADATA = {"name": required(STRING), "namespace": STRING, "labels": LABELS, "annotations": LABELS}
SELECTOR = {"matchLabels": LABELS}
PROBE = {
    "httpGet": required({"path": required(STRING), "port": required(PORT)}),
    "periodSeconds": INTEGER,
    "timeoutSeconds": INTEGER,
    "failureThreshold": INTEGER,
}
RESOURCES = {"cpu": STRING, "memory": STRING}
ENV = {
    "name": required(STRING),
    "value": STRING,
    "valueFrom": {"secretKeyRef": required({"name": required(STRING), "key": required(STRING)})},
}
CONTAINER = {
    "name": required(STRING),
    "image": required(STRING),
    "args": [STRING],
    "ports": [{"name": STRING, "containerPort": required(INTEGER)}],
    "env": [ENV],
    "startupProbe": PROBE,
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "lifecycle": {"preStop": {"sleep": required({"seconds": required(INTEGER)})}},
    "resources": {"requests": RESOURCES, "limits": RESOURCES},
    "securityContext": {
        "allowPrivilegeEscalation": BOOLEAN,
        "readOnlyRootFilesystem": BOOLEAN,
        "capabilities": {"drop": [STRING]},
    },
}
POD = {
    "terminationGracePeriodSeconds": INTEGER,
    "automountServiceAccountToken": BOOLEAN,
    "enableServiceLinks": BOOLEAN,
    "dnsConfig": {"options": [{"name": required(STRING), "value": STRING}]},
    "securityContext": {
        "runAsNonRoot": BOOLEAN,
        "runAsUser": INTEGER,
        "runAsGroup": INTEGER,
        "seccompProfile": {"type": required(STRING)},
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": required(INTEGER),
            "topologyKey": required(STRING),
            "whenUnsatisfiable": required(STRING),
            "labelSelector": SELECTOR,
        }
    ],
    "containers": required([CONTAINER]),
}
PEER = {
    "namespaceSelector": SELECTOR,
    "podSelector": SELECTOR,
    "ipBlock": {"cidr": required(STRING), "except": [STRING]},
}
POLICY_PORTS = [{"port": PORT, "protocol": STRING}]
KINDS = {
    ("apps/v1", "Deployment"): {
        "spec": required(
            {
                "replicas": INTEGER,
                "strategy": {
                    "type": STRING,
                    "rollingUpdate": {"maxSurge": PORT, "maxUnavailable": PORT},
                },
                "selector": required(SELECTOR),
                "template": required(
                    {
                        "metadata": required({"labels": required(LABELS), "annotations": LABELS}),
                        "spec": required(POD),
                    }
                ),
            }
        )
    },
    ("v1", "Service"): {
        "spec": required(
            {
                "type": STRING,
                "selector": LABELS,
                "ports": required(
                    [{"name": STRING, "port": required(INTEGER), "targetPort": PORT}]
                ),
            }
        )
    },
    ("v1", "Secret"): {"type": STRING, "stringData": LABELS},
    ("policy/v1", "PodDisruptionBudget"): {
        "spec": required(
            {
                "maxUnavailable": PORT,
                "minAvailable": PORT,
                "unhealthyPodEvictionPolicy": STRING,
                "selector": required(SELECTOR),
            }
        )
    },
    ("networking.k8s.io/v1", "NetworkPolicy"): {
        "spec": required(
            {
                "podSelector": required(SELECTOR),
                "policyTypes": [STRING],
                "ingress": [{"from": [PEER], "ports": POLICY_PORTS}],
                "egress": [{"to": [PEER], "ports": POLICY_PORTS}],
            }
        )
    },
}


def faults(value, shape, place=""):
    """Every way in which a value is not of a shape, with its place."""
    if isinstance(shape, dict):
        return _object_faults(value, shape, place)
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{place}: not a list with something in it"]
        return [
            fault
            for index, each in enumerate(value)
            for fault in faults(each, shape[0], f"{place}[{index}]")
        ]
    # In Python a boolean is an integer; in the API it is not.
    if not isinstance(value, shape) or (isinstance(value, bool) and shape is not BOOLEAN):
        return [f"{place}: {value!r} is of the wrong type"]
    return []


def _object_faults(value, shape, place):
    if not isinstance(value, dict):
        return [f"{place}: not an object"]
    found = []
    for name, inner in shape.items():
        must = isinstance(inner, tuple) and inner[0] == "required"
        if must and name not in value:
            found.append(f"{place}.{name}: missing")
    for name, each in value.items():
        inner = shape.get(name, shape.get("*"))
        if inner is None:
            found.append(f"{place}.{name}: no such field")
            continue
        if isinstance(inner, tuple) and inner[0] == "required":
            inner = inner[1]
        found.extend(faults(each, inner, f"{place}.{name}"))
    return found


def object_faults(thing):
    """Every fault of a whole object, by its kind's shape."""
    kind = (thing.get("apiVersion"), thing.get("kind"))
    if kind not in KINDS:
        return [f"{kind}: no such kind in this version"]
    whole = {
        "apiVersion": required(STRING),
        "kind": required(STRING),
        "metadata": required(METADATA),
        **KINDS[kind],
    }
    return faults(thing, whole, kind[1])
