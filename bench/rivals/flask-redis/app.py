"""The usual sample of a voting app, made durable and countable: a vote is counted in Redis, which syncs its log first."""

import os

import redis
from flask import Flask, __version__ as flask_version, jsonify, request

OPTIONS = os.environ["OPTIONS"].split(",")
store = redis.Redis(port=int(os.environ["REDIS_PORT"]))

# One step to everybody else, so that a voter who changes is counted once.
count = store.register_script(
    """
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then redis.call('HINCRBY', KEYS[2], before, -1) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
"""
)

app = Flask(__name__)


@app.get("/")
def about():
    return "", 200, {"x-version": f"flask/{flask_version}"}


@app.post("/vote")
def vote():
    body = request.get_json()
    if not isinstance(body.get("voter"), str) or body.get("option") not in OPTIONS:
        return jsonify(error="invalid vote"), 400
    count(keys=["votes", "counts", "cast"], args=[body["voter"], OPTIONS.index(body["option"])])
    return jsonify(status="accepted"), 202


@app.get("/tally")
def tally():
    def numbers(key):
        stored = store.hgetall(key)
        return [int(stored.get(str(choice).encode(), 0)) for choice in range(len(OPTIONS))]

    rows = [0] * len(OPTIONS)
    for choice in store.hvals("votes"):
        rows[int(choice)] += 1
    return jsonify(votes=numbers("counts"), cast=numbers("cast"), rows=rows)
