"""PostgreSQL as a rival: by trigrams, and by Double Metaphone with an edit distance.

A cluster of its own in a temporary folder, which no network reaches, stopped when done.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from abc import abstractmethod
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from rivals import Rival, RivalError

__all__ = ["POSTGRES"]

_Result = TypeVar("_Result")

# Everything in memory, nothing kept on disk for certain, nothing in parallel: its best case on one thread.
SETTINGS = {
    "listen_addresses": "", "max_connections": "4", "shared_buffers": "2GB", "work_mem": "256MB",
    "maintenance_work_mem": "1GB", "max_wal_size": "8GB", "fsync": "off", "full_page_writes": "off",
    "synchronous_commit": "off", "autovacuum": "off", "jit": "off", "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0", "random_page_cost": "1.1",
}  # fmt: skip


def _binaries() -> Path | None:
    """The programs of the newest PostgreSQL: Debian keeps them off the path."""
    found = [Path(path).resolve().parent for path in (shutil.which("initdb"), shutil.which("postgres")) if path]
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return next((path for path in (*found, *reversed(versions)) if (path / "postgres").exists()), None)


def _account() -> dict[str, Any]:
    """The user to run it as: PostgreSQL refuses to be run by root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise RivalError("PostgreSQL cannot be run by root, and there is neither 'postgres' nor 'nobody'")


class _Cluster:
    """A private cluster, reached by a socket in its own folder."""

    def __init__(self, binaries: Path) -> None:
        account = _account()
        self.folder = Path(tempfile.mkdtemp(prefix="phonosearch-pg-"))
        if account:
            os.chown(self.folder, account["user"], account["group"])
        data = self.folder / "data"
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
        self._server: subprocess.Popen[bytes] | None = None
        try:
            with (self.folder / "log").open("wb") as log:
                subprocess.run(
                    [binaries / "initdb", "--username=bench", "--auth=trust", "--no-sync", "--locale=C",
                     "--encoding=UTF8", "--pgdata", data],
                    check=True, stdout=log, stderr=log, env=environment, cwd=self.folder, **account,
                )  # fmt: skip
                settings = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
                self._server = subprocess.Popen(
                    [binaries / "postgres", "-D", data, "-k", self.folder, *settings],
                    stdout=log, stderr=log, env=environment, cwd=self.folder, **account,
                )  # fmt: skip
        except (OSError, subprocess.CalledProcessError) as error:
            reason = self._log() or str(error)
            self.stop()
            raise RivalError(f"PostgreSQL cannot be started: {reason}") from error
        except BaseException:
            self.stop()
            raise

    def _log(self) -> str:
        """The last line that the server wrote."""
        try:
            lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def check(self) -> None:
        """Raise if the server has ended."""
        if self._server is None or self._server.poll() is not None:
            raise RivalError(f"PostgreSQL ended: {self._log()}")

    def stop(self) -> None:
        if self._server:
            # Its fast way to stop: it does not wait for clients to leave.
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Postgres(Rival):
    """A table without a log of its writes, one index, one connection, prepared statements; ranked by the database."""

    packages = ("asyncpg",)
    extension: ClassVar[str]
    index: ClassVar[str]
    floor = 0.8
    _cluster: _Cluster | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    def missing(self) -> str:
        if absent := super().missing():
            return absent
        binaries = _binaries()
        if binaries is None:
            return "PostgreSQL is not installed (Debian: postgresql)"
        done = subprocess.run([binaries / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        folder = Path(done.stdout.strip() or f"/usr/share/postgresql/{binaries.parent.name}")
        if not (folder / "extension" / f"{self.extension}.control").exists():
            return f"the extension {self.extension} is not installed (Debian: postgresql-contrib)"
        return ""

    def version(self) -> str:
        binaries = _binaries()
        done = subprocess.run([f"{binaries}/postgres", "--version"], capture_output=True, text=True, check=True)
        return "PostgreSQL " + done.stdout.split()[2]

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        assert self._loop is not None
        return self._loop.run_until_complete(work)

    def prepare(self) -> None:
        asyncpg: Any = importlib.import_module("asyncpg")
        binaries = _binaries()
        assert binaries is not None
        self._cluster = cluster = _Cluster(binaries)
        self._loop = asyncio.new_event_loop()
        for _ in range(300):
            cluster.check()
            try:
                self._connection: Any = self._run(
                    asyncpg.connect(host=str(cluster.folder), user="bench", database="postgres")
                )
                break
            except (OSError, asyncpg.CannotConnectNowError):
                time.sleep(0.1)
        else:
            raise RivalError("PostgreSQL does not answer")
        self._run(self._connection.execute(f"CREATE EXTENSION {self.extension}"))

    def build(self, names: Sequence[str]) -> None:
        self._run(self._build(names))
        self._statements: dict[int, Any] = {}

    async def _build(self, names: Sequence[str]) -> None:
        run = self._connection.execute
        await run("CREATE UNLOGGED TABLE names (id integer NOT NULL, name text NOT NULL)")
        await self._connection.copy_records_to_table("names", records=enumerate(names))
        for statement in self.index.split(";"):
            await run(statement)
        await run("VACUUM ANALYZE names")

    @abstractmethod
    def _statement(self, parts: int) -> str:
        """The query for so many parts: ``$1`` is their text, ``$2`` the number of names wanted, then each part."""

    def search(self, text: str, k: int) -> list[int]:
        return self._run(self._search(text, k))

    async def _search(self, text: str, k: int) -> list[int]:
        parts = text.split()
        statement = self._statements.get(len(parts))
        if statement is None:
            statement = self._statements[len(parts)] = await self._connection.prepare(self._statement(len(parts)))
        arguments = parts if "$3" in statement.get_query() else ()
        return [row for (row,) in await statement.fetch(text, k, *arguments)]

    def size(self) -> int:
        found: int = self._run(self._connection.fetchval("SELECT pg_indexes_size('names')"))
        return found

    def close(self) -> None:
        try:
            if self._loop is not None:
                if getattr(self, "_connection", None) is not None:
                    self._run(self._connection.close())
                self._loop.close()
        finally:
            self._loop = self._connection = None
            if self._cluster is not None:
                self._cluster.stop()
                self._cluster = None


class Trigrams(_Postgres):
    """pg_trgm: names that are similar by trigrams, most similar first."""

    name = "PostgreSQL pg_trgm GIN"
    note = "similarity of at least 0.3 (the default), ranked by it; GIN index; one connection, prepared statements"
    extension = "pg_trgm"
    index = "CREATE INDEX ON names USING gin (name gin_trgm_ops) WITH (fastupdate = off)"

    def _statement(self, parts: int) -> str:
        return "SELECT id FROM names WHERE name % $1::text ORDER BY similarity(name, $1::text) DESC, id LIMIT $2"


class Sounds(_Postgres):
    """fuzzystrmatch: every part shares a Double Metaphone code with a part of the name; by Levenshtein distance."""

    name = "PostgreSQL dmetaphone GIN + levenshtein"
    note = "every part shares a code with a part of the name; GIN index on the codes, ranked by Levenshtein distance"
    extension = "fuzzystrmatch"
    index = """
        ALTER TABLE names RENAME TO given;
        CREATE UNLOGGED TABLE names AS SELECT id, name, ARRAY(
            SELECT DISTINCT code
            FROM unnest(string_to_array(name, ' ')) AS part,
            LATERAL (VALUES (dmetaphone(part)), (dmetaphone_alt(part))) AS coded (code)
            WHERE code <> ''
        ) AS codes FROM given;
        DROP TABLE given;
        CREATE INDEX ON names USING gin (codes) WITH (fastupdate = off)
    """

    def _statement(self, parts: int) -> str:
        shared = " AND ".join(
            f"codes && ARRAY[dmetaphone(${at}::text), dmetaphone_alt(${at}::text)]" for at in range(3, parts + 3)
        )
        return f"SELECT id FROM names WHERE {shared} ORDER BY levenshtein(name, $1::text), id LIMIT $2"


POSTGRES: tuple[type[Rival], ...] = (Trigrams, Sounds)
