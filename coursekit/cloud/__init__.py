"""The clouds that live inside the learner's kernel.

>>> import boto3
>>> import coursekit as ck
>>> cloud = ck.cloud.aws()
>>> s3 = boto3.client("s3")
"""

from coursekit.cloud.local_aws import LocalAWS, aws

__all__ = ["LocalAWS", "aws"]
