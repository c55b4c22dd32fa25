"""A bundle on disk is an archive or a folder; a folder is read without following a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from ledger.bundle import Archive, Caps, Members, Part
from ledger.errors import InputError, IntegrityError, LedgerError, MissingError

__all__ = ["Folder", "open_members", "write_folder"]

_CHUNK: Final = 1 << 16
_DEPTH: Final = 1  # folders below the bundle's own
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """The members of a bundle as files below one folder."""

    def __init__(self, path: Path, caps: Caps) -> None:
        """Read names and lengths.

        Args:
            path: The folder.
            caps: Limits.

        Raises:
            InputError: If there are more members than allowed.
            IntegrityError: If a member is a link, or no regular file.
        """
        self._path = path
        self._found: dict[str, os.stat_result] = {}
        for name, status in _files(path, "", 0):
            self._found[name] = status
            if len(self._found) > caps.members:
                raise InputError(
                    f"the bundle has more than the {caps.members} members allowed", where=str(path)
                )

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        return tuple(sorted(self._found))

    def size(self, name: str) -> int:
        """Return the length of a member, in bytes."""
        return self._found[name].st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member.

        Raises:
            IntegrityError: If it is another file by now, or has another length.
        """
        try:
            descriptor = _opened(self._path, name)
        except OSError as error:
            raise _refusal(name, f"it cannot be read: {error.strerror}") from error
        left = self.size(name)
        with os.fdopen(descriptor, "rb") as file:
            if not os.path.samestat(os.fstat(descriptor), self._found[name]):
                raise _refusal(name, "it is another file than the one that was listed")
            while left and (data := file.read(min(_CHUNK, left))):
                left -= len(data)
                yield data
            if left or file.read(1):
                raise _refusal(name, "it changed while it was read")


def _files(path: Path, prefix: str, depth: int) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the files of a folder with their names in the bundle."""
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            name = prefix + entry.name
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                raise _refusal(name, "it is a symbolic link")
            if stat.S_ISDIR(status.st_mode):
                if depth == _DEPTH:
                    raise _refusal(name, "it is a folder")
                yield from _files(Path(entry.path), name + "/", depth + 1)
            elif stat.S_ISREG(status.st_mode):
                yield name, status
            else:
                raise _refusal(name, "it is no regular file")


def _opened(path: Path, name: str) -> int:
    """Open a member: no link is followed on the way to it, and no pipe is waited for."""
    *folders, last = name.split("/")
    with ExitStack() as stack:
        # The folder of the bundle itself is named by the user, through a link or not.
        at = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, at)
        for folder in folders:
            at = os.open(folder, _FLAGS | os.O_DIRECTORY, dir_fd=at)
            stack.callback(os.close, at)
        return os.open(last, _FLAGS, dir_fd=at)


def _archive(path: Path) -> BinaryIO:
    """Open an archive.

    Raises:
        InputError: If it is a pipe or a device: the names in an archive stand at its end.
        OSError: If it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(descriptor, "rb")
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return file
    file.close()
    raise InputError(
        f"cannot read {path}: it is no regular file", remedy="name an archive or a folder"
    )


@contextmanager
def open_members(path: Path, caps: Caps) -> Iterator[Members]:
    """Give the members of a bundle while the block lasts.

    Args:
        path: An archive or a folder.
        caps: Limits.

    Raises:
        MissingError: If there is no such file.
        InputError: If it is no bundle, or beyond a cap.
        IntegrityError: If it is one that was altered, naming the member.
    """
    with ExitStack() as stack:
        try:
            if path.is_dir():
                members: Members = Folder(path, caps)
            else:
                members = Archive(stack.enter_context(_archive(path)), caps)
        except FileNotFoundError as error:
            raise MissingError(
                f"there is no bundle {path}", remedy="write one: flopledger bundle OUT.zip"
            ) from error
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        yield members


def write_folder(path: Path, parts: Iterable[Part]) -> None:
    """Write the members of a bundle as files below a new folder, all of them or none.

    Raises:
        InputError: If there is something of this name already.
        LedgerError: If the disk refuses.
    """
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} is there already", remedy="name a folder that is not")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        for part in parts:
            target = partial / part.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.writelines(part.chunks)
        partial.rename(path)
    except OSError as error:
        raise LedgerError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if partial.exists():
            _remove(partial)


def _remove(folder: Path) -> None:
    """Remove a folder of our own making."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def _refusal(name: str, message: str) -> IntegrityError:
    """Return the error for one member."""
    return IntegrityError(
        message,
        where=f"member {name[:100]!r}",
        why="flopledger bundle writes no such folder",
        remedy="keep the folder as evidence, and ask for the bundle again",
    )
