"""Targets that cannot be run: exit 2 for what is wrong, 77 for what a later version will run."""
import io
import json
import os
import platform
import tarfile
import unittest
from pathlib import Path

from e2e_support import INSTANT, OBEY, write_script
from refusal import RefusalTest


class NotAFunction(RefusalTest):
    def test_a_path_that_does_not_exist_is_named(self):
        for path in ("missing", "/does/not/exist", "f/missing.json", "f/x", "./name:tag", "gone.tar", ""):
            self.refuse(2, (path,) if path else ("TARGET",), "invoke", path)

    def test_a_qualifier_behind_a_directory_is_told_where_it_belongs(self):
        for command in ("invoke", "serve"):
            self.refuse(2, ("f:PROD", "--qualifier"), command, "f:PROD")

    def test_a_directory_without_a_function_says_what_is_missing(self):
        (self.place / "empty").mkdir()
        self.refuse(2, ("empty", "function.json"), "invoke", "empty")
        self.refuse(2, ("empty", "function.json"), "serve", "f", "empty")

    def test_a_directory_named_function_json_is_no_file(self):
        (self.place / "odd/function.json").mkdir(parents=True)
        self.refuse(2, ("odd/function.json", "directory"), "invoke", "odd")

    def test_a_pipe_named_function_json_is_not_waited_for(self):
        (self.place / "odd").mkdir()
        os.mkfifo(self.place / "odd/function.json")
        self.refuse(2, ("odd/function.json", "not a regular file"), "invoke", "odd")

    def test_two_functions_of_one_name_are_refused_by_name(self):
        other = self.function(name="g", FunctionName="f")
        self.refuse(2, ("'f'",), "serve", self.target, other)
        self.refuse(2, ("'f'",), "serve", self.target, self.target)

    def test_one_name_for_several_targets_is_refused(self):
        self.refuse(2, ("--name",), "serve", self.target, self.function(name="g"), "--name", "h")

    def test_a_file_that_is_no_json_is_named_with_line_and_column(self):
        for name, data, where in (
                ("program", Path(INSTANT).read_bytes(), ""), ("text", b"hello\n", ":1:1"),
                ("empty", b"", ":1:1"), ("zeros", b"\0" * 4096, ":1:1"), ("nul", b'{"a":"\0"}', ""),
                ("comma", b'{\n  "Timeout": 3,\n}\n', ":3:1"), ("utf8", b'{"\xff":1}', ":1:")):
            (self.place / name).write_bytes(data)
            self.refuse(2, (name + where,), "invoke", name)

    def test_another_file_of_a_function_is_answered_with_what_a_target_is(self):
        (self.place / "app.py").write_text('"""A handler."""\n')
        self.refuse(2, ("app.py:1:3", "a TARGET is a directory, or its function.json"),
                    "invoke", "app.py")
        (self.place / "cases.jsonl").write_text('{"id":"a"}\n{"id":"b"}\n')
        self.refuse(2, ("cases.jsonl:2:1", "a TARGET is a directory"), "validate", "cases.jsonl")
        self.refuse(2, ("one TARGET too many", "--golden cases.jsonl?"), "validate", self.target,
                    "cases.jsonl")

    def test_deep_nesting_is_a_refusal_and_not_a_crash(self):
        (self.place / "deep.json").write_text('{"a":' + "[" * 200_000 + "]" * 200_000 + "}")
        done = self.coldframe("invoke", "deep.json")
        self.assert_refused(done, 2)

    def test_a_second_target_that_is_wrong_stops_the_first_too(self):
        self.refuse(2, ("missing",), "serve", self.target, "missing")


class EntryPoints(RefusalTest):
    def with_entry_point(self, *words: str, **image: str) -> Path:
        file = self.target / "function.json"
        keys = json.loads(file.read_text())
        keys["ImageConfig"] = {"EntryPoint": list(words), **image}
        file.write_text(json.dumps(keys))
        return self.target

    def test_a_missing_entry_point_is_named(self):
        for path in ("./missing", "bin/missing", "/does/not/exist", "no-such-program"):
            self.refuse(2, (path.removeprefix("./"),), "invoke", self.with_entry_point(path))

    def test_a_virtual_environment_that_is_missing_is_named_with_the_way_to_make_it(self):
        self.refuse(2, (".venv/bin/python", "does not exist", "python3 -m venv",
                        ".venv/bin/pip' install awslambdaric"),
                    "invoke", self.with_entry_point(".venv/bin/python", "-m", "awslambdaric"))

    def test_an_entry_point_that_is_not_executable_is_named_with_a_remedy(self):
        (self.target / "start.sh").chmod(0o644)
        self.refuse(2, ("start.sh", "chmod +x"), "invoke", self.target)

    def test_an_entry_point_that_is_a_directory_is_named(self):
        (self.target / "sub").mkdir()
        self.refuse(2, ("sub", "directory"), "invoke", self.with_entry_point("./sub"))

    def test_a_function_without_any_entry_point_says_what_to_add(self):
        for entry_point in ([], [""]):
            self.refuse(2, ("entry point",), "invoke", self.with_entry_point(*entry_point))

    def test_a_missing_working_directory_is_named(self):
        self.refuse(2, ("nowhere", "directory"), "invoke",
                    self.with_entry_point("./start.sh", WorkingDirectory="nowhere"))
        self.refuse(2, ("start.sh", "directory"), "invoke",
                    self.with_entry_point("./start.sh", WorkingDirectory="start.sh"))

    def test_a_missing_command_is_named(self):
        self.refuse(2, ("/does/not/exist",), "invoke", "--", "/does/not/exist")
        self.refuse(2, ("no-such-program",), "invoke", "--", "no-such-program", "app.handler")

    def test_a_bootstrap_that_is_not_executable_is_named(self):
        (self.place / "bare").mkdir()
        write_script(self.place / "bare/bootstrap", "#!/bin/sh\n").chmod(0o644)
        self.refuse(2, ("bare/bootstrap", "chmod +x"), "invoke", "bare")

    def test_a_managed_runtime_without_a_known_client_is_named(self):
        target = self.function(name="java", ImageConfig=None, Runtime="java21", Handler="a.B::c")
        self.refuse(2, ("java21", "ImageConfig.EntryPoint"), "invoke", target)


class NoImages(RefusalTest):
    def archive(self, name: str, mode: str) -> None:
        with tarfile.open(self.place / name, mode) as tar:
            info = tarfile.TarInfo("manifest.json")
            info.size = 2
            tar.addfile(info, io.BytesIO(b"[]"))

    def test_archives_and_layouts_without_one(self):
        self.archive("image.tar", "w")
        self.archive("image.tar.gz", "w:gz")
        (self.place / "image.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd\x04\x00rest")
        (self.place / "layout").mkdir()
        (self.place / "layout/oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        for name in ("image.tar", "image.tar.gz", "image.tar.zst", "layout"):
            self.refuse(2, (name,), "invoke", name)
            self.refuse(2, (name,), "serve", "f", name)

    def test_one_named_in_function_json(self):
        target = self.function(name="g", Coldframe={"Image": "build/scoring.tar"})
        self.refuse(2, ("Coldframe.Image", "build/scoring.tar"), "invoke", target)

    def test_standard_input_is_empty(self):
        self.refuse(2, ("standard input",), "invoke", "-", "--event", "{}")


class LaterSteps(RefusalTest):
    """Refused with one sentence and 77, so that ctest may skip."""

    def test_templates(self):
        (self.place / "sam").mkdir()
        (self.place / "sam/template.yaml").write_text("Resources: {}\n")
        for target in ("sam", "sam/template.yaml"):
            self.refuse(77, (target, "function.json"), "invoke", target)
        self.refuse(77, ("template.yaml",), "invoke", "sam/template.yaml:Fn")

    def test_another_architecture_than_the_hosts(self):
        other = "x86_64" if platform.machine() == "aarch64" else "arm64"
        self.refuse(77, (other,), "invoke", self.function(OBEY, "g", Architectures=[other]))

    def test_what_works_already_is_not_refused(self):
        done = self.coldframe("invoke", self.target, "--sandbox", "none", "--limits", "none",
                              "--network", "host", "--freeze", "off", "--cpu-scale", 1)
        self.assert_exit(done, 0)
        done = self.coldframe("invoke", self.target, "--limits", "auto", "--network", "auto")
        self.assert_exit(done, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
