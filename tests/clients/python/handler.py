"""The common test protocol of tests/clients, as a Python handler (see ../README.md)."""
import os
import time

invokes = 0


def handler(event, context):
    global invokes
    invokes += 1
    op = event["op"]
    if op == "echo":
        return event["payload"]
    if op == "fail":
        raise RuntimeError("failed on purpose")
    if op == "pid":
        return {"pid": os.getpid(), "invokes": invokes}
    if op == "context":
        client = context.client_context
        return {
            "request_id": context.aws_request_id,
            "function_name": context.function_name,
            "function_version": context.function_version,
            "memory_mb": int(context.memory_limit_in_mb),
            "arn": context.invoked_function_arn,
            "remaining_ms": context.get_remaining_time_in_millis(),
            "k": client.custom["k"] if client else None,
        }
    if op == "sleep":
        time.sleep(event["ms"] / 1000)
        return "awake"
    if op == "big":
        return "x" * event["bytes"]
    raise ValueError(f"unknown op {op!r}")
