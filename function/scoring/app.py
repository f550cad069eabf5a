"""The scoring function: which digit do these 8 x 8 pixels show, and how sure is the model?

The event is API Gateway's proxy form, {"body": "{\"features\": [64 numbers from 0 to 16]}"}, and
so is the answer: 200 with {"score": 0.9312, "label": 3}, where score is the probability of the
label in four decimals, or 400 with {"error": "..."} for a body that cannot be scored. An event
without a body key comes from no gateway and raises, which Lambda reports as a function error.
"""

import base64
import json
from pathlib import Path

import joblib
import numpy as np
import sklearn.ensemble  # noqa: F401  (for the pickled forest)

MODEL = joblib.load(Path(__file__).resolve().parent / "model" / "model.joblib")
FEATURES = 64
LOWEST, HIGHEST = 0, 16


class BadRequest(Exception):
    """The caller's mistake, told in one sentence."""


def handler(event, context):
    body, is_base64 = event["body"], event.get("isBase64Encoded", False)
    try:
        features = parse_features(body, is_base64)
    except BadRequest as problem:
        return answer(400, {"error": str(problem)})

    probabilities = MODEL.predict_proba(np.array([features], dtype=np.float32))[0]
    best = int(np.argmax(probabilities))
    score = round(float(probabilities[best]), 4)
    return answer(200, {"score": score, "label": int(MODEL.classes_[best])})


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body, separators=(",", ":"))}


def parse_features(body, is_base64):
    if not isinstance(body, str):
        raise BadRequest("the request has no body")
    try:
        request = json.loads(base64.b64decode(body, validate=True) if is_base64 else body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not valid JSON") from None
    if not isinstance(request, dict) or "features" not in request:
        raise BadRequest("the body has no key 'features'")

    features = request["features"]
    if not isinstance(features, list):
        raise BadRequest("'features' is not a list of numbers")
    if len(features) != FEATURES:
        raise BadRequest(f"'features' must hold {FEATURES} numbers, not {len(features)}")
    for position, value in enumerate(features):
        # bool is an int to Python but no number to a JSON caller; NaN fails the comparison.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise BadRequest(f"features[{position}] is not a number")
        if not LOWEST <= value <= HIGHEST:
            raise BadRequest(f"features[{position}] is not between {LOWEST} and {HIGHEST}")
    return features
