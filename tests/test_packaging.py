"""Wheel and sdist hold what they must, and the wheel works in an empty environment."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

PINS = ("runtime", "dev")


@pytest.fixture(scope="module")
def built(project_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a wheel and an sdist of the checkout."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(command, cwd=project_folder, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def empty_environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; dependencies are those of this environment, hydrometer is not."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    wheel = next(built.glob("*.whl"))
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


def source_files(project_folder: Path) -> set[str]:
    """Files of the package as they must be in wheel and sdist, relative to src/."""
    source = project_folder / "src"
    files = (path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(source).as_posix() for path in files}


def test_the_wheel_holds_every_file_of_the_package(built: Path, project_folder: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    wanted = source_files(project_folder)
    assert "hydrometer/py.typed" in wanted
    assert any(name.endswith(".yaml") for name in wanted)
    assert wanted <= names
    assert {name for name in names - wanted if ".dist-info/" not in name} == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_holds_the_sources_the_licence_and_no_tests(built: Path, project_folder: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {f"src/{name}" for name in source_files(project_folder)} <= names
    assert {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO"} <= names
    assert not any(name.startswith(("tests", "bench", ".venv", "runs")) for name in names)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["simulate", "--list"]])
def test_the_wheel_works_in_an_empty_environment(empty_environment: Path, tmp_path: Path, words: list[str]) -> None:
    command = [str(empty_environment / "bin" / "hydrometer"), *words]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_it_is_the_wheel_that_was_tested(empty_environment: Path, tmp_path: Path) -> None:
    command = [str(empty_environment / "bin" / "python"), "-c", "import hydrometer; print(hydrometer.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(empty_environment)


@pytest.mark.parametrize("name", PINS)
def test_pins_are_hashed_and_hold_no_address(project_folder: Path, name: str) -> None:
    text = (project_folder / "requirements" / f"{name}.txt").read_text()
    pins = re.findall(r"(?m)^[A-Za-z0-9._-]+==[^\n]*(?:\n    --hash=sha256:[0-9a-f]{64}[^\n]*)+", text)
    assert len(pins) == len(re.findall(r"(?m)^[A-Za-z0-9]", text)) > 0
    assert "://" not in text


@pytest.mark.parametrize("name", PINS)
def test_every_dependency_is_pinned(project_folder: Path, name: str) -> None:
    project = tomllib.loads((project_folder / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=! ]", line)[0] for line in project["dependencies"]}
    pinned = set(re.findall(r"(?m)^([A-Za-z0-9._-]+)==", (project_folder / "requirements" / f"{name}.txt").read_text()))
    assert wanted <= pinned
