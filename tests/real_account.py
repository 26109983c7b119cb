"""Fixtures for tests of the guard: a real AWS account, which another moto plays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

REAL = "123456789012"


@pytest.fixture
def own_settings(monkeypatch):
    """Leave out AWS settings of the machine's own, and the switch to a real account."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "COURSEKIT_CLOUD", "COURSEKIT_ACCOUNT")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def elsewhere():
    """Give the address of a server that stands for AWS: not this process's own."""
    code = (
        "import sys, coursekit as ck; cloud = ck.cloud.aws();"
        "print(cloud.endpoint, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.communicate()


@pytest.fixture
def settings(elsewhere, own_settings, monkeypatch):
    """Set a learner's own AWS settings, whose endpoint is the stand-in."""
    import boto3
    import requests

    requests.post(f"{elsewhere}/moto-api/reset", timeout=30).raise_for_status()
    for name, value in {
        "COURSEKIT_CLOUD": "real", "COURSEKIT_ACCOUNT": REAL, "AWS_ENDPOINT_URL": elsewhere,
        "AWS_ACCESS_KEY_ID": "learner", "AWS_SECRET_ACCESS_KEY": "learner",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    boto3.DEFAULT_SESSION = None
    return elsewhere


@pytest.fixture
def account(settings):
    """Guard the account that is played elsewhere."""
    from coursekit.cloud import real_aws

    account = real_aws.connect(endpoint=settings)
    yield account
    account.tear_down()
    account.stop()
