"""Tests of the scoring function: .venv/bin/python -m unittest -v, in function/scoring."""

import base64
import io
import json
import math
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import joblib
import numpy as np

HERE = Path(__file__).resolve().parent
EVENTS = HERE.parent.parent / "fixtures" / "events"
CASES_FILE = HERE / "golden" / "cases.jsonl"
if not (HERE / "model" / "model.joblib").exists():
    sys.exit("model/model.joblib is missing: run train.py first")
sys.path.insert(0, str(HERE / "golden"))

import app  # noqa: E402
import make_cases  # noqa: E402
import train  # noqa: E402

EVENT_ROW = 1290


def run(*arguments, python=sys.executable, cwd=HERE, stdin=""):
    return subprocess.run(
        [str(python), *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )


def read_cases(path=CASES_FILE):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def event_file(name):
    return json.loads((EVENTS / name).read_text(encoding="utf-8"))


def same(got, want):
    """Equal in shape and text; numbers within 1e-9, and true is not 1."""
    if isinstance(want, dict):
        return (
            isinstance(got, dict)
            and got.keys() == want.keys()
            and all(same(got[key], want[key]) for key in want)
        )
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, float) and isinstance(got, float):
        return math.isclose(got, want, rel_tol=0, abs_tol=1e-9)
    return type(got) is type(want) and got == want


class Training(unittest.TestCase):
    def test_two_trainings_make_the_same_file_and_the_same_predictions(self):
        split = train.load_split()
        rows = split.pixels[split.test_rows]
        with tempfile.TemporaryDirectory() as directory:
            files = [Path(directory) / name / "model.joblib" for name in ("one", "two")]
            for file in files:
                done = run("train.py", "--out", file)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("on 540 test rows", done.stdout)
                self.assertEqual([entry.name for entry in file.parent.iterdir()], [file.name])
            first, second = (joblib.load(file).predict_proba(rows) for file in files)
            self.assertEqual(*[file.read_bytes() for file in files])
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, app.MODEL.predict_proba(rows))

    def test_the_model_reads_at_least_19_of_20_test_digits_right(self):
        split = train.load_split()
        rows = split.test_rows
        self.assertGreaterEqual(app.MODEL.score(split.pixels[rows], split.digits[rows]), 0.95)

    def test_no_test_row_was_trained_on(self):
        split = train.load_split()
        self.assertEqual(set(split.train_rows) & set(split.test_rows), set())
        self.assertGreaterEqual(len(split.test_rows), 500)


class Handler(unittest.TestCase):
    def score(self, event):
        answer = app.handler(event, None)
        self.assertEqual(sorted(answer), ["body", "statusCode"])
        return answer["statusCode"], json.loads(answer["body"])

    def assert_refused(self, body, sentence, **more):
        self.assertEqual(self.score({"body": body, **more}), (400, {"error": sentence}))

    def test_a_real_row_is_scored_with_four_decimals(self):
        status, body = self.score(event_file("scoring.json"))
        probabilities = app.MODEL.predict_proba([train.load_split().pixels[EVENT_ROW]])[0]
        self.assertEqual(status, 200)
        self.assertEqual(body, {"score": round(float(probabilities.max()), 4), "label": 3})

    def test_a_base64_body_is_scored_alike(self):
        self.assertEqual(
            self.score(event_file("scoring-base64.json")), self.score(event_file("scoring.json"))
        )

    def test_the_event_files_hold_row_1290_of_the_data_set(self):
        split = train.load_split()
        self.assertIn(EVENT_ROW, split.test_rows)
        pixels = split.pixels[EVENT_ROW].tolist()
        plain = event_file("scoring.json")["body"]
        encoded = event_file("scoring-base64.json")["body"]
        self.assertEqual(json.loads(plain)["features"], pixels)
        self.assertEqual(json.loads(base64.b64decode(encoded))["features"], pixels)
        self.assertEqual(event_file("scoring-not-proxy.json")["features"], pixels)

    def test_bad_requests_are_told_what_is_wrong(self):
        good = [0] * 64
        text = json.dumps
        self.assert_refused(
            event_file("scoring-bad-request.json")["body"],
            "'features' must hold 64 numbers, not 63",
        )
        self.assert_refused(None, "the request has no body")
        self.assert_refused({"features": good}, "the request has no body")
        for broken in ("", "{", "features", "[" * 100_000):
            self.assert_refused(broken, "the body is not valid JSON")
        self.assert_refused("%%%", "the body is not valid JSON", isBase64Encoded=True)
        self.assert_refused("/w==", "the body is not valid JSON", isBase64Encoded=True)
        for other in ("{}", "[]", "null", '"features"'):
            self.assert_refused(other, "the body has no key 'features'")
        self.assert_refused(text({"features": "7"}), "'features' is not a list of numbers")
        self.assert_refused(
            text({"features": good + [1]}), "'features' must hold 64 numbers, not 65"
        )
        for value in ("0", None, True, [0], {}):
            body = text({"features": [value] + good[1:]})
            self.assert_refused(body, "features[0] is not a number")
        for value in (-1, 16.5, 10**400, 1e308, math.nan, math.inf):
            self.assert_refused(
                text({"features": good[:-1] + [value]}), "features[63] is not between 0 and 16"
            )

    def test_an_event_without_a_body_key_raises(self):
        with self.assertRaises(KeyError):
            app.handler(event_file("scoring-not-proxy.json"), None)

    def test_nothing_is_printed_per_call(self):
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            self.score(event_file("scoring.json"))
            self.score(event_file("scoring-bad-request.json"))
        self.assertEqual(out.getvalue() + err.getvalue(), "")


class Goldens(unittest.TestCase):
    def test_the_committed_cases_are_what_the_handler_answers_now(self):
        committed, fresh = read_cases(), make_cases.make_cases()
        self.assertEqual([case["id"] for case in committed], [case["id"] for case in fresh])
        wrong = [case["id"] for case, now in zip(committed, fresh) if not same(now, case)]
        self.assertEqual(wrong, [])

    def test_the_cases_have_their_promised_make_up(self):
        cases = read_cases()
        ids = [case["id"] for case in cases]
        tagged = [case["id"] for case in cases if "smoke" in case.get("tags", [])]
        statuses = [case["expect"].get("statusCode", "error") for case in cases]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertTrue(1 <= len(tagged) <= 5, tagged)
        self.assertGreaterEqual(statuses.count(200), 500)
        self.assertGreaterEqual(statuses.count(400), 3)
        self.assertEqual(statuses.count("error"), 1)


class ChangedLeaf(unittest.TestCase):
    # Runs in the copy, so that it is the copy's app.py, model and environment that answer.
    ANSWER_ALL = (
        "import json, sys, app\n"
        "for line in sys.stdin:\n"
        "    answer = app.handler(json.loads(line), None)\n"
        "    print(json.dumps({'statusCode': answer['statusCode'],"
        " 'body': json.loads(answer['body'])}))\n"
    )

    def answers(self, directory, cases):
        done = run(
            "-c",
            self.ANSWER_ALL,
            python=directory / ".venv" / "bin" / "python",
            cwd=directory,
            stdin="".join(json.dumps(case["event"]) + "\n" for case in cases),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_exactly_the_printed_cases_are_answered_differently(self):
        cases = [case for case in read_cases() if "statusCode" in case["expect"]]
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "changed"
            done = run("change_leaf.py", "--copy-to", copy)
            self.assertEqual(done.returncode, 0, done.stderr)
            change = json.loads(done.stdout)
            answers = (app.handler(case["event"], None) for case in cases)
            before = [{**answer, "body": json.loads(answer["body"])} for answer in answers]
            after = self.answers(copy, cases)
            settings = json.loads((copy / "function.json").read_text(encoding="utf-8"))
            for key in ("Event", "Golden"):
                self.assertTrue((copy / settings["Coldframe"][key]).is_file(), key)

            again = run("change_leaf.py", "--copy-to", copy)
            self.assertEqual(again.returncode, 1)
            self.assertIn("is not an empty directory", again.stderr)

        self.assertEqual(before, [case["expect"] for case in cases])
        wrong = {
            case["id"]: got["body"]
            for case, got in zip(cases, after)
            if not same(got, case["expect"])
        }
        self.assertEqual(list(wrong), change["changed"])
        self.assertEqual(wrong, change["answers"])
        self.assertTrue(3 <= len(wrong) <= 40, len(wrong))
        self.assertLess(len(wrong), change["reached"])

    def test_only_one_leaf_differs_between_the_models(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "new" / "model.joblib"
            done = run("change_leaf.py", "--out", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            change, changed = json.loads(done.stdout), joblib.load(file)
        for number, (old, new) in enumerate(zip(app.MODEL.estimators_, changed.estimators_)):
            differing = np.unique(np.nonzero(old.tree_.value != new.tree_.value)[0]).tolist()
            self.assertEqual(differing, [change["leaf"]] if number == change["tree"] else [])
            self.assertEqual(old.tree_.children_left.tolist(), new.tree_.children_left.tolist())


if __name__ == "__main__":
    unittest.main()
