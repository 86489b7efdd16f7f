"""Precedence, origins, problems all at once, and each knob turned."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hydrometer.base import settings
from hydrometer.base.errors import UsageError
from hydrometer.base.pseudonyms import PUBLIC_KEY
from hydrometer.base.settings import FILE_NAMES, NAMES, Settings, load, template

KEY = "a-key-of-a-deployment-0123456789"
OTHER_VALUES = {
    "seed": 7,
    "threads": 1,
    "memory": "512MB",
    "engine": "spark",
    "master": "spark://cluster:7077",
    "q": 0.001,
    "prior": 0.2,
    "epoch_hours": 12,
    "minimum_accounts": 9,
}


def test_every_setting_has_another_value_to_try() -> None:
    assert set(OTHER_VALUES) == set(FILE_NAMES)
    defaults = Settings()
    assert all(getattr(defaults, name) != value or name == "threads" for name, value in OTHER_VALUES.items())


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_knob_turned_in_the_file(name: str, tmp_path: Path) -> None:
    value = OTHER_VALUES[name]
    text = f'"{value}"' if isinstance(value, str) else str(value)
    (tmp_path / "hydrometer.toml").write_text(f"\n{name} = {text}\n")
    found = load({}, {}, folder=tmp_path)
    assert getattr(found.settings, name) == value
    assert found.origins[name] == f"{tmp_path / 'hydrometer.toml'} line 2"


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_knob_turned_in_the_environment(name: str, tmp_path: Path) -> None:
    variable = f"HYDROMETER_{name.upper()}"
    found = load({}, {variable: str(OTHER_VALUES[name])}, folder=tmp_path)
    assert getattr(found.settings, name) == OTHER_VALUES[name]
    assert found.origins[name] == f"environment {variable}"


def test_option_before_environment_before_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("seed = 1\nthreads = 1\nepoch_hours = 3\n")
    found = load({"seed": 3, "threads": None}, {"HYDROMETER_SEED": "2", "HYDROMETER_THREADS": "2"}, file)
    assert (found.settings.seed, found.settings.threads, found.settings.epoch_hours) == (3, 2, 3)
    assert found.origins["seed"] == "option"
    assert found.origins["threads"] == "environment HYDROMETER_THREADS"
    assert found.origins["epoch_hours"] == f"{file} line 3"
    assert found.origins["prior"] == "default"


def test_all_problems_at_once_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "hydrometer.toml"
    file.write_text('# comment\nsede = 1\nthreads = "two"\nprior = 2.0\n\n[link]\nweight = 3\n')
    with pytest.raises(UsageError) as caught:
        load({}, {"HYDROMETER_Q": "0.5"}, folder=tmp_path)
    found = caught.value.found
    for expected in (
        "line 2: no setting is called 'sede'",
        "line 3: threads is str",
        "line 4: prior",
        "line 6: no setting",
    ):
        assert expected in found
    assert "HYDROMETER_Q: q" in found
    assert found.startswith("5 problems")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", 1.5),
        ("threads", 0),
        ("memory", "much"),
        ("memory", "4"),
        ("engine", "sail"),
        ("master", "two words"),
        ("q", 0.0),
        ("q", 0.05),
        ("prior", 1.0),
        ("prior", "nan"),
        ("epoch_hours", 0),
        ("minimum_accounts", 1),
    ],
)
def test_unusable_values_are_refused(name: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"option: {name}"):
        load({name: value}, {}, folder=tmp_path)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "hydrometer.toml").write_text("seed = 1\nthreads = = 2\n")
    with pytest.raises(UsageError, match="line 2"):
        load({}, {}, folder=tmp_path)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml"):
        load({}, {}, tmp_path / "missing.toml")


def test_a_boolean_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "hydrometer.toml").write_text("threads = true\n")
    with pytest.raises(UsageError, match="threads is bool"):
        load({}, {}, folder=tmp_path)


def test_the_key_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    found = load({}, {"HYDROMETER_KEY": KEY}, folder=tmp_path)
    assert found.settings.key_bytes == KEY.encode()
    assert found.settings.key_source == "deployment"
    assert (
        KEY
        not in repr(found) + str(found.settings) + str(found.settings.described()) + found.settings.model_dump_json()
    )
    assert not found.warnings


def test_without_a_key_the_public_one_is_used_and_said_so(tmp_path: Path) -> None:
    found = load({}, {}, folder=tmp_path)
    assert found.settings.key_bytes == PUBLIC_KEY
    assert found.settings.described()["key"] == "public"
    assert any("HYDROMETER_KEY" in warning for warning in found.warnings)


@pytest.mark.parametrize("key", ["short", "x" * 65])
def test_a_key_of_the_wrong_length_is_refused_without_being_shown(key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="16 to 64 bytes") as caught:
        load({}, {"HYDROMETER_KEY": key}, folder=tmp_path)
    assert key not in str(caught.value)


def test_a_key_in_the_file_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "hydrometer.toml").write_text(f'key = "{KEY}"\n')
    with pytest.raises(UsageError, match="belongs in the environment") as caught:
        load({}, {}, folder=tmp_path)
    assert KEY not in str(caught.value)


def test_a_misspelt_variable_is_warned_of(tmp_path: Path) -> None:
    warnings = load({}, {"HYDROMETER_SEDE": "1", "HYDROMETER_DATA": "/x"}, folder=tmp_path).warnings
    assert any("HYDROMETER_SEDE" in warning for warning in warnings)
    assert not any("HYDROMETER_DATA" in warning for warning in warnings)


@pytest.mark.parametrize(("text", "fits"), [("1", True), ("2", False), ("true", False), ('"1"', False)])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, fits: bool) -> None:
    file = tmp_path / "hydrometer.toml"
    file.write_text(f"schema_version = {text}\nseed = 4\n")
    if fits:
        assert load({}, {}, file).settings.seed == 4
        return
    with pytest.raises(UsageError, match="this version reads 1"):
        load({}, {}, file)


def test_the_template_names_every_setting_and_reads_back_when_uncommented(tmp_path: Path) -> None:
    lines = template().splitlines()
    settings_lines = [line.removeprefix("# ") for line in lines if line.removeprefix("# ").split(" = ")[0] in NAMES]
    assert [line.split(" = ")[0] for line in settings_lines] == list(FILE_NAMES)
    assert tomllib.loads(template()) == {"schema_version": settings.FILE_SCHEMA_VERSION}
    file = tmp_path / "hydrometer.toml"
    file.write_text("\n".join(settings_lines))
    found = load({}, {}, file).settings
    defaults = Settings()
    for name in set(FILE_NAMES) - set(settings.EXAMPLES):
        assert getattr(found, name) == getattr(defaults, name)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(Exception, match="frozen"):
        setattr(Settings(), "seed", 3)  # noqa: B010 - mypy would refuse the plain form
