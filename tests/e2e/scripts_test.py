"""The scripts, in a copy of their own with programs that only pretend: nothing is installed here."""
import os
import shutil
import subprocess
import unittest

from e2e_support import SOURCE, E2eTest, write_script

TOOLS = ("awk", "basename", "bash", "cat", "cmp", "comm", "cp", "cut", "dirname", "env", "grep", "head", "id",
         "mkdir", "mktemp", "nproc", "rm", "sed", "sha256sum", "sort", "tail", "touch", "uniq")

# What an interpreter says and makes, as far as scripts/setup asks. Its pip is there only if it is
# marked as whole; what `-m venv --clear` makes always is.
PYTHON = """#!/bin/bash
here=$(dirname "$0")
echo "$(basename "$here"): $*" >> "$LOG"
case "$*" in
  -VV | -V) echo "Python 3.11.0" ;;
  "-m venv --clear "*) mkdir -p "$4/bin"; cat "$0" > "$4/bin/python"
    touch "$4/bin/whole"; bash -c 'chmod +x "$1"' - "$4/bin/python" ;;
  "-m pip "*) [[ -e $here/whole ]] ;;
  *train.py) mkdir -p "$(dirname "$1")/model"; echo m > "$(dirname "$1")/model/model.joblib" ;;
esac
"""


class ScriptTest(E2eTest):
    def setUp(self) -> None:
        super().setUp()
        self.tree = self.place / "tree"
        shutil.copytree(SOURCE / "scripts", self.tree / "scripts")
        scoring = self.tree / "function/scoring"
        scoring.mkdir(parents=True)
        for name in ("requirements.txt", "train.py", "files.py"):
            shutil.copy(SOURCE / "function/scoring" / name, scoring)
        self.venv = scoring / ".venv"
        self.bin = self.place / "bin"
        self.bin.mkdir()
        for name in (*TOOLS, "chmod"):
            (self.bin / name).symlink_to(shutil.which(name))
        self.calls = self.place / "calls"
        self.calls.touch()
        self.python = self.place / "system/python3"
        self.python.parent.mkdir()
        write_script(self.python, PYTHON)

    def pretend(self, name: str, text: str) -> None:
        (self.bin / name).unlink(missing_ok=True)
        write_script(self.bin / name, "#!/bin/bash\n" + text + "\n")

    def script(self, name: str, *words: str, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.tree / "scripts" / name, *words], capture_output=True, text=True,
                              env={**self.env, "PATH": str(self.bin), "PYTHON": str(self.python),
                                   "LOG": str(self.calls), **variables})


class Setup(ScriptTest):
    def setup_script(self, *words: str) -> subprocess.CompletedProcess:
        return self.script("setup", *words)

    def everything_is_installed(self) -> None:
        self.pretend("apt-get", "exit 1")
        self.pretend("dpkg-query", 'shift 3; for name; do echo "ii  $name"; done')

    def test_without_root_and_sudo_the_reason_is_shown(self):
        self.pretend("apt-get", "exit 1")
        self.pretend("dpkg-query", "exit 1")
        self.pretend("id", "echo 1000")
        done = self.setup_script()
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, r"setup: needs root for installing .*cmake.*; "
                                      r"run it as root, or install sudo\n$")

    def test_an_environment_without_pip_is_made_again(self):
        self.everything_is_installed()
        (self.venv / "bin").mkdir(parents=True)
        write_script(self.venv / "bin/python", PYTHON)
        done = self.setup_script()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("-m venv --clear", self.calls.read_text())
        self.assertTrue((self.venv / "ready").exists())

    def test_an_environment_that_is_whole_is_kept_and_a_second_run_does_nothing(self):
        self.everything_is_installed()
        (self.venv / "bin").mkdir(parents=True)
        write_script(self.venv / "bin/python", PYTHON)
        (self.venv / "bin/whole").touch()
        self.assertEqual(self.setup_script().returncode, 0)
        self.assertNotIn("venv --clear", self.calls.read_text())
        self.assertIn("-m pip install", self.calls.read_text())
        self.calls.write_text("")
        done = self.setup_script("--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertNotIn("install", self.calls.read_text())


class Build(ScriptTest):
    """scripts/build --quiet, as demo and test call it."""

    def build(self, *words: str) -> subprocess.CompletedProcess:
        (self.tree / "CMakePresets.json").write_text("{}")
        return self.script("build", "--quiet", *words, JOBS="1")

    def test_a_build_that_works_is_silent_about_its_steps(self):
        self.pretend("cmake", 'echo "cmake $*" >> "$LOG"; echo "[1/2] Compiling"; echo warning >&2')
        done = self.build("release", "--target", "x")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertRegex(done.stderr, r"^build: building preset release .*\nbuild:   done in \d+ s\n$")
        self.assertEqual(self.calls.read_text().splitlines(),
                         ["cmake --preset release",
                          f"cmake --build {self.tree}/build/release --parallel 1 --target x"])
        self.assertIn("warning", (self.tree / "build/release/build.log").read_text())

    def test_a_build_that_fails_is_shown_from_its_failure_on_and_keeps_its_code(self):
        self.pretend("cmake", "[[ $1 == --preset ]] || { printf '[1/9] Compiling\\nFAILED: a.o\\n"
                              "a.cpp:1: error: no\\n'; exit 3; }")
        done = self.build()
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr.splitlines()[1:],
                         ["FAILED: a.o", "a.cpp:1: error: no",
                          "build: failed; all of it is in build/release/build.log"])

    def test_a_preset_that_cannot_be_configured_is_shown(self):
        self.pretend("cmake", "echo 'Could not find Boost' >&2; exit 1")
        done = self.build("dev")
        self.assertEqual(done.returncode, 4)
        self.assertIn("Could not find Boost\nbuild: cannot configure preset 'dev'", done.stderr)


class CgroupV2(ScriptTest):
    """scripts/test-cgroup-v2 where it cannot do its work; what it does is ctest's machine.cgroup_v2."""

    def setUp(self) -> None:
        super().setUp()
        self.build = self.place / "build"
        self.build.mkdir()
        write_script(self.build / "integration_tests", "#!/bin/bash\n")

    def test_what_is_missing_is_named_and_is_77(self):
        self.pretend("mke2fs", "exit 1")
        done = self.script("test-cgroup-v2", "--bin", str(self.build), HOSTTYPE="x86_64")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertRegex(done.stderr, r"^test-cgroup-v2: cannot be done here: needs qemu-system-x86 "
                                      r"busybox-static(?: e2fsprogs)?; scripts/setup --tests .*\n$")

    def test_another_processor_is_77(self):
        done = self.script("test-cgroup-v2", "--bin", str(self.build), HOSTTYPE="riscv64")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertRegex(done.stderr, r"must be x86_64, not riscv64\n$")

    def test_without_a_kernel_it_says_where_one_would_come_from(self):
        for name in ("qemu-system-x86_64", "busybox", "mke2fs"):
            self.pretend(name, "exit 1")
        self.pretend("apt-get", "echo \"no network\"; exit 100")
        self.pretend("apt-cache", "exit 100")
        done = self.script("test-cgroup-v2", "--bin", str(self.build), HOSTTYPE="x86_64")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertRegex(done.stderr, r"^no network\ntest-cgroup-v2: cannot .*--kernel FILE names one\n$")

    def test_a_build_that_is_not_there_is_2(self):
        done = self.script("test-cgroup-v2", "--bin", str(self.place))
        self.assertEqual(done.returncode, 2, done.stderr)


class Usage(E2eTest):
    def test_every_script_prints_its_usage_and_refuses_what_it_does_not_know(self):
        for path in sorted((SOURCE / "scripts").iterdir()):
            if not os.access(path, os.X_OK) or path.suffix:
                continue
            with self.subTest(path.name):
                shown = subprocess.run([path, "--help"], capture_output=True, text=True)
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertIn(f"usage: scripts/{path.name}", shown.stdout)
                self.assertEqual(
                    subprocess.run(["bash", "-n", path], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
