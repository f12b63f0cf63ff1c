"""The bytes behind an item's address, wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scrubjay.core.errors import BadMedia
from scrubjay.store.bucket import is_remote
from scrubjay.store.media import MediaStore
from scrubjay.store.objects import read_uri
from scrubjay.store.uploads import uploaded_sha256


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads items: files where they are, objects of a bucket and uploads from the home's media.

    It may be sent to other processes. It knows the addresses of the moment it was made, so that
    what is trained on does not change meanwhile; make another after the catalog changed.

    Attributes:
        media: the home's media folder.
        sha256s: address in an object store -> the bytes the catalog says are there.
    """

    media: Path
    sha256s: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, uri: str, *, max_bytes: int | None = None) -> bytes:
        """The bytes behind an address.

        Args:
            max_bytes: more is refused before it is read.

        Raises:
            BadMedia: they are gone, too large, may not be read, or nobody catalogued the address.
            Damaged: what is kept is not what was put there.
        """
        uploaded = uploaded_sha256(uri)
        if uploaded is None and not is_remote(uri):
            return read_uri(uri, max_bytes=max_bytes)
        sha256 = uploaded or self.sha256s.get(uri)
        if sha256 is None:
            raise BadMedia("not in the catalog; add its bucket first", uri)
        try:
            return MediaStore(self.media).read(sha256, max_bytes=max_bytes)
        except BadMedia as error:
            raise BadMedia(error.reason, uri) from error
