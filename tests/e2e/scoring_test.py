"""The scikit-learn function through its real runtime client; one changed leaf is found."""
import json
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from e2e_support import SOURCE, Done, E2eTest
from schema_check import schema_faults

SCORING = SOURCE / "function/scoring"
CASES = SCORING / "golden/cases.jsonl"
# A machine that is busy with other things needs many times the second that the init takes.
PATIENT = ("--init-limit", "2m", "--timeout", 120)
SCHEMA = json.loads((SOURCE / "docs/schemas/validate.schema.json").read_text())


class ScoringTest(E2eTest):
    SANDBOX = None
    def setUp(self):
        super().setUp()
        for path in (SCORING / ".venv/bin/python", SCORING / "model/model.joblib"):
            self.assertTrue(path.exists(), f"{path} is missing: make it as "
                                           "function/scoring/README.md says")


class Scoring(ScoringTest):
    def test_five_repetitions_print_five_scores_on_stdout_and_only_the_first_is_cold(self):
        file = self.place / "r.json"
        done = self.coldframe("invoke", "function/scoring", "-e", "fixtures/events/scoring.json",
                              "--repeat", 5, "--json", file, *PATIENT, cwd=SOURCE)
        self.assert_exit(done, 0)
        self.assertEqual(done.out.count("\n"), 5)
        for line in done.lines():
            answer = json.loads(line)
            self.assertEqual(answer["statusCode"], 200)
            self.assertEqual(json.loads(answer["body"])["label"], 3)
        self.assertEqual(len(set(done.lines())), 1)
        self.assertEqual(["Init Duration" in report for report in done.reports()],
                         [True] + [False] * 4)
        found = json.loads(file.read_text())["invocations"]
        self.assertEqual([one["cold"] for one in found], [True] + [False] * 4)
        self.assertGreater(found[0]["init_ms"], 100)
        self.assertGreater(found[0]["max_memory_used_bytes"], 50 * 2**20)

    def test_a_bad_request_is_an_answer_and_a_wrong_event_is_a_function_error(self):
        done = self.coldframe("invoke", SCORING, *PATIENT, "-e",
                              SOURCE / "fixtures/events/scoring-bad-request.json")
        self.assert_exit(done, 0)
        self.assertEqual(json.loads(done.out)["statusCode"], 400)
        done = self.coldframe("invoke", SCORING, *PATIENT, "-e",
                              SOURCE / "fixtures/events/scoring-not-proxy.json")
        self.assert_exit(done, 1)
        self.assertEqual(json.loads(done.out)["errorType"], "KeyError")


class Goldens(ScoringTest):
    def validate(self, target: object, *words: object) -> Done:
        return self.coldframe("validate", target, *words, *PATIENT, seconds=280)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The change is found by scoring every golden: once for all.
        cls.shared = tempfile.TemporaryDirectory(prefix="coldframe-changed-")
        cls.addClassCleanup(cls.shared.cleanup)
        cls.made = subprocess.run(
            [SCORING / ".venv/bin/python", SCORING / "change_leaf.py", "--copy-to",
             Path(cls.shared.name) / "changed"], capture_output=True, text=True, timeout=120)

    def changed_copy(self) -> tuple[Path, dict]:
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        copy = self.place / "changed"
        shutil.copytree(Path(self.shared.name) / "changed", copy, symlinks=True)
        return copy, json.loads(self.made.stdout)

    def test_every_golden_of_the_function_passes(self):
        done = self.validate(SCORING)
        self.assert_exit(done, 0)
        cases = len(CASES.read_text().splitlines())
        self.assertGreaterEqual(cases, 500)
        self.assertRegex(done.out, rf"(?m)^cases +{cases} +pass {cases} +fail 0 +error 0\b")
        self.assertRegex(done.out.splitlines()[-1], r"^PASS\b")

    def test_one_changed_leaf_fails_exactly_the_affected_cases_worst_first(self):
        copy, change = self.changed_copy()
        done = self.validate(copy, "--json", "r.json", "--junit", "r.xml")
        self.assert_exit(done, 1)
        wanted = set(change["changed"])
        self.assertGreaterEqual(len(wanted), 3)

        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        failed = {case["id"]: case for case in result["cases"] if case["status"] != "pass"}
        self.assertEqual(set(failed), wanted)
        self.assertEqual(result["summary"]["failed"], len(wanted))
        self.assertEqual(result["verdict"]["exit_code"], 1)
        for name, answer in change["answers"].items():
            got = {finding["path"]: finding["got"] for finding in failed[name]["findings"]}
            self.assertEqual(got.get("$.body!.score", answer["score"]), answer["score"], name)
            self.assertEqual(got.get("$.body!.label", answer["label"]), answer["label"], name)
            self.assertTrue(got, name)

        rows = [line.split() for line in done.lines() if line.startswith("  digits-")]
        self.assertEqual({row[0] for row in rows}, wanted)
        over = [float("inf") if row[-1] == "∞" else float(row[-1]) for row in rows]
        self.assertEqual(over, sorted(over, reverse=True), "worst first")

        suite = ElementTree.parse(self.place / "r.xml").getroot()
        failures = [case.get("name") for case in suite.iter("testcase")
                    if case.find("failure") is not None]
        self.assertEqual(set(failures), wanted)

    def test_the_failing_cases_can_be_run_again_alone(self):
        copy, change = self.changed_copy()
        ids = change["changed"]
        done = self.validate(copy, "--only", ",".join(ids), "--json", "-")
        self.assert_exit(done, 1)
        result = json.loads(done.out)
        self.assertEqual({case["id"] for case in result["cases"] if case["status"] == "fail"},
                         set(ids))
        self.assertEqual(result["summary"]["failed"], len(ids))
        right = next(name for name in (json.loads(line)["id"] for line in
                                       CASES.read_text().splitlines()) if name not in ids)
        self.assert_exit(self.validate(copy, "--only", right), 0)

    def test_a_tolerance_that_covers_the_change_leaves_only_the_labels(self):
        copy, change = self.changed_copy()
        # The others are right without it too, as the first test says.
        done = self.validate(copy, "--only", ",".join(change["changed"]), "--atol", "0.05",
                             "--json", "-")
        self.assert_exit(done, 1)
        failed = [case for case in json.loads(done.out)["cases"] if case["status"] == "fail"]
        self.assertTrue(failed)
        self.assertLess(len(failed), len(change["changed"]))
        for case in failed:
            self.assertEqual({finding["path"] for finding in case["findings"]
                              if finding["severity"] == "fail"}, {"$.body!.label"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
