"""Does the balancer ask the nodes that Compose starts, where they answer?"""

import re
import unittest

import dockerfile
import program
from files import DEPLOY, load, number, text

SECTIONS = ["global", "defaults", "resolvers", "frontend", "backend"]


def sections():
    """The lines of each section, comments left out."""
    found, current = {}, None
    for line in text("deploy/haproxy.cfg").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            current = found.setdefault(line, [])
        else:
            current.append(line.strip())
    return found


def line_of(section, start):
    """The only line of a section that begins so."""
    (name,) = [name for name in sections() if name.split()[0] == section]
    (line,) = [line for line in sections()[name] if line.startswith(start)]
    return line


class Balancer(unittest.TestCase):
    def test_every_section_is_one_that_it_knows(self):
        self.assertEqual([name.split()[0] for name in sections()], SECTIONS)

    def test_it_balances_the_service_of_nodes_on_their_port(self):
        _, _, room, address, *_ = line_of("backend", "server-template").split()
        host, port = address.split(":")
        node = load(DEPLOY / "compose.yaml")["services"][host]
        self.assertEqual(node["image"], "hookwright")
        self.assertEqual(port, dockerfile.one_of("final", "EXPOSE"))
        self.assertGreaterEqual(int(room), node["deploy"]["replicas"])

    def test_it_listens_where_compose_publishes(self):
        port = line_of("frontend", "bind").split(":")[1]
        (published,) = load(DEPLOY / "compose.yaml")["services"]["balancer"]["ports"]
        self.assertTrue(published.endswith(f":{port}"))

    def test_it_and_the_nodes_share_a_network(self):
        services = load(DEPLOY / "compose.yaml")["services"]
        self.assertTrue(set(services["node"]["networks"]) & set(services["balancer"]["networks"]))
        self.assertFalse(set(services["postgres"]["networks"]) & set(services["balancer"]["networks"]))

    def test_it_asks_whether_a_node_is_ready(self):
        _, _, method, path = line_of("backend", "option httpchk").split()
        self.assertEqual(method, "GET")
        self.assertEqual(path, "/readyz")
        self.assertIn(path, program.health_paths())

    def test_the_names_that_it_uses_are_defined(self):
        names = {tuple(name.split()) for name in sections() if len(name.split()) == 2}
        backend = line_of("frontend", "default_backend").split()[1]
        resolver = re.search(r"resolvers (\w+)", line_of("backend", "server-template"))[1]
        self.assertIn(("backend", backend), names)
        self.assertIn(("resolvers", resolver), names)

    def test_a_node_closes_an_idle_connection_before_it_does(self):
        idle_s = number("web/src/serve.rs", r"HEADER_TIMEOUT: Duration = Duration::from_secs\((\d+)\)")
        for side in ["client", "server"]:
            limit_s = int(line_of("defaults", f"timeout {side} ").split()[2].removesuffix("s"))
            self.assertGreater(limit_s, idle_s)


if __name__ == "__main__":
    unittest.main()
