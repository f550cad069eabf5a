"""Trains the digit classifier and writes it to model/model.joblib.

    .venv/bin/python train.py [--out FILE]

The data are the 1797 scanned digits (8 x 8 pixels, each 0 to 16) that scikit-learn ships. Split
and forest have fixed seeds, and a forest fitted by one job uses no BLAS and sums in a fixed order,
so every run, on any machine with the pinned packages, makes the same model, byte for byte. The
goldens depend on that: they are committed, the model is not.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from files import replacing

MODEL_FILE = Path(__file__).resolve().parent / "model" / "model.joblib"
SEED = 7
TEST_ROWS = 540


class Split(NamedTuple):
    """Rows of the data set; `*_rows` are their positions in it, in ascending order."""

    train_rows: np.ndarray
    test_rows: np.ndarray
    pixels: np.ndarray
    digits: np.ndarray


def load_split() -> Split:
    data = load_digits()
    train_rows, test_rows = train_test_split(
        np.arange(len(data.target)),
        test_size=TEST_ROWS,
        random_state=SEED,
        stratify=data.target,
    )
    return Split(np.sort(train_rows), np.sort(test_rows), data.data, data.target)


def fit(split: Split) -> RandomForestClassifier:
    # Two rows to a leaf: scores then take many values instead of multiples of 1/50.
    forest = RandomForestClassifier(
        n_estimators=50, min_samples_leaf=2, random_state=SEED, n_jobs=1
    )
    return forest.fit(split.pixels[split.train_rows], split.digits[split.train_rows])


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the scoring function's model.")
    parser.add_argument("--out", type=Path, default=MODEL_FILE, help="default: model/model.joblib")
    out = parser.parse_args().out

    split = load_split()
    model = fit(split)
    accuracy = model.score(split.pixels[split.test_rows], split.digits[split.test_rows])
    with replacing(out) as temporary:
        joblib.dump(model, temporary)
    print(f"accuracy {accuracy:.4f} on {len(split.test_rows)} test rows, model written to {out}")


if __name__ == "__main__":
    main()
