"""200 MB to the embedded S3 and back, with checksum: course|plain settings. No start counted."""

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import boto3

import coursekit as ck

MB = 200

cloud = ck.cloud.aws()
s3 = boto3.client("s3")
s3.create_bucket(Bucket="bench")
settings = {"Config": cloud.transfer_config} if sys.argv[1] == "course" else {}
with tempfile.TemporaryDirectory() as folder:
    sent, back = Path(folder, "sent"), Path(folder, "back")
    sent.write_bytes(os.urandom(1_000_000) * MB)
    began = time.perf_counter()
    s3.upload_file(str(sent), "bench", "object", **settings)
    up = time.perf_counter()
    s3.download_file("bench", "object", str(back), **settings)
    down = time.perf_counter()
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (sent, back)}
assert len(digests) == 1
print(json.dumps({"seconds": down - began, "up": MB / (up - began), "down": MB / (down - up)}))
