"""The smallest handler: what the Python runtime client costs by itself, for bench/run.py."""


def handler(event, context):
    return event
