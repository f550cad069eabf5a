"""Images by name, through the programs that a user has: here through some that stand in for them."""
import hashlib
import shutil
import unittest

from e2e_image import scripted_image
from e2e_support import E2eTest, write_script

# Gives what $IMAGES has, and keeps what it was asked for.
DOCKER = """#!/bin/sh
echo "$@" >> "$IMAGES/asked"
case $1 in
  image) test -e "$IMAGES/$5.id" && cat "$IMAGES/$5.id" ;;
  save)
    for name; do :; done
    while [ "$1" != --output ]; do shift; done
    if [ -e "$IMAGES/$name.tar" ]; then cp "$IMAGES/$name.tar" "$2"
    else echo "Error response from daemon: reference does not exist" >&2; exit 1; fi ;;
esac
"""
SKOPEO = """#!/bin/sh
echo "$@" >> "$IMAGES/asked"
[ "$1" = --version ] && exit 0
for last; do :; done
to=${last#oci:}
cp -r "$IMAGES/layout" "${to%:it}" && exit 0
"""


class Fetch(E2eTest):
    SANDBOX = None

    def setUp(self) -> None:
        super().setUp()
        self.images = self.place / "images"
        self.images.mkdir()
        self.tools = self.place / "tools"
        self.tools.mkdir()
        for program in ("cat", "cp"):
            (self.tools / program).symlink_to(shutil.which(program))
        self.env |= {"COLDFRAME_STORE": str(self.place / "store"), "IMAGES": str(self.images),
                     "PATH": str(self.tools)}
        self.image = scripted_image()

    def asked(self) -> list[str]:
        return (self.images / "asked").read_text().splitlines()

    def invoke(self, target: str):
        return self.coldframe("invoke", target, "--event", "[1]", "--memory", 256)

    def put(self, tool: str, name: str = "app:1") -> None:
        write_script(self.tools / tool, DOCKER)
        self.image.write_docker_archive(self.images / f"{name}.tar")
        (self.images / f"{name}.id").write_text(self.id_of() + "\n")

    def id_of(self) -> str:
        return "sha256:" + hashlib.sha256(self.image.config_bytes()).hexdigest()

    def test_docker_and_podman_save_it_once(self):
        for tool in ("docker", "podman"):
            with self.subTest(tool):
                shutil.rmtree(self.place / "store", ignore_errors=True)
                self.put(tool)
                (self.images / "asked").unlink(missing_ok=True)
                for _ in range(2):
                    done = self.invoke(f"{tool}:app:1")
                    self.assert_exit(done, 0)
                    self.assertEqual(done.out, "[1]\n")
                saves = [line for line in self.asked() if line.startswith("save")]
                self.assertEqual(len(saves), 1, saves)
                self.assertEqual(list((self.place / "store/incoming").iterdir()), [])

    def test_a_registry_is_read_by_skopeo(self):
        write_script(self.tools / "skopeo", SKOPEO)
        self.image.write_layout(self.images / "layout")
        done = self.invoke("registry:r.example/team/app:1")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "[1]\n")
        self.assertIn("docker://r.example/team/app:1", self.asked()[-1])

    def test_a_bare_name_is_looked_for_and_told_of(self):
        self.put("docker")
        done = self.invoke("app:1")
        self.assert_exit(done, 0)
        self.assertIn("'app:1' is no path: taken as docker:app:1", done.err)
        write_script(self.tools / "skopeo", SKOPEO)
        self.image.write_layout(self.images / "layout")
        done = self.invoke("other:1")
        self.assert_exit(done, 0)
        self.assertIn("'other:1' is no path: taken as registry:other:1", done.err)

    def test_what_the_program_says_of_a_failure_is_passed_on(self):
        self.put("docker")
        done = self.invoke("docker:none:1")
        self.assert_exit(done, 2)
        self.assertEqual(done.err, "coldframe: docker cannot give 'none:1': Error response from "
                                   "daemon: reference does not exist\n")

    def test_a_program_that_is_not_there_is_named(self):
        done = self.invoke("podman:app:1")
        self.assert_exit(done, 77)
        self.assertEqual(done.err, "coldframe: 'podman:app:1' needs podman, which is not installed "
                                   "here\n")

    def test_a_name_is_no_option_of_the_program(self):
        self.put("docker")
        done = self.invoke("docker:--help")
        self.assert_exit(done, 2)
        self.assertFalse((self.images / "asked").exists())


if __name__ == "__main__":
    unittest.main()
