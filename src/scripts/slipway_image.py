"""Readies files for an image of another architecture: none of them is run.

slipway_image.py base TIME ROOT OUT      prints what must be known of the image below ROOT, and leaves in OUT the
                                         bytecode that its Python lacks
slipway_image.py finish TIME VENV APP    compiles, sets modes and times, prints what is in VENV and APP
slipway_image.py compile                 compiles the files that standard input names
"""

import configparser
import csv
import importlib.util
import json
import os
import py_compile
import re
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Bytecode depends on what its process compiled before: the share of each is fixed, whatever the machine.
COMPILERS = 4
# What a package needs for its own tests alone.
NEVER_RUN = {"tests"}
# What no service needs of Python itself, and what isn't a part of it.
SELDOM_RUN = {
    *("test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "distutils"),
    *("site-packages", "dist-packages"),
}
# What `uv venv` makes for shells, and for programs that build packages.
SCAFFOLD = [
    *(".gitignore", ".lock", "CACHEDIR.TAG", "bin/activate*", "bin/*.bat"),
    "lib/python*/site-packages/_virtualenv.*",
]
GLIBC = re.compile(rb"GNU C Library [^\n]*?version (\d+\.\d+)")


def main(action, *arguments):
    if action == "compile":
        return compile_files(json.load(sys.stdin))
    time, *paths = arguments
    result = (base if action == "base" else finish)(int(time), *map(Path, paths))
    print(json.dumps(result, sort_keys=True))


def base(time, root, out):
    interpreters = [resolved(root, root / folder / "python3") for folder in ("usr/local/bin", "usr/bin")]
    machines = [found for found in map(machine, interpreters) if found is not None]
    compile_all(uncompiled(root, out))
    set_times(time, [*below(out)])
    return {"machine": machines[0] if machines else None, "libc": libc(root)}


def uncompiled(root, out):
    """Python's own modules without bytecode: official images leave it out, and each start takes longer."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    libraries = [root / folder / name for folder in ("usr/local/lib", "usr/lib")]
    for library in (library for library in libraries if (library / "os.py").exists()):
        for path in sorted(library.rglob("*.py")):
            place = Path("/", path.relative_to(root))
            bytecode = Path(importlib.util.cache_from_source(place))
            if SELDOM_RUN.intersection(path.relative_to(library).parts) or moved(bytecode, root).exists():
                continue
            moved(bytecode, out).parent.mkdir(parents=True, exist_ok=True)
            yield path, moved(bytecode, out), place


def moved(path, root):
    return root / path.relative_to("/")


def resolved(root, path):
    """Follows links as they would be followed within the image."""
    for _ in range(40):
        if not path.is_symlink():
            break
        target = os.readlink(path)
        path = root / target.lstrip("/") if target.startswith("/") else path.parent / target
    return path


def libc(root):
    if any(root.glob("lib/ld-musl-*")):
        return "musl"
    for folder in ("lib*", "usr/lib*", "usr/lib*/*"):
        for path in root.glob(f"{folder}/libc.so.6"):
            version = GLIBC.search(resolved(root, path).read_bytes())
            if version:
                return version.group(1).decode()
    return ""


def machine(path):
    """The processor that an ELF file is for, as its number in the header; None for any other file."""
    try:
        with open(path, "rb") as file:
            header = file.read(20)
    except OSError:
        return None
    return int.from_bytes(header[18:20], "little") if header[:4] == b"\x7fELF" and len(header) == 20 else None


def finish(time, venv, app):
    for path in (path for pattern in SCAFFOLD for path in venv.glob(pattern)):
        path.unlink()
    packages = next(venv.glob("lib/python*/site-packages"))
    remove_installed(packages, app)
    files = normalise(venv) + normalise(app)
    programs = {path: found for path in files if (found := machine(path)) is not None}
    result = {
        "distributions": [distribution(info, programs) for info in sorted(packages.glob("*.dist-info"))],
        "programs": listed(programs, app, [path for path in programs if app in path.parents]),
        "modules": [
            path.parent.name
            for folder in (packages, app, app / "src")
            for path in sorted(folder.glob("*/__main__.py"))
        ],
    }
    modules = [path for path in files if path.suffix == ".py" and path.parent != venv / "bin"]
    wanted = [path for path in modules if not NEVER_RUN.intersection(path.parts)]
    compile_all((path, importlib.util.cache_from_source(path), path) for path in wanted)
    set_times(time, [*below(venv), *venv.parents, *below(app)])
    return result


def set_times(time, paths):
    for path in paths:
        os.utime(path, (time, time), follow_symlinks=False)


def below(root):
    return [root, *root.rglob("*")] if root.exists() else []


def remove_installed(packages, app):
    """Removes from the service's files the modules that are installed: the same code twice only confuses.

    Other files stay: a wheel may lack them, and services open templates by their path in the folder that they run
    in. So do migrations, which Alembic runs by theirs.
    """
    names = {Path(name) for info in packages.glob("*.dist-info") for name in recorded(info)}
    modules = [name for name in names if name.suffix == ".py" and name.parts[0][0].isidentifier()]
    wanted = [name for name in modules if not {"alembic", "migrations", ".."}.intersection(name.parts)]
    for path in [folder / name for folder in (app, app / "src") for name in wanted]:
        if path.is_file():
            path.unlink()
            remove_empty(path.parent, app)


def remove_empty(folder, root):
    while folder not in (root, *root.parents) and not folder.is_symlink() and is_bare(folder):
        shutil.rmtree(folder)
        folder = folder.parent


def is_bare(folder):
    return all(path.name == "__pycache__" for path in folder.iterdir())


def recorded(info):
    with open(info / "RECORD", newline="") as file:
        return [row[0] for row in csv.reader(file) if row]


def normalise(root):
    """Makes all of it readable for everyone, whatever modes it had; returns its files in a fixed order."""
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        shutil.rmtree(Path(folder, "__pycache__"), ignore_errors=True)
        os.chmod(folder, 0o755)
        for path in (Path(folder, name) for name in sorted(names)):
            if path.is_symlink() or not path.is_file():
                continue
            os.chmod(path, 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            files.append(path)
    return files


def listed(programs, root, paths):
    return {os.path.relpath(path, root): programs[path] for path in paths if path in programs}


def distribution(info, programs):
    wheel = (info / "WHEEL").read_text() if (info / "WHEEL").exists() else ""
    files = [Path(os.path.normpath(info.parent / name)) for name in recorded(info)]
    scripts = configparser.ConfigParser(delimiters="=", interpolation=None, strict=False)
    scripts.optionxform = str
    scripts.read(info / "entry_points.txt")
    name, _, version = info.name.removesuffix(".dist-info").partition("-")
    return {
        "name": name,
        "version": version,
        "tags": re.findall(r"^Tag: *(\S+)", wheel, re.M),
        "programs": listed(programs, info.parent, files),
        "scripts": sorted(scripts["console_scripts"]) if scripts.has_section("console_scripts") else [],
    }


def compile_all(files):
    """Compiles modules; of each the file, its bytecode's, and where both will be."""
    files = [[str(path) for path in paths] for paths in files]
    # The same hash of a text in each process, else sets of them are written in another order each time.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-s", "-W", "ignore", __file__, "compile"]

    def run(share):
        subprocess.run(command, input=json.dumps(share), text=True, check=True, env=environment)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run, [files[index::COMPILERS] for index in range(COMPILERS)]))


def compile_files(files):
    # Unlike the default it holds no time of the source, and nothing asks at run time whether it is still good.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path, bytecode, place in files:
        try:
            py_compile.compile(path, bytecode, place, doraise=True, invalidation_mode=mode)
        except (py_compile.PyCompileError, ValueError, RecursionError, UnicodeError):
            pass  # a template, or code for another version of Python


if __name__ == "__main__":
    main(*sys.argv[1:])
