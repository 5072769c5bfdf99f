"""What is shipped: the public names, the files of the package, and what its modules do not do."""

from __future__ import annotations

import ast
import importlib.machinery
import inspect
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import phonosearch

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "phonosearch"
INSTALLED = Path(phonosearch.__file__).parent
KERNEL = sorted(path.stem for path in SOURCE.glob("*.pyx"))
DATA = sorted(path.name for path in (SOURCE / "data").iterdir() if path.is_file())
CLI = ("__main__", "_cli", "_cli_files", "_screen")
MODULES = sorted(path.stem for path in SOURCE.glob("*.py") if path.stem not in ("__init__", *CLI))
OPTIONAL = {"typer", "rich", "pyarrow", "names", "pandas", "rapidfuzz", "jellyfish"}
# Modules that run what they read, or that reach another machine.
UNSAFE = {"pickle", "cPickle", "marshal", "shelve", "dill", "socket", "ssl", "urllib", "http", "ftplib", "requests"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("name", phonosearch.__all__)
def test_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(phonosearch, name)
    if inspect.isclass(value) or callable(value):
        assert (inspect.getdoc(value) or "").strip(), f"{name} has no docstring"


def test_all_lists_every_public_name_in_order() -> None:
    public = {
        name for name, value in vars(phonosearch).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public | {"__version__"} == set(phonosearch.__all__)
    assert len(set(phonosearch.__all__)) == len(phonosearch.__all__)


def test_version_is_that_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert phonosearch.__version__ == project["version"]


@pytest.mark.parametrize("name", KERNEL)
def test_kernel_is_compiled(name: str) -> None:
    """There is no slow substitute to fall back on without a word."""
    module = sys.modules.get(f"phonosearch.{name}") or __import__(f"phonosearch.{name}", fromlist=["_"])
    assert isinstance(module.__spec__.loader, importlib.machinery.ExtensionFileLoader)
    assert not (SOURCE / f"{name}.py").exists()


@pytest.mark.parametrize("name", ["py.typed", *(f"{name}.pyi" for name in KERNEL), *(f"data/{name}" for name in DATA)])
def test_installed_package_holds(name: str) -> None:
    assert (INSTALLED / name).is_file()


@pytest.mark.parametrize("name", MODULES)
def test_import_needs_no_extra(name: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, phonosearch.{name}; print(*sys.modules)"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = {module.partition(".")[0] for module in found.stdout.split()}
    assert not loaded & OPTIONAL


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.py")), ids=lambda path: path.name)
def test_python_module_runs_no_data_and_reaches_no_network(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not imported(tree) & UNSAFE
    assert not calls & UNSAFE_CALLS


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.pyx")), ids=lambda path: path.name)
def test_kernel_module_runs_no_data_and_reaches_no_network(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    modules = set(re.findall(r"^\s*(?:from|import)\s+(\w+)", text, re.MULTILINE))
    assert not modules & UNSAFE
    assert not re.search(r"\b(eval|exec|__import__)\(", text)


def tracked() -> list[Path]:
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip(reason="not a git checkout")
    return [ROOT / os.fsdecode(name) for name in found.stdout.split(b"\0") if name]


def test_no_large_file_in_the_repository() -> None:
    large = [path.name for path in tracked() if path.is_file() and path.stat().st_size > 1 << 20]
    assert not large


def test_no_built_file_in_the_repository() -> None:
    assert not [path.name for path in tracked() if path.suffix in (".so", ".c", ".cpp", ".pyc", ".pyd", ".whl")]


def copied(folder: Path) -> Path:
    """What a source archive is made of, without what was built in the checkout."""
    for path in tracked():
        place = folder / path.relative_to(ROOT)
        if path.is_file() and path.relative_to(ROOT).parts[0] in (
            "src", "setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "MANIFEST.in",
        ):  # fmt: skip
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return folder


@pytest.mark.slow
def test_source_archive_is_whole(tmp_path: Path) -> None:
    tree = copied(tmp_path / "tree")
    build = "import setuptools.build_meta as backend; print(backend.build_sdist('../dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=tree, check=True, capture_output=True, timeout=300)
    (archive,) = (tmp_path / "dist").iterdir()
    import tarfile

    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    wanted = {f"src/phonosearch/{path.name}" for pattern in ("*.py", "*.pyx", "*.pxd", "*.pyi") for path in
              SOURCE.glob(pattern)}  # fmt: skip
    wanted |= {f"src/phonosearch/data/{name}" for name in DATA} | {"src/phonosearch/py.typed"}
    assert wanted <= names
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"} <= names


@pytest.mark.slow
def test_wheel_is_whole_and_works_alone(tmp_path: Path) -> None:
    pytest.importorskip("Cython", reason="building needs Cython")
    tree = copied(tmp_path / "tree")
    made = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "../dist", "."]
    subprocess.run(made, cwd=tree, check=True, capture_output=True, timeout=900)
    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        file.extractall(tmp_path / "site")
    shipped = {name.removeprefix("phonosearch/") for name in names if name.startswith("phonosearch/")}
    assert {"py.typed", *(f"data/{name}" for name in DATA)} <= shipped
    assert {path.name for pattern in ("*.py", "*.pyi", "*.pxd") for path in SOURCE.glob(pattern)} <= shipped
    assert {name.partition(".")[0] for name in shipped if name.endswith(".so")} == set(KERNEL)
    assert not [name for name in shipped if name.endswith((".c", ".pyc"))]
    code = "import phonosearch as ps; print(ps.__file__, ps.compare('Jon Smith', 'John Smith').level)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}, cwd=tmp_path,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert done.stdout.split()[-1] == "variant"
