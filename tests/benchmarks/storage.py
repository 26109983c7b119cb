"""What a large object costs on its way to the embedded S3 and back."""

from __future__ import annotations

from .harness import Benchmark
from .process import program

BENCHMARKS = [
    Benchmark(
        "s3-transfer",
        1.0,
        "200 MB up, down, checksum: transfer_config of the cloud / boto3's defaults",
        lambda: program("s3_transfer", "course")["seconds"],
        lambda: program("s3_transfer", "plain")["seconds"],
    ),
]
