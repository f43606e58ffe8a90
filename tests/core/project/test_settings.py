"""Settings: which place wins, what each may be, and that secrets stay secret."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import FileMistakes, UsageError
from chapbook_core.project.config_keys import KEYS, InvalidSetting, UnknownSetting
from chapbook_core.project.settings import Login, Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path


class World:
    """A home, a project and an environment made for one test."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.variables: dict[str, str] = {}
        for place in (self.home, self.project, self.own, self.poetry):
            place.mkdir(parents=True, exist_ok=True)

    @property
    def own(self) -> Path:
        return self.home / "own"

    @property
    def poetry(self) -> Path:
        return self.home / "poetry"

    def settings(self) -> Settings:
        folders = {"CHAPBOOK_CONFIG_DIR": str(self.own), "POETRY_CONFIG_DIR": str(self.poetry)}
        return read_settings(self.project, variables=folders | self.variables, home=self.home)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_each_place_wins_over_the_one_before_and_says_where_it_is(world: World) -> None:
    key = "installer.max-workers"
    seen = [(world.settings().get(key).value, world.settings().get(key).origin)]
    for number, file in enumerate(
        [world.poetry / "config.toml", world.own / "config.toml", world.project / "poetry.toml"], start=1
    ):
        file.write_text(f"[installer]\nmax-workers = {number}\n", encoding="utf-8")
        seen.append((world.settings().get(key).value, world.settings().get(key).origin))
    for number, variable in enumerate(["POETRY_INSTALLER_MAX_WORKERS", "CHAPBOOK_INSTALLER_MAX_WORKERS"], start=4):
        world.variables[variable] = str(number)
        seen.append((world.settings().get(key).value, world.settings().get(key).origin))

    assert seen == [
        (None, "default"),
        (1, str(world.poetry / "config.toml")),
        (2, str(world.own / "config.toml")),
        (3, str(world.project / "poetry.toml")),
        (4, "POETRY_INSTALLER_MAX_WORKERS"),
        (5, "CHAPBOOK_INSTALLER_MAX_WORKERS"),
    ]


def test_every_setting_has_a_default(world: World) -> None:
    settings = world.settings()

    assert [setting.key.name for setting in settings.all()] == list(KEYS)
    assert all(setting.is_default for setting in settings.all())


def test_settings_can_be_made_of_others(world: World) -> None:
    world.variables["CHAPBOOK_CACHE_DIR"] = "/caches"

    setting = world.settings().get("virtualenvs.path")

    assert (setting.value, setting.raw) == ("/caches/virtualenvs", "{cache-dir}/virtualenvs")


def test_what_is_no_setting_is_left_for_later(world: World) -> None:
    assert world.settings().text("virtualenvs.prompt") == "{project_name}-py{python_version}"


def test_a_setting_made_of_itself_ends(world: World) -> None:
    world.variables |= {"POETRY_CACHE_DIR": "{data-dir}/c", "POETRY_DATA_DIR": "{cache-dir}/d"}

    assert world.settings().text("cache-dir") == "{cache-dir}/d/c"


def test_a_change_is_seen_at_once_and_keeps_the_comments(world: World) -> None:
    file = world.own / "config.toml"
    file.write_text("# mine\n[virtualenvs]\ncreate = true # yes\n", encoding="utf-8")

    written = world.settings().change("virtualenvs.create", ["false"])
    world.settings().change("virtualenvs.options.always-copy", ["1"])

    assert written == file
    assert file.read_text(encoding="utf-8") == (
        "# mine\n[virtualenvs]\ncreate = false # yes\n\n[virtualenvs.options]\nalways-copy = true\n"
    )
    assert world.settings().flag("virtualenvs.create") is False
    assert world.settings().flag("virtualenvs.options.always-copy") is True


def test_a_local_change_goes_to_the_project(world: World) -> None:
    world.settings().change("virtualenvs.in-project", ["false"], local=True)

    assert (world.project / "poetry.toml").read_text(encoding="utf-8") == "[virtualenvs]\nin-project = false\n"
    assert not (world.own / "config.toml").exists()


def test_a_local_change_needs_a_project(world: World) -> None:
    settings = read_settings(None, variables={}, home=world.home)

    with pytest.raises(UsageError, match="needs a project"):
        settings.change("virtualenvs.create", ["true"], local=True)


def test_unset_leaves_the_file_as_it_was(world: World) -> None:
    file = world.own / "config.toml"
    before = "# mine\n[virtualenvs]\ncreate = true\n"
    file.write_text(before, encoding="utf-8")

    world.settings().change("virtualenvs.options.no-pip", ["false"])
    world.settings().unset("virtualenvs.options.no-pip")

    assert file.read_text(encoding="utf-8") == before


def test_unset_of_what_is_not_set_writes_nothing(world: World) -> None:
    world.settings().unset("virtualenvs.create")

    assert not (world.own / "config.toml").exists()


def test_poetrys_own_files_are_never_written(world: World) -> None:
    file = world.poetry / "config.toml"
    file.write_text("[virtualenvs]\ncreate = true\n", encoding="utf-8")

    world.settings().change("virtualenvs.create", ["false"])
    world.settings().unset("virtualenvs.create")

    assert file.read_text(encoding="utf-8") == "[virtualenvs]\ncreate = true\n"
    assert world.settings().flag("virtualenvs.create") is True


def test_a_login_is_kept_in_a_file_only_its_owner_reads(world: World) -> None:
    written = world.settings().change("http-basic.my.repo", ["ada", "s3cret"], local=True)

    login = world.settings().login("my.repo")
    assert written == world.own / "auth.toml"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert login is not None
    assert (login.username, login.password and login.password.reveal()) == ("ada", "s3cret")


def test_an_existing_file_of_secrets_is_made_private(world: World) -> None:
    file = world.own / "auth.toml"
    file.touch(mode=0o644)

    world.settings().change("pypi-token.work", ["s3cret"])

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_secrets_are_listed_masked_with_the_place_they_come_from(world: World) -> None:
    (world.poetry / "auth.toml").write_text(
        '[http-basic.work]\nusername = "ada"\npassword = "s3cret"\n[pypi-token]\nwork = "s3cret"\n', encoding="utf-8"
    )

    settings = world.settings()
    listed = [setting for setting in settings.all() if setting.key.is_secret]

    assert [setting.key.name for setting in listed] == ["http-basic.work", "pypi-token.work"]
    assert {setting.origin for setting in listed} == {str(world.poetry / "auth.toml")}
    assert "s3cret" not in repr(listed)
    assert "s3cret" not in "".join(str(setting.value) for setting in listed)
    token = settings.token("work")
    assert token is not None
    assert token.reveal() == "s3cret"


def test_secrets_come_from_the_environment_too(world: World) -> None:
    world.variables |= {
        "POETRY_HTTP_BASIC_MY_REPO_USERNAME": "ada",
        "POETRY_HTTP_BASIC_MY_REPO_PASSWORD": "s3cret",
        "CHAPBOOK_PYPI_TOKEN_MY_REPO": "t0ken",
    }

    settings = world.settings()

    login, token = settings.login("my-repo"), settings.token("my-repo")
    assert isinstance(login, Login)
    assert login.password is not None
    assert token is not None
    assert (login.username, login.password.reveal(), token.reveal()) == ("ada", "s3cret", "t0ken")


def test_a_repository_has_a_short_and_a_long_form(world: World) -> None:
    (world.own / "config.toml").write_text(
        '[repositories]\na = "https://example.org/a/"\nb = {url = "https://example.org/b/"}\n', encoding="utf-8"
    )
    world.variables["POETRY_REPOSITORIES_MY_C_URL"] = "https://example.org/c/"

    settings = world.settings()

    assert settings.text("repositories.a") == "https://example.org/a/"
    assert settings.text("repositories.b.url") == "https://example.org/b/"
    assert settings.text("repositories.my-c") == "https://example.org/c/"


def test_a_certificate_may_be_a_file_or_switched_off(world: World) -> None:
    (world.own / "config.toml").write_text(
        '[certificates.work]\ncert = false\nclient-cert = "/keys/me.pem"\n', encoding="utf-8"
    )

    settings = world.settings()

    assert settings.text("certificates.work.cert") == "false"
    assert settings.text("certificates.work.client-cert") == "/keys/me.pem"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("true", (":all:",)),
        ("0", (":none:",)),
        (":all:", (":all:",)),
        ("NumPy, my_package", ("numpy", "my-package")),
        (":none:,numpy", (":none:", "numpy")),
    ],
)
def test_lists_of_packages_are_read_as_poetry_reads_them(world: World, typed: str, names: tuple[str, ...]) -> None:
    world.settings().change("installer.no-binary", [typed])

    assert world.settings().names("installer.no-binary") == names


def test_build_settings_of_a_package_stay_a_table_for_poetry(world: World) -> None:
    world.settings().change("installer.build-config-settings.My_Package", ['{"--opt": ["a", "b"]}'], local=True)

    assert (world.project / "poetry.toml").read_text(encoding="utf-8") == (
        '[installer.build-config-settings]\nmy-package = {--opt = ["a", "b"]}\n'
    )
    assert world.settings().text("installer.build-config-settings.my-package") == '{"--opt": ["a", "b"]}'


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("virtualenvs.create", "maybe"),
        ("installer.max-workers", "-1"),
        ("installer.max-workers", "many"),
        ("installer.no-binary", "not a name"),
        ("cache-dir", ""),
        ("installer.build-config-settings.a", "[1]"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_written(world: World, name: str, typed: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        world.settings().change(name, [typed])

    assert name in caught.value.message
    assert caught.value.hints
    assert not (world.own / "config.toml").exists()


def test_a_wrong_value_in_a_file_or_variable_names_it(world: World) -> None:
    (world.project / "poetry.toml").write_text('[virtualenvs]\ncreate = "maybe"\n', encoding="utf-8")
    world.variables["POETRY_INSTALLER_PARALLEL"] = "perhaps"

    with pytest.raises(InvalidSetting, match=r"poetry\.toml"):
        world.settings().get("virtualenvs.create")
    with pytest.raises(InvalidSetting, match="POETRY_INSTALLER_PARALLEL"):
        world.settings().get("installer.parallel")


def test_an_empty_variable_says_nothing_unless_it_is_a_list(world: World) -> None:
    world.variables |= {
        "CHAPBOOK_CACHE_DIR": "",
        "POETRY_CACHE_DIR": "/there",
        "CHAPBOOK_VIRTUALENVS_CREATE": " ",
        "CHAPBOOK_INSTALLER_NO_BINARY": "",
        "POETRY_INSTALLER_NO_BINARY": "numpy",
    }
    settings = world.settings()
    assert "/there" == settings.text("cache-dir")
    assert settings.flag("virtualenvs.create")
    assert (":none:",) == settings.names("installer.no-binary")


def test_a_wrong_secret_is_not_shown(world: World) -> None:
    (world.own / "auth.toml").write_text('http-basic = {work = ["s3cret"]}\n', encoding="utf-8")

    with pytest.raises(InvalidSetting) as caught:
        world.settings().get("http-basic.work")

    assert "s3cret" not in caught.value.message


def test_an_unknown_setting_suggests_a_known_one(world: World) -> None:
    with pytest.raises(UnknownSetting) as caught:
        world.settings().get("virtualenvs.creat")

    assert caught.value.hints == ("did you mean `virtualenvs.create`?",)


def test_settings_take_as_many_words_as_they_need(world: World) -> None:
    with pytest.raises(UsageError, match="needs one value"):
        world.settings().change("virtualenvs.create", ["true", "false"])
    with pytest.raises(UsageError, match="a user name and a password"):
        world.settings().change("http-basic.work", [])


def test_a_broken_file_is_named_with_the_line(world: World) -> None:
    file = world.project / "poetry.toml"
    file.write_text("[virtualenvs]\ncreate = \n", encoding="utf-8")

    with pytest.raises(FileMistakes) as caught:
        world.settings()

    assert caught.value.message.startswith(f"{file}:2: is not valid TOML")
