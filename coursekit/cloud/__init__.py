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
from coursekit.cloud.real_aws import RealAWS, rehearse
from coursekit.cloud.real_azure_blob import RealAzureBlob
from coursekit.cloud.real_azure_vms import RealAzureVMs
from coursekit.cloud.real_google_compute import RealGoogleCompute
from coursekit.cloud.real_google_storage import RealGoogleStorage

__all__ = [
    "AzureVMs",
    "GoogleCompute",
    "LocalAWS",
    "LocalBlob",
    "LocalStorage",
    "RealAWS",
    "RealAzureBlob",
    "RealAzureVMs",
    "RealGoogleCompute",
    "RealGoogleStorage",
    "aws",
    "azure_blob",
    "azure_vms",
    "google_compute",
    "google_storage",
    "rehearse",
]
