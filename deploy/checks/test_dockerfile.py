"""Would the image build, and is what comes out small and without rights?"""

import json
import re
import shlex
import subprocess
import unittest

import dockerfile
from files import ROOT, text


def members():
    found = re.search(r"^members = \[(.*?)\]", text("Cargo.toml"), re.MULTILINE | re.DOTALL)
    return re.findall(r'"(.+?)"', found[1])


class Dockerfile(unittest.TestCase):
    def test_everything_copied_exists_and_is_let_through(self):
        for path in dockerfile.copied_from_the_repository():
            with self.subTest(path=path):
                self.assertTrue((ROOT / path).exists())
                self.assertTrue(dockerfile.let_through(path))

    def test_every_crate_of_the_workspace_is_copied(self):
        copied = set(dockerfile.copied_from_the_repository())
        self.assertEqual(set(members()) - copied, set())

    def test_what_the_sources_include_is_let_through(self):
        named = re.compile(r'include_(?:str|bytes)!\(\s*"(.+?)"')
        found = 0
        for path in dockerfile.context():
            if path.endswith(".rs"):
                for target in named.findall(text(path)):
                    full = (ROOT / path).parent.joinpath(target).resolve()
                    found += 1
                    with self.subTest(path=path, target=target):
                        self.assertTrue(dockerfile.let_through(str(full.relative_to(ROOT))))
        self.assertGreater(found, 0)

    def test_no_secret_and_no_made_file_is_let_through(self):
        for path in [
            "deploy/.env",
            ".git/config",
            "target/debug/hookwright",
            "hookwright-data/master.key",
            "hookwright/hookwright-data/master.key",
            "store/target/x",
        ]:
            with self.subTest(path=path):
                self.assertFalse(dockerfile.let_through(path))

    def test_the_compiler_is_the_one_that_the_workspace_asks_for(self):
        wanted = re.search(r'rust-version = "(.+?)"', text("Cargo.toml"))[1]
        self.assertEqual(dockerfile.one_of("build", "FROM"), f"rust:{wanted}-slim")

    def test_the_package_and_the_binary_that_it_builds_exist(self):
        words = shlex.split(dockerfile.cargo_line())
        command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--locked", "--offline"]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        binaries = {
            (package["name"], target["name"])
            for package in json.loads(done.stdout)["packages"]
            for target in package["targets"]
            if "bin" in target["kind"]
        }
        built = words[words.index("--package") + 1], words[words.index("--bin") + 1]
        self.assertIn(built, binaries)
        self.assertIn("--locked", words)
        self.assertIn("--release", words)

    def test_the_image_holds_the_binary_and_its_data_folder_alone(self):
        self.assertEqual(dockerfile.one_of("final", "FROM"), "scratch")
        copies = dockerfile.all_of("final", "COPY")
        self.assertEqual([each.split()[-1] for each in copies], ["/hookwright", "/data"])
        build = " ".join(dockerfile.all_of("build", "RUN"))
        for each in copies:
            self.assertIn(each.split()[-2], build)
        self.assertEqual(json.loads(dockerfile.one_of("final", "ENTRYPOINT")), ["/hookwright"])

    def test_the_image_runs_as_nobody_in_a_folder_of_its_own(self):
        user = dockerfile.one_of("final", "USER")
        self.assertRegex(user, r"^[1-9]\d{3,}:[1-9]\d{3,}$")
        data = next(each for each in dockerfile.all_of("final", "COPY") if each.endswith("/data"))
        self.assertIn(f"--chown={user}", data)
        self.assertEqual(dockerfile.one_of("final", "WORKDIR"), "/data")


if __name__ == "__main__":
    unittest.main()
