"""A shelf is where the workers of a cluster find segments: a folder, or an object store.

Files stand on it under their own SHA-256, so that a segment which was built anew never stands in
the place of another, and a worker knows what it must find. Copies on a shelf are confidential as
the ledger is: they name runs and models.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ledger.engines.partials import Batch
from ledger.errors import InputError, MissingError

__all__ = ["Shelf"]


class Shelf:
    """One folder, named by a URL that the workers understand too."""

    def __init__(self, url: str) -> None:
        """Open a shelf.

        Args:
            url: Such as ``s3://bucket/folder``, as ``fsspec`` takes it.

        Raises:
            InputError: If nothing is known of such a URL, or it names no folder.
            MissingError: If a package is not there.
        """
        try:
            # They come with the extra ``cluster``.
            from fsspec.core import url_to_fs  # noqa: PLC0415
            from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415

            self._files, self._folder = url_to_fs(url)
            if not self._folder:
                raise ValueError(f"{url} names no bucket and no folder")  # noqa: TRY301 - as others
        except ValueError as error:
            raise InputError(
                f"the place of segments is not known: {error}",
                where="--segments",
                remedy="name a folder or a bucket: file:///shared/segments, s3://bucket/segments",
            ) from error
        except ImportError as error:
            raise MissingError(
                f"a package for this place of segments is not installed: {error}",
                where="--segments",
                remedy="install it here and on every worker",
            ) from error
        self._url = url
        # To make a folder in a store is to make its bucket, with rights that nobody chose.
        self._makes = isinstance(self._files, LocalFileSystem)

    def offer(self, batch: Batch, *, again: bool = False) -> Batch:
        """Put the files of a batch on the shelf, and return the batch as workers read it.

        Args:
            batch: Names files of this machine.
            again: Put copies in the place of those that are there.

        Raises:
            FileNotFoundError: If a file of this machine is gone.
            MissingError: If a copy cannot be written.
        """
        urls = []
        for path, digest in zip(batch.paths, batch.digests, strict=True):
            assert isinstance(path, Path), "only files of this machine are put on a shelf"
            try:
                urls.append(self._put(path, f"{self._folder}/{digest}.parquet", again=again))
            except Exception as error:  # each kind of store raises errors of its own
                if isinstance(error, FileNotFoundError) and not path.exists():
                    raise  # ours went: a longer last segment has its place, and all is read anew
                text = " ".join(str(error).split()) or type(error).__name__
                raise MissingError(
                    f"a segment cannot be copied to where workers find it: {text}",
                    where=self._url,
                    why="workers add up only what they can read",
                    remedy="name a bucket or folder that is there and can be written, "
                    "or run the same command with --engine pool",
                ) from error
        return replace(batch, paths=tuple(urls))

    def _put(self, path: Path, target: str, *, again: bool) -> str:
        """Copy one file unless one of its size stands there, and return its URL."""
        files = self._files
        if again or self._size(target) != path.stat().st_size:
            if self._makes:
                files.makedirs(self._folder, exist_ok=True)
            files.pipe_file(target, path.read_bytes())
        url: str = files.unstrip_protocol(target)
        return url

    def _size(self, target: str) -> int | None:
        """Return the size of a file that stands there now; None if none is seen."""
        self._files.invalidate_cache(target)  # of listings that others in this process asked for
        try:
            size: int = self._files.info(target)["size"]
        except (FileNotFoundError, PermissionError):
            # Who may not list is refused where nothing stands. Writing tells, and why.
            return None
        return size
