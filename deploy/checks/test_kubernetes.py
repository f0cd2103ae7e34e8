"""Would Kubernetes take the manifests, and do they run nodes as the program wants them?"""

import ipaddress
import re
import unittest

import dockerfile
from files import MANIFESTS, load, manifests, stop_limit_s, text
from schema import object_faults

LABEL = {"app.kubernetes.io/name": "hookwright"}


def pod():
    return manifests()["Deployment"]["spec"]["template"]["spec"]


def container():
    (only,) = pod()["containers"]
    return only


def networks_never_dialled():
    """The ranges of core/src/address.rs, in the order of that file."""
    source = text("core/src/address.rs")
    four = re.findall(r"    net4\(\[([\d, ]+)\], (\d+)\)", source)
    six = re.findall(r"    net6\(\[(\w+), (\w+), (\w+)\], (\d+)\)", source)
    for octets, bits in four:
        yield ipaddress.ip_network(f"{octets.replace(', ', '.')}/{bits}")
    for *groups, bits in six:
        yield ipaddress.ip_network(f"{':'.join(f'{int(each, 0):x}' for each in groups)}::/{bits}")


class Kubernetes(unittest.TestCase):
    def test_every_field_is_one_of_the_api_and_none_is_missing(self):
        for path in MANIFESTS:
            with self.subTest(path.name):
                self.assertEqual(object_faults(load(path)), [])

    def test_a_field_that_is_missing_misspelt_or_of_another_type_is_found(self):
        for spoil in [
            lambda thing: thing["spec"].pop("selector"),
            lambda thing: thing["spec"].update(replica=3),
            lambda thing: thing["spec"].update(replicas=True),
            lambda thing: thing["spec"]["template"]["spec"].update(containers=[]),
            lambda thing: thing.update(apiVersion="apps/v1beta1"),
        ]:
            thing = manifests()["Deployment"]
            spoil(thing)
            self.assertEqual(len(object_faults(thing)), 1)

    def test_everything_has_one_name_and_one_label(self):
        for kind, thing in manifests().items():
            self.assertEqual(thing["metadata"]["name"], "hookwright", kind)
            self.assertEqual(thing["metadata"]["labels"], LABEL, kind)

    def test_every_selector_finds_the_pods(self):
        things = manifests()
        self.assertEqual(things["Deployment"]["spec"]["template"]["metadata"]["labels"], LABEL)
        selectors = [
            things["Deployment"]["spec"]["selector"]["matchLabels"],
            things["Service"]["spec"]["selector"],
            things["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
            things["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
            *[each["labelSelector"]["matchLabels"] for each in pod()["topologySpreadConstraints"]],
        ]
        for selector in selectors:
            self.assertEqual(selector, LABEL)

    def test_the_secret_has_every_key_that_is_asked_for(self):
        secret = manifests()["Secret"]
        asked = [each["valueFrom"]["secretKeyRef"] for each in container()["env"] if "valueFrom" in each]
        self.assertEqual({each["name"] for each in asked}, {secret["metadata"]["name"]})
        self.assertEqual({each["key"] for each in asked}, set(secret["stringData"]))

    def test_ports_are_the_images(self):
        (port,) = container()["ports"]
        self.assertEqual(str(port["containerPort"]), dockerfile.one_of("final", "EXPOSE"))
        values = {each["name"]: each.get("value") for each in container()["env"]}
        self.assertEqual(values["HOOKWRIGHT_LISTEN"], f"0.0.0.0:{port['containerPort']}")
        (served,) = manifests()["Service"]["spec"]["ports"]
        self.assertEqual(served["targetPort"], port["name"])
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
            self.assertEqual(container()[probe]["httpGet"]["port"], port["name"])
        (rule,) = manifests()["NetworkPolicy"]["spec"]["ingress"]
        self.assertEqual([each["port"] for each in rule["ports"]], [port["name"]])
        notes = manifests()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
        self.assertEqual(notes["prometheus.io/port"], str(port["containerPort"]))

    def test_a_node_lives_or_dies_by_itself_and_not_by_its_database(self):
        self.assertEqual(container()["livenessProbe"]["httpGet"]["path"], "/healthz")
        self.assertEqual(container()["startupProbe"]["httpGet"]["path"], "/healthz")
        self.assertEqual(container()["readinessProbe"]["httpGet"]["path"], "/readyz")

    def test_a_node_may_stop_in_its_own_time(self):
        sleep_s = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
        readiness = container()["readinessProbe"]
        self.assertGreater(pod()["terminationGracePeriodSeconds"], stop_limit_s() + sleep_s)
        self.assertGreaterEqual(sleep_s, readiness["periodSeconds"] * readiness["failureThreshold"])

    def test_an_upgrade_and_a_drain_leave_nodes_serving(self):
        spec = manifests()["Deployment"]["spec"]
        self.assertGreaterEqual(spec["replicas"], 3)
        self.assertEqual(spec["strategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})
        self.assertEqual(manifests()["PodDisruptionBudget"]["spec"]["maxUnavailable"], 1)

    def test_pods_have_no_rights_and_the_images_user(self):
        context = pod()["securityContext"]
        user = f"{context['runAsUser']}:{context['runAsGroup']}"
        self.assertEqual(user, dockerfile.one_of("final", "USER"))
        self.assertIs(context["runAsNonRoot"], True)
        self.assertIs(pod()["automountServiceAccountToken"], False)
        own = container()["securityContext"]
        self.assertIs(own["allowPrivilegeEscalation"], False)
        self.assertIs(own["readOnlyRootFilesystem"], True)
        self.assertEqual(own["capabilities"], {"drop": ["ALL"]})

    def test_processor_time_is_not_limited_and_memory_is(self):
        self.assertEqual(set(container()["resources"]["limits"]), {"memory"})
        self.assertEqual(set(container()["resources"]["requests"]), {"cpu", "memory"})

    def test_the_image_is_of_one_version(self):
        version = re.search(r'^version = "(.+?)"', text("Cargo.toml"), re.MULTILINE)[1]
        self.assertEqual(container()["image"], f"hookwright:{version}")

    def test_customers_are_reached_where_the_program_would_dial_and_nowhere_else(self):
        rules = manifests()["NetworkPolicy"]["spec"]["egress"]
        peers = [peer["ipBlock"] for rule in rules for peer in rule.get("to", []) if "ipBlock" in peer]
        self.assertEqual([each["cidr"] for each in peers], ["0.0.0.0/0", "2000::/3"])
        closed = [ipaddress.ip_network(each) for peer in peers for each in peer["except"]]
        self.assertEqual(set(closed), set(networks_never_dialled()))
        self.assertEqual(len(closed), 24)


if __name__ == "__main__":
    unittest.main()
