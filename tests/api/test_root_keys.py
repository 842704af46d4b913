"""Where the root key is, is said by settings; an operator moves keys by one command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.environment import SettingsRefused
from api.settings import read_settings
from tests.api.test_program import COMMAND, opened_case, subrosa, up
from vault.keyring.addresses import KmsKey, RootKeyFile, TokenKey, TransitKey

TRANSIT = {
    "SUBROSA_ROOT_KEYS": "transit",
    "SUBROSA_TRANSIT_URL": "https://bao.invalid",
    "SUBROSA_TRANSIT_TOKEN": "t",
}
KMS = {
    "SUBROSA_ROOT_KEYS": "aws-kms",
    "SUBROSA_KMS_KEY": "alias/subrosa",
    "SUBROSA_KMS_REGION": "eu-central-1",
}
TOKEN = {
    "SUBROSA_ROOT_KEYS": "pkcs11",
    "SUBROSA_PKCS11_MODULE": "/m.so",
    "SUBROSA_PKCS11_TOKEN": "vault",
    "SUBROSA_PKCS11_PIN": "1",
}


def test_a_file_under_the_data_directory_holds_the_root_key_unless_said_otherwise() -> None:
    settings = read_settings({"SUBROSA_DATA": "/d"})
    assert settings.root_keys == RootKeyFile(path=Path("/d/keys/root.key"))
    assert settings.old_root_keys is None
    assert not settings.keys_per_case


def test_each_provider_is_named_with_what_it_needs() -> None:
    assert read_settings({"SUBROSA_ROOT_KEY_FILE": "/k"}).root_keys == RootKeyFile(path=Path("/k"))
    assert read_settings(TRANSIT).root_keys == TransitKey(
        url="https://bao.invalid",
        token="t",
        mount="transit",
        key="subrosa",
        ca_file=None,
        timeout_s=4,
    )
    assert read_settings(KMS).root_keys == KmsKey(
        key="alias/subrosa",
        region="eu-central-1",
        endpoint=None,
        access_key=None,
        secret_key=None,
        wait_days=7,
        timeout_s=4,
    )
    assert read_settings(TOKEN).root_keys == TokenKey(
        module=Path("/m.so"), token="vault", pin="1", key="subrosa"
    )


def test_the_provider_before_is_named_in_the_same_way() -> None:
    old = {name.replace("SUBROSA_", "SUBROSA_OLD_"): value for name, value in KMS.items()}
    settings = read_settings({**TRANSIT, **old, "SUBROSA_CASE_KEYS": "per-case"})
    assert isinstance(settings.root_keys, TransitKey)
    assert isinstance(settings.old_root_keys, KmsKey)
    assert settings.keys_per_case


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("4711\n")
    given = {**TOKEN, "SUBROSA_PKCS11_PIN_FILE": str(tmp_path / "pin")}
    address = read_settings(given).root_keys
    assert isinstance(address, TokenKey)
    assert address.pin == "4711"


@pytest.mark.parametrize("given", [TRANSIT, KMS])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://localhost.evil.example", "must begin with https://"),
        ("http://127.0.0.1.evil.example", "must begin with https://"),
        ("http://127.0.0.1@evil.example", "must begin with https://"),
        ("http://localhost:1@evil.example:8200/", "must begin with https://"),
        ("http://[::2]:8200", "must begin with https://"),
        ("ftp://127.0.0.1", "must be an address"),
        ("//127.0.0.1", "must be an address"),
        ("https://", "must be an address"),
        ("http://[::1", "must be an address"),
        ("keys.example", "must be an address"),
    ],
)
def test_keys_go_in_clear_to_nobody_but_this_machine(
    given: dict[str, str], url: str, said: str
) -> None:
    name = "SUBROSA_TRANSIT_URL" if given is TRANSIT else "SUBROSA_KMS_ENDPOINT"
    with pytest.raises(SettingsRefused, match=f"^{name} {said}"):
        read_settings({**given, name: url})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://[::1]:1", "http://LOCALHOST", "https://keys.example:8200"]
)
def test_a_provider_on_this_machine_or_behind_tls_is_asked(url: str) -> None:
    transit = read_settings({**TRANSIT, "SUBROSA_TRANSIT_URL": url}).root_keys
    assert isinstance(transit, TransitKey)
    assert transit.url == url
    kms = read_settings({**KMS, "SUBROSA_KMS_ENDPOINT": url}).root_keys
    assert isinstance(kms, KmsKey)
    assert kms.endpoint == url


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SUBROSA_ROOT_KEYS": "memory"}, "SUBROSA_ROOT_KEYS must be one of `file`, `transit`, "),
        ({"SUBROSA_CASE_KEYS": "both"}, "SUBROSA_CASE_KEYS must be `root` or `per-case`."),
        ({"SUBROSA_ROOT_KEYS": "transit"}, "SUBROSA_TRANSIT_URL must be set."),
        ({**TRANSIT, "SUBROSA_TRANSIT_TOKEN": ""}, "SUBROSA_TRANSIT_TOKEN must be set."),
        ({**TRANSIT, "SUBROSA_TRANSIT_URL": "http://bao"}, "must begin with https://"),
        ({**TRANSIT, "SUBROSA_ROOT_KEY_TIMEOUT_S": "9"}, "must be at most 8."),
        ({"SUBROSA_ROOT_KEYS": "aws-kms"}, "SUBROSA_KMS_KEY must be set."),
        ({**KMS, "SUBROSA_KMS_WAIT_DAYS": "31"}, "SUBROSA_KMS_WAIT_DAYS must be 7 to 30."),
        ({**KMS, "SUBROSA_KMS_ACCESS_KEY": "a"}, "SUBROSA_KMS_SECRET_KEY must be set."),
        ({"SUBROSA_ROOT_KEYS": "pkcs11"}, "SUBROSA_PKCS11_MODULE must be set."),
        ({"SUBROSA_OLD_ROOT_KEYS": "transit"}, "SUBROSA_OLD_TRANSIT_URL must be set."),
    ],
)
def test_what_is_missing_or_contradictory_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        read_settings(environment)
    assert said in str(refusal.value)


def test_an_operator_moves_a_vault_to_another_root_key(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path_factory.mktemp("d") / "v"
    old, new = data / "keys" / "root.key", data.parent / "new.key"
    with up(data) as url:
        http, case = opened_case(data, url)
        http.close()
    subrosa(data, "key", "new", str(new))
    environment = {**os.environ, "SUBROSA_DATA": str(data), "SUBROSA_ROOT_KEY_FILE": str(new)}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words],
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    alone = run("key", "rotate")
    assert (alone.returncode, alone.stderr.count("\n")) == (1, 1)
    moved = run("key", "rotate", SUBROSA_OLD_ROOT_KEY_FILE=str(old))
    assert (moved.returncode, moved.stdout) == (0, "3 keys wrapped anew, 0 were so already.\n")
    old.unlink()
    given = run("key", "rotate", "--case", case)
    assert given.stdout == f"The key of case {case} is wrapped under a new key of its own.\n"
    assert len(list((data.parent / "new.key.cases").iterdir())) == 1
    checked = run("check", "--json")
    assert json.loads(checked.stdout)["problems"] == []


@pytest.mark.parametrize(
    "given",
    [
        {**TRANSIT, "SUBROSA_TRANSIT_URL": "http://127.0.0.1:1"},
        {**KMS, "SUBROSA_KMS_ENDPOINT": "http://127.0.0.1:1"},
        TOKEN,
    ],
)
def test_a_provider_that_cannot_be_reached_stops_the_start_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, given: dict[str, str]
) -> None:
    data = tmp_path_factory.mktemp("d") / "v"
    done = subprocess.run(
        [*COMMAND, "check"],
        env={**os.environ, **given, "SUBROSA_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be" in done.stderr
    assert not (data / "keys").exists()


DYING = """
import ctypes, os, resource, sys
from api.core_dumps import forbid_core_dumps
resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
forbid_core_dumps()
print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
sys.stdout.flush()
os.abort()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="NOT LINUX: no process can be made undumpable")
def test_a_process_that_is_aborted_leaves_no_core(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DYING],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read() == "1 0 0 0\n"
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="NOT LINUX: there is no /proc")
def test_the_program_serves_without_leave_to_dump(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("d") / "v"
    with up(data):
        serving = next(
            folder
            for folder in Path("/proc").glob("[0-9]*")
            if str(data).encode() in (words := (folder / "cmdline").read_bytes())
            and b"\0up\0" in words
        )
        limits = (serving / "limits").read_text().splitlines()
        line = next(line for line in limits if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]
