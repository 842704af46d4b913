"""A process of its own that begins to erase a case, says so, and is then to be killed."""

import json
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from api.composition import compose
from tests.contracts.failing_store import FailingStore
from tests.vault.erasing import ORDER
from vault.core import Limits
from vault.database.connection import Database
from vault.disposition import erasure
from vault.ids import CaseId
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.port import Kept
from vault.storage.s3 import S3Settings, S3Store


class HangingStore(FailingStore):
    """Removes one object, and never returns from removing it."""

    def destroy(self, name: str) -> tuple[Kept, ...]:
        self.real.destroy(name)
        sys.stdout.write("removing\n")
        sys.stdout.flush()
        time.sleep(3600)
        return ()


def main() -> None:
    """Erase the case that standard input names."""
    told = json.load(sys.stdin)
    with (
        closing(Database(told["database_url"], pool_size=4)) as database,
        closing(S3Store(S3Settings(**told["s3"]))) as store,
        compose(
            database_url=told["database_url"],
            log_origin=told["log_origin"],
            database=database,
            store=HangingStore(store),
            keyring=Keyring(FileRootKey.load(Path(told["root_key"]))),
            clock=lambda: datetime.now(UTC),
            limits=Limits(document_bytes=1 << 30),
        ) as vault,
    ):
        erasure.erase_case(vault, CaseId(UUID(told["case"])), ORDER)


if __name__ == "__main__":
    main()
