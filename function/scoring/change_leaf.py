"""Changes one leaf of one tree of the model, and says which golden cases that must break.

    .venv/bin/python change_leaf.py --out FILE      writes only the changed model
    .venv/bin/python change_leaf.py --copy-to DIR   a whole function with the changed model

The change is one that nobody would see in the file: in a leaf that held mostly one digit, the
shares of that digit and of the runner-up are exchanged. Leaves are tried in order until one
breaks 3 to 40 cases, at least one of them by another label, and is also reached by a case that
stays right. Which cases break is computed without the handler: from the leaf that each tree's
apply() names for the golden's pixels, and the shares stored there.

stdout is one JSON object: `tree`, `leaf`, `digits`, `before`, `after` (the leaf's shares),
`reached` (cases that end in this leaf), `changed` (ids of the cases that must fail, in file
order) and `answers` (the wrong body that each of them gets).
"""

import argparse
import base64
import json
import shutil
import sys
from pathlib import Path

import joblib
import numpy as np

from files import replacing

HERE = Path(__file__).resolve().parent
CASES_FILE = HERE / "golden" / "cases.jsonl"
MODEL_FILE = Path("model") / "model.joblib"
RTOL, ATOL = 1e-6, 1e-9


def scored_cases() -> list[dict]:
    """The golden cases that are answered with a score, as {id, features, body}."""
    cases = []
    for line in CASES_FILE.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["expect"].get("statusCode") == 200:
            event = case["event"]
            text = base64.b64decode(event["body"]) if "isBase64Encoded" in event else event["body"]
            features = json.loads(text)["features"]
            cases.append({"id": case["id"], "features": features, "body": case["expect"]["body"]})
    return cases


def leaf_shares(forest, leaves: np.ndarray) -> np.ndarray:
    """The class shares of each case in each tree: cases x trees x classes."""
    trees = [tree.tree_.value[:, 0, :] for tree in forest.estimators_]
    return np.stack([value[leaves[:, i]] for i, value in enumerate(trees)], axis=1)


def bodies(forest, shares: np.ndarray) -> list[dict]:
    # Added tree by tree, as the forest does: another order could round differently.
    total = np.zeros(shares[:, 0].shape)
    for tree in range(shares.shape[1]):
        total += shares[:, tree]
    probabilities = total / shares.shape[1]
    best = probabilities.argmax(axis=1)
    return [
        {"score": round(float(row[top]), 4), "label": int(forest.classes_[top])}
        for row, top in zip(probabilities, best)
    ]


def differs(got: dict, want: dict) -> bool:
    allowed = ATOL + RTOL * abs(want["score"])
    return got["label"] != want["label"] or abs(got["score"] - want["score"]) > allowed


def exchanged(shares: np.ndarray) -> np.ndarray | None:
    """The shares with the two largest exchanged; None where nothing else is in the leaf."""
    first, second = np.argsort(-shares, kind="stable")[:2]
    if not shares[first] > shares[second] > 0:
        return None
    changed = shares.copy()
    changed[[first, second]] = shares[[second, first]]
    return changed


def choose_change(forest, cases: list[dict]) -> dict:
    leaves = forest.apply(np.array([case["features"] for case in cases], dtype=np.float32))
    shares = leaf_shares(forest, leaves)
    for case, got in zip(cases, bodies(forest, shares)):
        if differs(got, case["body"]):
            sys.exit(f"case {case['id']} fails before any change: run train.py and make_cases.py")

    for tree in range(leaves.shape[1]):
        for leaf in np.unique(leaves[:, tree]):
            reached = np.flatnonzero(leaves[:, tree] == leaf)
            before = shares[reached[0], tree]
            after = exchanged(before)
            if after is None:
                continue
            candidate = shares[reached].copy()
            candidate[:, tree] = after
            wrong = {
                cases[i]["id"]: (got, cases[i]["body"])
                for i, got in zip(reached, bodies(forest, candidate))
                if differs(got, cases[i]["body"])
            }
            relabelled = any(got["label"] != want["label"] for got, want in wrong.values())
            if 3 <= len(wrong) <= 40 and len(wrong) < len(reached) and relabelled:
                return {
                    "tree": tree,
                    "leaf": int(leaf),
                    "digits": forest.classes_.tolist(),
                    "before": before.tolist(),
                    "after": after.tolist(),
                    "reached": len(reached),
                    "changed": list(wrong),
                    "answers": {name: got for name, (got, _) in wrong.items()},
                }
    sys.exit("no single leaf changes between 3 and 40 golden cases")


def copy_function(target: Path) -> None:
    """Copies the function but for its model; the copy borrows the virtual environment."""
    environment = HERE / ".venv"
    if not environment.exists():
        sys.exit(f"{environment} is missing: make it first, as README.md says")
    if target.resolve().is_relative_to(HERE):
        sys.exit(f"{target} lies inside the function itself: name a directory elsewhere")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        sys.exit(f"{target} is already there and is not an empty directory: name another one")
    shutil.copytree(
        HERE,
        target,
        ignore=shutil.ignore_patterns(".venv", "model", "__pycache__"),
        dirs_exist_ok=True,
    )
    (target / ".venv").symlink_to(environment.resolve())
    settings = json.loads((HERE / "function.json").read_text(encoding="utf-8"))
    event = (HERE / settings["Coldframe"]["Event"]).resolve()
    settings["Coldframe"]["Event"] = str(event)
    text = json.dumps(settings, indent=2) + "\n"
    (target / "function.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Changes one leaf of the scoring model.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="FILE", help="write the changed model here")
    where.add_argument("--copy-to", type=Path, metavar="DIR", help="make a changed function here")
    options = parser.parse_args()
    if not (HERE / MODEL_FILE).exists():
        sys.exit(f"{HERE / MODEL_FILE} is missing: run train.py first")

    forest = joblib.load(HERE / MODEL_FILE)
    change = choose_change(forest, scored_cases())
    forest.estimators_[change["tree"]].tree_.value[change["leaf"], 0, :] = change["after"]
    if options.copy_to:
        copy_function(options.copy_to)
    with replacing(options.out or options.copy_to / MODEL_FILE) as temporary:
        joblib.dump(forest, temporary)
    print(json.dumps(change))


if __name__ == "__main__":
    main()
