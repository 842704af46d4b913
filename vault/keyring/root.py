"""The root key lies in one file that its owner alone can read, and never leaves this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, Self, final

from vault.errors import Tampered
from vault.keyring.files import key_id_of, overwrite_and_remove, read_key, sync_directory, write_key
from vault.keyring.port import Destroyed, KeyGone, RootKeyRefused, unavailable
from vault.keyring.wrapped import KEY_ID_SIZE, Header, is_first_format, taken_apart
from vault.sealing.envelope import ENVELOPE_OVERHEAD, derive, open_envelope, seal_envelope
from vault.sealing.keys import KEY_SIZE

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from vault.ids import CaseId
    from vault.keyring.port import Place

_TITLE: Final = "subrosa root key v1"
_CASE_TITLE: Final = "subrosa case key v1"
_WRAP_LABEL: Final = b"subrosa/root-key/wrap/v1"
_CASE_WRAP_LABEL: Final = b"subrosa/case-own-key/wrap/v1"


@final
class FileRootKey:
    """A `KeyProvider` whose root key is read from a file.

    Trusted with every secret of the vault: whoever has the file and the database reads all, and
    without the file nobody does. What is kept in memory is the wrapping subkey; Python does not
    overwrite the freed bytes of the file.

    Keys of cases' own are files in a directory beside it. Such a key opens nothing without the
    root key, nor the root key anything without it.
    """

    __slots__ = ("_cases", "_wrapping", "key_id")

    name: ClassVar[str] = "file"
    number: ClassVar[int] = 1

    def __init__(self, material: bytes, cases: Path | None = None) -> None:
        """Wrap under a root key.

        Args:
            material: The root key.
            cases: Directory of the keys of cases' own; None if there are to be none.
        """
        assert len(material) == KEY_SIZE
        self._wrapping = derive(material, _WRAP_LABEL)
        self._cases = cases
        self.key_id = key_id_of(material)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Draw a new root key and write its file, mode 0600, durable on return.

        Raises:
            RootKeyRefused: There is a file already, which is left alone, or none can be written.
        """
        material = os.urandom(KEY_SIZE)
        write_key(path, _TITLE, material)
        return cls(material, _cases_beside(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a root key from its file.

        Raises:
            RootKeyRefused: The file is a link, is not the owner's alone, or is not what `create`
                writes.
        """
        return cls(read_key(path, _TITLE), _cases_beside(path))

    def wrap(self, key: bytes, place: Place, *, own: bool = False) -> bytes:
        """See `KeyProvider.wrap`."""
        header = Header.by(self, own=own)
        if not own:
            sealed = seal_envelope(self._wrapping, header.binding(place), key)
            return header.encoded() + sealed
        versions = self._versions(place)
        if not versions:
            raise KeyGone("No file holds a key of this case's own.")
        key_id = versions[-1]
        sealed = seal_envelope(self._under(place, key_id), header.binding(place, key_id), key)
        return header.encoded() + key_id + sealed

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.unwrap`."""
        header, body = taken_apart(self, wrapped, place)
        if is_first_format(wrapped):
            return open_envelope(self._wrapping, place.encoded(), wrapped[1 + KEY_ID_SIZE :])
        if not header.own:
            return open_envelope(self._wrapping, header.binding(place), body)
        key_id, sealed = body[:KEY_ID_SIZE], body[KEY_ID_SIZE:]
        if len(sealed) != ENVELOPE_OVERHEAD + KEY_SIZE:
            raise Tampered
        versions = self._versions(place)
        if not versions:
            raise KeyGone("No file holds a key of this case's own.")
        if key_id not in versions:
            raise Tampered
        return open_envelope(self._under(place, key_id), header.binding(place, key_id), sealed)

    def rewrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.rewrap`."""
        header, body = taken_apart(self, wrapped, place)
        key = self.unwrap(wrapped, place)
        newest = self._versions(place)[-1] if header.own else b""
        if not is_first_format(wrapped) and body.startswith(newest):
            return wrapped
        return self.wrap(key, place, own=header.own)

    def new_case_key(self, case: CaseId) -> None:
        """See `KeyProvider.new_case_key`."""
        directory = self._cases
        assert directory is not None, "a root key that came from no file has no directory"
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            sync_directory(directory.parent)
            number = len(list(directory.glob(f"{case}.*.key")))
            material = os.urandom(KEY_SIZE)
            name = f"{case}.{number:06}.{key_id_of(material)}.key"
            # Renamed when it is whole: one that was cut by a crash would be the newest for ever.
            write_key(directory / f"{name}.new", _CASE_TITLE, material)
            (directory / f"{name}.new").rename(directory / name)
            sync_directory(directory)
        except (OSError, RootKeyRefused) as error:
            raise unavailable(self.name, error) from error

    def destroy_case_key(self, case: CaseId) -> Destroyed:
        """See `KeyProvider.destroy_case_key`: overwritten, then removed."""
        try:
            # The directory is made with the first such key; a missing one is no fault yet.
            there = self._cases is not None and self._cases.exists()
            found = self._named_after(case) if there else []
            for path in found:
                overwrite_and_remove(path)
        except OSError as error:
            raise unavailable(self.name, error) from error
        return Destroyed(key_id=str(case), found=bool(found))

    def close(self) -> None:
        """See `KeyProvider.close`: nothing is held open."""

    def _files(self, case: UUID | None) -> list[Path]:
        """Return the files of a case's own key, oldest first.

        A directory that is not there is a disk that is not mounted, not a key that was destroyed.

        Raises:
            Unavailable: It cannot be read.
        """
        try:
            return [path for path in self._named_after(case) if path.suffix == ".key"]
        except OSError as error:
            raise unavailable(self.name, error) from error

    def _named_after(self, case: UUID | None) -> list[Path]:
        """Return every file that was begun for a case, whole or not."""
        if self._cases is None:
            return []
        paths = sorted(self._cases.iterdir())
        return [path for path in paths if path.name.startswith(f"{case}.")]

    def _versions(self, place: Place) -> list[bytes]:
        """Return the ids of a case's own key, oldest first."""
        return [bytes.fromhex(path.name.split(".")[2]) for path in self._files(place.holder)]

    def _under(self, place: Place, key_id: bytes) -> bytes:
        """Return the wrapping key that takes both the root key and one version of the case's own.

        Raises:
            Unavailable: Its file is not as it was written.
        """
        path = next(path for path in self._files(place.holder) if f".{key_id.hex()}." in path.name)
        try:
            material = read_key(path, _CASE_TITLE)
        except RootKeyRefused as error:
            raise unavailable(self.name, error) from error
        return derive(self._wrapping + material, _CASE_WRAP_LABEL)

    def __repr__(self) -> str:
        return f"<FileRootKey {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied.")


def _cases_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.cases")
