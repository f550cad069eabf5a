"""scripts/make-image before it makes anything, and the scripts that its AWS base starts with. What it
makes is looked at by tests/images."""
import os
import shutil
import signal
import subprocess
import unittest

from e2e_support import SOURCE, E2eTest, code_of, wait_until, write_script

SCRIPT = SOURCE / "scripts/make-image"
BASE = SOURCE / "fixtures/images/aws-base"


class MakeImageTest(E2eTest):
    def make_image(self, *words: str, script: str = str(SCRIPT), **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run([script, *words], capture_output=True, text=True, cwd=self.place,
                              env={**self.env, **variables})

    def assert_refused(self, done: subprocess.CompletedProcess, code: int, sentence: str) -> None:
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertEqual(done.stderr, f"make-image: {sentence}\n")


class Options(MakeImageTest):
    def test_the_help_names_every_image_and_option(self):
        done = self.make_image("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("usage: scripts/make-image", "scoring ", "scoring-aws ", "--out DIR", "--quiet", "Exit code"):
            self.assertIn(word, done.stdout)

    def test_what_it_does_not_know_is_refused_before_anything_happens(self):
        out = self.place / "out"
        for words, sentence in (
                (("--fast",), "unknown option '--fast'; see scripts/make-image --help"),
                (("scoring", "torch"), "no image 'torch'; there are scoring scoring-aws"),
                (("scoring scoring-aws",), "no image 'scoring scoring-aws'; there are scoring scoring-aws"),
                (("",), "no image ''; there are scoring scoring-aws"),
                (("--out",), "--out needs a directory, such as --out build/images"),
                (("--out", ""), "--out needs a directory, such as --out build/images"),
                (("--out", "a:b"), f"--out: umoci and skopeo take no ':' in a name, as in '{self.place}/a:b'")):
            with self.subTest(words):
                self.assert_refused(self.make_image("--out", str(out), *words), 2, sentence)
        self.assertFalse(out.exists())

    def test_without_root_it_says_so(self):
        tools = self.place / "bin"
        tools.mkdir()
        write_script(tools / "id", "#!/bin/sh\necho 1000\n")
        done = self.make_image("--out", "out", PATH=f"{tools}:{self.env['PATH']}")
        self.assert_refused(done, 4, "needs root to make a root file system; run it as root or with sudo")
        self.assertFalse((self.place / "out").exists())


class InATree(MakeImageTest):
    """A copy of the script whose set-up finds everything there."""

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root, as make-image does")
        self.tree = self.place / "tree"
        for name in ("scripts", "fixtures/images"):
            shutil.copytree(SOURCE / name, self.tree / name)
        write_script(self.tree / "scripts/setup", "#!/bin/sh\n")
        scoring = self.tree / "function/scoring"
        (scoring / "model").mkdir(parents=True)
        (scoring / "model/model.joblib").write_text("m")
        for name in ("app.py", "requirements.txt", "Dockerfile", ".dockerignore"):
            shutil.copy(SOURCE / "function/scoring" / name, scoring)

    def make_image(self, *words: str, **variables: str) -> subprocess.CompletedProcess:
        return super().make_image(*words, script=str(self.tree / "scripts/make-image"), **variables)

    def test_what_another_hand_has_put_there_is_not_replaced(self):
        ours = self.place / "out/scoring"
        ours.mkdir(parents=True)
        (ours / "app.py").write_text("mine")
        done = self.make_image("scoring", "--out", "out")
        self.assert_refused(done, 2, f"{ours} is there and was not made by make-image; remove it, or use --out")
        self.assertEqual((ours / "app.py").read_text(), "mine")

    def test_a_tool_that_fails_leaves_nothing_that_is_taken_for_an_image(self):
        tools = self.place / "bin"
        tools.mkdir()
        write_script(tools / "mmdebstrap", '#!/bin/sh\nmkdir -p "$PWD/called"; echo "no mirror" >&2; exit 25\n')
        done = self.make_image("scoring", "--out", "out", PATH=f"{tools}:{self.env['PATH']}")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, r"no mirror\nmake-image: failed: making a Debian 12 .*\n$")
        self.assertTrue((self.place / "called").exists())
        self.assertEqual([path.name for path in (self.place / "out").iterdir()], [".make-image"])
        self.assertEqual(self.kept(), ["lock", "log"])

    def test_under_sudo_what_it_leaves_belongs_to_the_owner_of_the_checkout(self):
        tools = self.place / "bin"
        tools.mkdir()
        write_script(tools / "mmdebstrap", "#!/bin/sh\nexit 25\n")
        os.chown(self.tree, 12345, 12345)
        done = self.make_image("scoring", PATH=f"{tools}:{self.env['PATH']}")
        self.assertEqual(done.returncode, 4, done.stderr)
        out = self.tree / "build/images"
        for path in (self.tree / "build", out, out / ".make-image", out / ".make-image/log",
                     self.tree / "function/scoring/model/model.joblib"):
            self.assertEqual(path.stat().st_uid, 12345, path)

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.place / "out/.make-image").iterdir())

    def test_an_interrupted_run_clears_up_and_a_killed_one_leaves_it_to_the_next(self):
        tools = self.place / "bin"
        tools.mkdir()
        write_script(tools / "mmdebstrap", "#!/bin/sh\n"
                                           "for word; do case $word in */work/base) mkdir $word;; esac; done\n"
                                           "exec sleep 300\n")
        for number, code, kept in ((signal.SIGKILL, 137, ["lock", "log", "work"]),
                                   (signal.SIGTERM, 143, ["lock", "log"])):
            process = subprocess.Popen([self.tree / "scripts/make-image", "scoring", "--out", "out"],
                                       stderr=subprocess.DEVNULL, cwd=self.place, start_new_session=True,
                                       env={**self.env, "PATH": f"{tools}:{self.env['PATH']}"})
            base = self.place / "out/.make-image/work/base"
            wait_until("a half-made base", base.exists)
            os.killpg(process.pid, number)
            self.assertEqual(code_of(process), code)
            self.assertEqual(self.kept(), kept)
            shutil.rmtree(base, ignore_errors=True)
        self.assertEqual([path.name for path in (self.place / "out").iterdir()], [".make-image"])


class AwsBase(E2eTest):
    """The base's entry point, which names its runtime by an absolute path: here, one of the test's."""

    def setUp(self) -> None:
        super().setUp()
        self.runtime = self.place / "runtime"
        self.emulator = self.place / "emulator"
        for path in (self.runtime, self.emulator):
            write_script(path, f"#!/bin/sh\necho {path.name} \"$_HANDLER\" \"$#\" \"$*\"\nexit 7\n")
        text = (BASE / "lambda-entrypoint.sh").read_text()
        for there, here in (("/var/runtime/bootstrap", self.runtime), ("/usr/local/bin/aws-lambda-rie", self.emulator)):
            self.assertEqual(text.count(there), 1)
            text = text.replace(there, str(here))
        self.entrypoint = write_script(self.place / "lambda-entrypoint.sh", text)

    def enter(self, *words: str, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.entrypoint, *words], capture_output=True, text=True,
                              env={**self.env, **variables})

    def test_without_exactly_one_argument_it_ends_with_142(self):
        for words in ((), ("app.handler", "more"), ("a", "b", "c")):
            with self.subTest(words):
                done = self.enter(*words, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001")
                self.assertEqual((done.returncode, done.stdout), (142, ""))
                self.assertEqual(done.stderr, "entrypoint requires the handler name to be the first argument\n")

    def test_on_lambda_it_becomes_the_runtime_and_names_the_handler(self):
        for handler in ("app.handler", "a b.handler"):
            done = self.enter(handler, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001", _HANDLER="other")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (7, f"runtime {handler} 0 \n", ""))

    def test_elsewhere_it_becomes_the_emulator_with_the_runtime(self):
        for api in ({}, {"AWS_LAMBDA_RUNTIME_API": ""}):
            done = self.enter("app.handler", **api)
            self.assertEqual((done.returncode, done.stdout),
                             (7, f"emulator app.handler 1 {self.runtime}\n"), done.stderr)


class AwsRuntime(E2eTest):
    def setUp(self) -> None:
        super().setUp()
        python = write_script(self.place / "python3.11",
                              "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n"
                              "echo \"$AWS_EXECUTION_ENV $PYTHONPATH\"\n")
        text = (BASE / "var/runtime/bootstrap").read_text()
        self.assertEqual(text.count("/var/lang/bin/python3.11"), 1)
        self.bootstrap = write_script(self.place / "bootstrap",
                                      text.replace("/var/lang/bin/python3.11", str(python)))

    def run_bootstrap(self, **variables: str) -> list[str]:
        done = subprocess.run([self.bootstrap], capture_output=True, text=True,
                              env={**self.env, "_HANDLER": "app.handler", **variables})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_it_starts_the_client_with_the_handler(self):
        self.assertEqual(self.run_bootstrap(),
                         ["<-m>", "<awslambdaric>", "<app.handler>", "AWS_Lambda_python3.11 /var/runtime"])
        self.assertEqual(self.run_bootstrap(PYTHONPATH="/opt/python", LAMBDA_RUNTIME_DIR="/r")[-1],
                         "AWS_Lambda_python3.11 /r:/opt/python")

    def test_a_wrapper_gets_the_command_line(self):
        wrapper = write_script(self.place / "my wrapper", "#!/bin/sh\necho wrapped\nexec \"$@\"\n")
        self.assertEqual(self.run_bootstrap(AWS_LAMBDA_EXEC_WRAPPER=str(wrapper))[:2], ["wrapped", "<-m>"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
