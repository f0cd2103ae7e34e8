"""Is every setting, flag and path that a file names one of the program's?"""

import re
import unittest

import dockerfile
import program
from files import DEPLOY, ROOT, load, manifests

# Files that speak of the program's settings.
TEXTS = sorted(
    path
    for path in [*DEPLOY.rglob("*"), ROOT / "docs" / "scaling.md"]
    if path.is_file() and "checks" not in path.relative_to(ROOT).parts
)


def named(pattern):
    """Every match in every file, with the file's name."""
    for path in TEXTS:
        for word in re.findall(pattern, path.read_text(encoding="utf-8")):
            yield path.name, word


class Settings(unittest.TestCase):
    def test_the_program_reads_every_variable_that_is_named(self):
        words = list(named(r"\bHOOKWRIGHT_[A-Z_]+"))
        self.assertGreater(len(words), 10)
        for file, word in words:
            with self.subTest(file=file):
                self.assertIn(word, program.variables())

    def test_the_program_has_every_flag_that_is_named_as_its_own(self):
        for file, words in named(r"\bhookwright serve((?: --[a-z-]+)+)"):
            for word in words.split():
                with self.subTest(file=file):
                    self.assertIn(word, program.flags())

    def test_what_containers_start_is_a_command(self):
        (container,) = manifests()["Deployment"]["spec"]["template"]["spec"]["containers"]
        self.assertEqual(set(container["args"]) - program.commands(), set())
        self.assertIn(dockerfile.one_of("final", "CMD"), [f'["{each}"]' for each in program.commands()])

    def test_every_health_path_that_is_named_is_answered(self):
        words = list(named(r"(?<![\w/.:-])/(?:health|ready|metrics|live)\w*"))
        self.assertGreater(len(words), 5)
        for file, word in words:
            with self.subTest(file=file):
                self.assertIn(word, program.health_paths())

    def test_no_key_is_given_on_a_command_line(self):
        for file, word in named(r"--(?:root|master)-key|--database-url"):
            self.fail(f"{file}: {word} would be seen by everybody on the machine")

    def test_no_file_turns_development_mode_on(self):
        for file, word in named(r"serve[^\n]*--dev"):
            self.fail(f"{file}: {word}")

    def test_the_examples_hold_no_secret(self):
        for line in (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines():
            if re.match(r"\w*(?:KEY|PASSWORD)\w*=", line):
                self.assertTrue(line.endswith("="), line)
        secret = load(DEPLOY / "kubernetes" / "secret.yaml.example")["stringData"]
        self.assertEqual([secret["root-key"], secret["master-key"]], ["", ""])
        self.assertIn(":PASSWORD@", secret["database-url"])


if __name__ == "__main__":
    unittest.main()
