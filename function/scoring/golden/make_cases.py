"""Writes golden/cases.jsonl: what the handler answers to every row of the model's test split.

    .venv/bin/python golden/make_cases.py [--out FILE]

One JSON object a line: `id` (digits-N is row N of scikit-learn's digits), `event`, `expect` (the
answer, its body decoded), `label` (the digit a person read) and, for the first few, the tag
`smoke`. At the end stand requests that must be refused and one event that must raise.
"""

import argparse
import base64
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import app  # noqa: E402
import train  # noqa: E402
from files import replacing  # noqa: E402

CASES_FILE = HERE / "cases.jsonl"
SMOKE_CASES = 5


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"))


def event_of(features) -> dict:
    return {"body": compact({"features": features})}


def expected(event: dict) -> dict:
    """What the handler makes of `event`, in the form of a golden's `expect`."""
    try:
        answer = app.handler(event, None)
    except Exception as error:
        return {"error": {"errorType": type(error).__name__}}
    return {"statusCode": answer["statusCode"], "body": json.loads(answer["body"])}


def test_row_cases() -> list[dict]:
    split = train.load_split()
    cases = []
    for row in split.test_rows:
        event = event_of([int(pixel) for pixel in split.pixels[row]])
        case = {"id": f"digits-{row:04}", "event": event, "expect": expected(event)}
        case["label"] = int(split.digits[row])
        if len(cases) < SMOKE_CASES:
            case["tags"] = ["smoke"]
        cases.append(case)
    return cases


def other_cases(good_event: dict) -> list[dict]:
    """Base64 as gateways send it for binary media types, refusals, and one function error."""
    features = json.loads(good_event["body"])["features"]
    encoded = base64.b64encode(good_event["body"].encode()).decode()
    bad_requests = {
        "body-null": {"body": None},
        "body-not-json": {"body": "features=1,2,3"},
        "features-missing": {"body": compact({"pixels": features})},
        "features-not-a-list": event_of("all black"),
        "features-too-few": event_of(features[:-1]),
        "features-too-many": event_of(features + [0]),
        "feature-text": event_of(["0"] + features[1:]),
        "feature-null": event_of(features[:-1] + [None]),
        "feature-boolean": event_of([True] + features[1:]),
        "feature-out-of-range": event_of(features[:10] + [17] + features[11:]),
    }
    events = [("base64", "body", {"body": encoded, "isBase64Encoded": True})]
    events += [("bad-request", name, event) for name, event in bad_requests.items()]
    events += [("function-error", "not-a-proxy-event", {"features": features})]
    return [
        {"id": f"{tag}-{name}", "event": event, "expect": expected(event), "tags": [tag]}
        for tag, name, event in events
    ]


def make_cases() -> list[dict]:
    cases = test_row_cases()
    return cases + other_cases(cases[0]["event"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the scoring function's golden cases.")
    parser.add_argument("--out", type=Path, default=CASES_FILE, help="default: cases.jsonl here")
    out = parser.parse_args().out

    cases = make_cases()
    with replacing(out) as temporary:
        text = "".join(compact(case) + "\n" for case in cases)
        Path(temporary).write_text(text, encoding="utf-8")
    print(f"{len(cases)} cases written to {out}")


if __name__ == "__main__":
    main()
