"""The clouds that live inside the learner's kernel.

>>> import boto3
>>> import coursekit as ck
>>> cloud = ck.cloud.aws()
>>> s3 = boto3.client("s3")
"""

from coursekit.cloud.local_aws import LocalAWS, aws
from coursekit.cloud.local_azure_blob import LocalBlob, azure_blob
from coursekit.cloud.local_azure_vms import AzureVMs, azure_vms
from coursekit.cloud.local_google_compute import GoogleCompute, google_compute
from coursekit.cloud.local_google_storage import LocalStorage, google_storage

__all__ = [
    "AzureVMs",
    "GoogleCompute",
    "LocalAWS",
    "LocalBlob",
    "LocalStorage",
    "aws",
    "azure_blob",
    "azure_vms",
    "google_compute",
    "google_storage",
]
