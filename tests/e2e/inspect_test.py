"""`coldframe inspect`: findings on images and directories, as a user and as a script sees them."""
from __future__ import annotations

import json
import unittest
from pathlib import Path
from xml.etree import ElementTree

from e2e_support import SOURCE, Done, E2eTest
from image_maker import SITE, WHEN, program, python_image
from schema_check import schema_faults

SCHEMA = json.loads((SOURCE / "docs/schemas/inspect.schema.json").read_text())
DRIFTED = b"\x80\x04}\x8c\x10_sklearn_version\x8c\x051.2.1s."
OF_MAIN = b"\x80\x02c__main__\nMyModel\n."
SYSTEM = b"cposix\nsystem\n(Vtrue\ntR."


def installed(module: str, name: str, version: str, requires: str = "") -> dict[str, object]:
    info = f"{SITE}/{module}-{version}.dist-info"
    return {f"{SITE}/{module}/__init__.py": "",
            f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n{requires}\n",
            f"{info}/RECORD": f"{module}/__init__.py,,\n"}


def byte_code(source: str) -> bytes:
    return (b"\xa7\r\r\n" + bytes(4) + WHEN.to_bytes(4, "little") +
            len(source).to_bytes(4, "little") + b"code")


SKLEARN = installed("sklearn", "scikit-learn", "1.5.2")
USES_SKLEARN = {"/var/task/app.py": "import sklearn\ndef handler(event, context): pass\n"}
LONG = "x = 1\n" + "#" * 2_000_000


class InspectTest(E2eTest):
    def setUp(self) -> None:
        super().setUp()
        self.made = 0

    def layout(self, image: object, **more: bool) -> Path:
        self.made += 1
        return image.write_layout(self.place / f"image{self.made}", **more)

    def inspect(self, target: object, *words: object, **more: object) -> Done:
        return self.coldframe("inspect", target, "--store", self.place / "store", *words, **more)

    def result(self, target: object, *words: object) -> dict:
        done = self.inspect(target, "--json", "-", *words)
        self.assertIn(done.code, (0, 1), str(done))
        result = json.loads(done.out)
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"]["exit_code"], done.code)
        return result

    def ids(self, target: object) -> list[str]:
        return [f"{one['id']} {one['severity']}" for one in self.result(target)["findings"]]


class Twins(InspectTest):
    """One broken image for each finding, and the same without the fault."""

    def check(self, healthy: object, broken: object, *ids: str) -> None:
        self.assertEqual(self.ids(self.layout(healthy)), [])
        self.assertEqual(self.ids(self.layout(broken)), list(ids))

    def test_w10_an_index_or_attestations(self):
        image = python_image()
        self.assertEqual(self.ids(self.layout(image)), [])
        self.assertEqual(self.ids(self.layout(image, attestation=True)), ["W10 error"])
        self.assertEqual(self.ids(self.layout(image, nested=True)), ["W10 error"])
        for name, ids in ((2, ["W10 error"]), (1, [])):  # the store has it by now, from elsewhere
            self.assertEqual(self.ids(self.place / f"image{name}"), ids)
        archive = image.write_docker_archive(self.place / "docker.tar")
        self.assertEqual(self.ids(archive), ["W10 info"])

    def test_w11_a_library_for_another_machine(self):
        self.check(python_image({"/var/task/x.so": program()}),
                   python_image({"/var/task/x.so": program(machine=183)}), "W11 error")

    def test_w12_line_ends(self):
        script = "#!/bin/sh\nexec /usr/local/bin/python3.11 -m awslambdaric $1\n"
        entry = {"entry_point": ["/start.sh"]}
        self.check(python_image({"/start.sh": (script, 0o755)}, **entry),
                   python_image({"/start.sh": (script.replace("\n", "\r\n"), 0o755)}, **entry),
                   "W12 error")

    def test_w12_a_handler_that_is_not_there(self):
        self.check(python_image(command=["app.handler"]), python_image(command=["main.handler"]),
                   "W12 error")

    def test_w13_no_client(self):
        gone = python_image({f"{SITE}/.wh.awslambdaric": ""})
        self.check(python_image(), gone, "W13 error")

    def test_w15_a_library_that_is_not_there(self):
        needs = {"/var/task/x.so": program(needed=("libgomp.so.1",))}
        self.check(python_image({**needs, "/usr/lib/libgomp.so.1": program()}), python_image(needs),
                   "W15 error")

    def test_w4_closed_files(self):
        self.check(python_image({"/var/task/model.bin": "x", "/etc/shadow": ("x", 0o640)}),
                   python_image({"/var/task/model.bin": ("x", 0o600)}), "W4 error")

    def test_w16_leftovers(self):
        self.check(python_image({"/srv/data": b"\0" * (11 << 20)}),
                   python_image({"/root/.cache/pip/x": b"\0" * (11 << 20)}), "W16 info")

    def test_w18_a_base_by_its_tag(self):
        name = "org.opencontainers.image.base.name"
        self.check(python_image(labels={name: "python@sha256:" + "0" * 64}),
                   python_image(labels={name: "python:3.11"}), "W18 info")

    def test_w31_models(self):
        right = DRIFTED.replace(b"1.2.1", b"1.5.2")
        self.check(python_image({**SKLEARN, "/var/task/m.pkl": right}),
                   python_image({**SKLEARN, "/var/task/m.pkl": DRIFTED}), "W31 warning")
        for model in (OF_MAIN, SYSTEM):
            self.assertEqual(self.ids(self.layout(python_image({"/var/task/m.pkl": model}))),
                             ["W31 error"])

    def test_w39_byte_code(self):
        source = {f"{SITE}/sklearn/svm.py": LONG, **SKLEARN, **USES_SKLEARN}
        cached = f"{SITE}/sklearn/__pycache__/svm.cpython-311.pyc"
        self.check(python_image({**source, cached: byte_code(LONG)}), python_image(source),
                   "W39 warning")

    def test_w3_a_cache(self):
        files = {**installed("matplotlib", "matplotlib", "3.9"),
                 "/var/task/app.py": "import matplotlib\ndef handler(event, context): pass\n"}
        self.check(python_image(files, environment=["MPLCONFIGDIR=/tmp/m"]), python_image(files),
                   "W3 warning")

    def test_w38_reserved_variables(self):
        self.check(python_image(environment=["MY_REGION=x"]),
                   python_image(environment=["AWS_REGION=x"]), "W38 warning")

    def test_w16_more_than_lambda_takes_is_not_unpacked(self):
        image = python_image()
        archive = image.write_docker_archive(self.place / "large.tar")
        data = archive.read_bytes()
        # The last layer says that it has 10.5 GB, which are a hole in the file.
        head_at = data.index(b"0/layer.tar")
        header = bytearray(data[head_at:head_at + 512])
        header[124:136] = b"\x80" + (10752 << 20).to_bytes(11, "big")
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        with archive.open("wb") as file:
            file.write(header)
            file.seek(10752 << 20, 1)
            rest = head_at + 512 + (len(image.layers[0]) + 511) // 512 * 512
            file.write(data[rest:])
        result = self.result(archive)
        self.assertEqual([one["id"] for one in result["findings"]], ["W16"])
        self.assertIn("10.50 GB", result["findings"][0]["message"])
        self.assertNotIn("bytes", result["image"])


class Reports(InspectTest):
    def setUp(self) -> None:
        super().setUp()
        self.warned = self.layout(python_image({**SKLEARN, "/var/task/m.pkl": DRIFTED}))
        self.broken = self.layout(python_image({"/var/task/model.bin": ("x", 0o600)}))

    def test_the_text_says_what_where_and_the_fix(self):
        done = self.inspect(self.broken)
        self.assert_exit(done, 1)
        self.assertIn("error    W4   model.bin is closed to others", done.out)
        self.assertIn("at   /var/task/model.bin", done.out)
        self.assertIn("fix  RUN chmod -R o+rX /var/task", done.out)
        self.assertTrue(done.lines()[-1].startswith("FAIL   exit 1   1 error"), done.lines()[-1])
        self.assertEqual(done.err, "")

    def test_a_healthy_one_passes_and_is_described(self):
        result = self.result(self.layout(python_image()))
        self.assertEqual((result["findings"], result["ignored"]), ([], []))
        self.assertEqual(result["image"]["command"], ["app.handler"])
        self.assertEqual(len(result["image"]["layers"]), 1)
        self.assertEqual(result["function"]["image_digest"], result["image"]["digest"])
        self.assertEqual(self.inspect(self.layout(python_image())).lines()[-1],
                         "PASS   exit 0   no findings")

    def test_warnings_fail_if_that_is_asked_for(self):
        self.assert_exit(self.inspect(self.warned), 0)
        done = self.inspect(self.warned, "--fail-on", "warning")
        self.assert_exit(done, 1)
        result = self.result(self.warned, "--fail-on", "warning")
        self.assertEqual(len(result["verdict"]["reasons"]), 1)

    def test_known_findings_are_ignored_and_named(self):
        done = self.inspect(self.broken, "--ignore", "W4")
        self.assert_exit(done, 0)
        self.assertIn("ignored  W4", done.out)
        done = self.inspect(self.broken, "--ignore", "W4,W39")
        self.assertIn("--ignore W39: there is no such finding", done.err)

    def test_function_json_says_why(self):
        function = self.place / "f"
        function.mkdir()
        settings = {"Coldframe": {"Image": str(self.broken), "Ignore": {"W4": "set at deploy"}}}
        (function / "function.json").write_text(json.dumps(settings))
        result = self.result(function)
        self.assertEqual(result["findings"], [])
        self.assertEqual(result["ignored"][0]["reason"], "set at deploy")

    def test_junit_has_a_case_for_each_id(self):
        self.inspect(self.broken, "--junit", "r.xml")
        junit = ElementTree.parse(self.place / "r.xml")
        cases = {case.get("name"): case for case in junit.iter("testcase")}
        self.assertIn("W15", cases)
        self.assertIn("model.bin", cases["W4"].find("failure").text)
        self.assertEqual(len(junit.findall(".//failure")), 1)
        self.inspect(self.broken, "--junit", "r.xml", "--ignore", "W4")
        self.assertEqual(len(ElementTree.parse(self.place / "r.xml").findall(".//skipped")), 1)

    def test_github_gets_annotations(self):
        done = self.inspect(self.broken, "--github")
        self.assertRegex(done.err, r"(?m)^::error title=W4 .*image\d::model\.bin is closed.*%0Aat ")
        self.assertRegex(self.inspect(self.warned, "--github").err, r"(?m)^::warning title=W31 ")

    def test_names_of_the_image_cannot_speak_to_the_terminal(self):
        image = self.layout(python_image({"/var/task/a\x1b[31m\n::error::b": ("x", 0o600)}))
        done = self.inspect(image, "--github", "--junit", "r.xml")
        self.assertNotIn("\x1b", done.out)
        self.assertNotIn("\n::error::b", done.out + done.err)
        ElementTree.parse(self.place / "r.xml")


class Directories(InspectTest):
    def test_a_directory_is_inspected_as_it_would_be_var_task(self):
        function = self.function()
        (function / "model.pkl").write_bytes(OF_MAIN)
        (function / "model.pkl").chmod(0o600)
        function.chmod(0o755)
        result = self.result(function)
        self.assertEqual([one["id"] for one in result["findings"]], ["W4", "W31"])
        self.assertEqual(result["findings"][0]["where"], "model.pkl")
        self.assertEqual(result["directory"]["path"], str(function))

    def test_nothing_is_started_or_written(self):
        function = self.function("print started\n")
        before = sorted(function.iterdir())
        self.inspect(function)
        self.assertEqual(sorted(function.iterdir()), before)


class Refused(InspectTest):
    def refuse(self, code: int, name: str, *words: object) -> None:
        with self.subTest(" ".join(map(str, words))):
            self.assert_refused(self.coldframe("inspect", *words), code, name)

    def test_bad_input_is_2_with_one_sentence(self):
        function = self.function()
        (self.place / "bad.tar").write_bytes(b"no image" * 100)
        self.refuse(2, "no TARGET")
        self.refuse(2, "gone", self.place / "gone")
        self.refuse(2, "bad.tar", self.place / "bad.tar", "--store", self.place / "store")
        self.refuse(2, "W99", function, "--ignore", "W99")
        self.refuse(2, "sometimes", function, "--fail-on", "sometimes")
        self.refuse(2, "word too many", function, function)
        self.refuse(2, "no/such/place.json", function, "--json", "no/such/place.json")
        self.refuse(2, "takes no command", "--", "python3")

    def test_ignore_of_function_json_is_checked(self):
        for bad in ({"X1": "why"}, {"W4": ""}, {"W4": 1}, ["W4"]):
            function = self.function(name=f"f{len(str(bad))}{type(bad).__name__}",
                                     Coldframe={"Ignore": bad})
            self.refuse(2, "Ignore", function)


if __name__ == "__main__":
    unittest.main()
