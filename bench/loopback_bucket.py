"""A bucket on loopback: moto's real HTTP server, and the environment that leads to it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from moto.server import ThreadedMotoServer


@dataclass(frozen=True, slots=True)
class LoopbackBucket:
    """One empty bucket.

    Attributes:
        endpoint: of the server.
    """

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        """Where drops are put."""
        return f"s3://{self.name}/incoming"

    def put(self, name: str, data: bytes) -> None:
        """Upload; what is there already gives way, as when owners mend what they sent."""
        client = boto3.client("s3", endpoint_url=self.endpoint)
        client.put_object(Bucket=self.name, Key=f"incoming/{name}", Body=data)


@contextmanager
def loopback_bucket(name: str) -> Iterator[LoopbackBucket]:
    """Serve an empty bucket and set this process's environment, and its children's, to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    os.environ |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    try:
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=name)
        yield LoopbackBucket(name, endpoint)
    finally:
        server.stop()
