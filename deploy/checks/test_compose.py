"""Would Compose take its files, and do they run nodes as the program wants them?"""

import re
import unittest

import dockerfile
import yaml
from files import DEPLOY, ROOT, Strict, load, stop_limit_s, text

FILES = {name: load(DEPLOY / name) for name in ["compose.yaml", "compose.single.yaml"]}
TOP = {"name", "services", "networks", "volumes", "configs"}
SERVICE = {
    "image", "build", "restart", "depends_on", "environment", "command", "ports", "volumes", "networks",
    "configs", "deploy", "read_only", "cap_drop", "security_opt", "ulimits", "stop_grace_period",
    "healthcheck", "shm_size",
}  # fmt: skip
HEALTHCHECK = {"test", "interval", "timeout", "retries"}
VARIABLE = re.compile(r"\$\{(\w+)(:[?-][^}]*)?\}")


def services():
    """Every service, with its name and its file's content."""
    for name, file in FILES.items():
        for service, content in file["services"].items():
            yield f"{name}: {service}", content, file


def nodes():
    """The services that run Hookwright."""
    return [(name, each, file) for name, each, file in services() if each["image"] == "hookwright"]


class Compose(unittest.TestCase):
    def test_every_field_is_one_that_compose_knows(self):
        for name, file in FILES.items():
            self.assertEqual(set(file) - TOP, set(), name)
        for name, service, _ in services():
            self.assertEqual(set(service) - SERVICE, set(), name)
            self.assertEqual(set(service.get("healthcheck", {})) - HEALTHCHECK, set(), name)

    def test_every_network_volume_config_and_service_that_is_named_is_there(self):
        for name, service, file in services():
            with self.subTest(name):
                self.assertLessEqual(set(service.get("networks", [])), set(file.get("networks", {})))
                self.assertLessEqual(set(service.get("depends_on", [])), set(file["services"]))
                configs = {each["source"] for each in service.get("configs", [])}
                self.assertLessEqual(configs, set(file.get("configs", {})))
                volumes = {each.split(":")[0] for each in service.get("volumes", [])}
                self.assertLessEqual(volumes, set(file.get("volumes", {})))
        for file in FILES.values():
            for config in file.get("configs", {}).values():
                self.assertTrue((DEPLOY / config["file"]).is_file())

    def test_nobody_waits_for_the_health_of_what_has_no_check(self):
        for name, service, file in services():
            needs = service.get("depends_on", {})
            for other in needs if isinstance(needs, dict) else []:
                if needs[other]["condition"] == "service_healthy":
                    self.assertIn("healthcheck", file["services"][other], name)

    def test_the_image_is_built_from_the_dockerfile_at_the_root(self):
        for name, service, _ in nodes():
            context = (DEPLOY / service["build"]["context"]).resolve()
            self.assertEqual(context, ROOT, name)
            self.assertTrue((context / service["build"]["dockerfile"]).is_file(), name)

    def test_every_variable_that_must_be_set_is_in_the_example(self):
        example = set(re.findall(r"^(\w+)=", text("deploy/env.example"), re.MULTILINE))
        for name in FILES:
            wanted = {variable for variable, _ in VARIABLE.findall(text(f"deploy/{name}"))}
            self.assertLessEqual(wanted, example, name)
        for name, service, _ in nodes():
            taken = {key for key, value in service["environment"].items() if value is None}
            self.assertLessEqual(taken, example, name)

    def test_a_secret_has_no_default(self):
        for name in FILES:
            for variable, rest in VARIABLE.findall(text(f"deploy/{name}")):
                if re.search("KEY|PASSWORD", variable):
                    self.assertTrue(rest.startswith(":?"), f"{name}: {variable}")

    def test_ports_are_the_images_and_open_to_this_machine_alone(self):
        exposed = dockerfile.one_of("final", "EXPOSE")
        published = [port for _, service, _ in services() for port in service.get("ports", [])]
        self.assertEqual(len(published), len(FILES))
        for port in published:
            self.assertTrue(port.startswith("127.0.0.1:"), port)
            self.assertTrue(port.endswith(f":{exposed}"), port)

    def test_nodes_may_stop_in_their_own_time(self):
        for name, service, _ in nodes():
            self.assertGreater(int(service["stop_grace_period"].removesuffix("s")), stop_limit_s(), name)

    def test_nodes_have_no_rights_and_only_their_data_folder_to_write_to(self):
        for name, service, _ in nodes():
            with self.subTest(name):
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])
                targets = {each.split(":")[1] for each in service.get("volumes", [])}
                self.assertLessEqual(targets, {dockerfile.one_of("final", "WORKDIR")})

    def test_the_database_is_the_one_that_the_nodes_are_told_of(self):
        file = FILES["compose.yaml"]
        own = file["services"]["postgres"]["environment"]
        url = file["services"]["node"]["environment"]["HOOKWRIGHT_DATABASE_URL"]
        user, password, host, database = re.fullmatch(
            r"postgres://(\w+):(\$\{.+?\})@(\w+):5432/(\w+)", url
        ).groups()
        self.assertEqual(own["POSTGRES_USER"], user)
        self.assertEqual(own["POSTGRES_PASSWORD"], password)
        self.assertEqual(own["POSTGRES_DB"], database)
        self.assertIn(host, file["services"])
        self.assertIs(file["networks"]["database"]["internal"], True)

    def test_a_key_that_is_given_twice_is_a_fault(self):
        with self.assertRaises(yaml.YAMLError):
            yaml.load("a: 1\na: 2\n", Strict)


if __name__ == "__main__":
    unittest.main()
