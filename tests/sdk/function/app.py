"""The function under the SDK tests: the event's "op" says what to do.

Every event may carry "mark", a file to which the handler adds a line with its request id, so that
a test can count invocations whatever becomes of their answers.
"""
import os
import time


def note(path, request_id):
    with open(path, "a", encoding="utf-8") as file:
        file.write(request_id + "\n")


def describe(context):
    client = context.client_context
    return {
        "request_id": context.aws_request_id,
        "function_name": context.function_name,
        "function_version": context.function_version,
        "memory_mb": int(context.memory_limit_in_mb),
        "arn": context.invoked_function_arn,
        "custom": client.custom if client else None,
    }


def wait_for(path, seconds):
    give_up = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{path} did not appear")
        time.sleep(0.01)
    return "released"


def handler(event, context):
    if isinstance(event, str):
        return {"length": len(event)}
    if "mark" in event:
        note(event["mark"], context.aws_request_id)
    op = event.get("op")
    if op == "echo":
        return event["payload"]
    if op == "context":
        return describe(context)
    if op == "fail":
        raise KeyError("no such model")
    if op == "exit":
        os._exit(event["code"])
    if op == "sleep":
        time.sleep(event["seconds"])
    if op == "wait":
        return wait_for(event["file"], event["seconds"])
    if op == "log":
        for number in range(event["lines"]):
            print(f"line {number:04d} of the function's own log")
    return {"got": event} if op is None else None
