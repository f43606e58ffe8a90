"""Projects whose distributions are compared with those of Poetry's own backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BACKEND = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
LEGACY = """\
[tool.poetry]
name = "Some-Package"
version = "1.2.3"
description = "Some package"
authors = ["Ada Lovelace <ada@example.org>"]
"""
STANDARD = """\
[project]
name = "Some-Package"
version = "1.2.3"
description = "Some package"
authors = [{ name = "Ada Lovelace", email = "ada@example.org" }]
requires-python = ">=3.9"
"""
PACKAGE = {"some_package/__init__.py": "", "some_package/core.py": "x = 1\n"}


@dataclass(frozen=True)
class Project:
    """A project as files; `git` makes it a repository, in which those names are ignored."""

    manifest: str
    files: Mapping[str, str] = field(default_factory=lambda: PACKAGE)
    git: str | None = None
    programs: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        for name, content in {**self.files, "pyproject.toml": f"{self.manifest}\n{BACKEND}"}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8", newline="\n")
        for name in self.programs:
            (folder / name).chmod(0o775)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)


def legacy(more: str = "", **kwargs: object) -> Project:
    return Project(LEGACY + more, **kwargs)  # type: ignore[arg-type]  # the words of the dataclass


def standard(more: str = "", **kwargs: object) -> Project:
    return Project(STANDARD + more, **kwargs)  # type: ignore[arg-type]  # likewise


SOURCE = {f"src/{name}": content for name, content in PACKAGE.items()}
NAMESPACE = {"src/acme/tools/__init__.py": "", "src/acme/tools/hammer.py": "", "src/acme/other.py": ""}
DATA = {
    **PACKAGE,
    "some_package/py.typed": "",
    "some_package/data/a.json": "{}",
    "some_package/data/b.csv": "1,2\n",
    "some_package/data/deep/c.bin": "bytes",
    "notes/one.txt": "1",
    "notes/two.md": "2",
    "tests/test_it.py": "",
    "tests/__init__.py": "",
}

PROJECTS: dict[str, Project] = {
    "legacy": legacy(),
    "legacy with everything": legacy(
        'maintainers = ["Grace Hopper <grace@example.org>"]\nlicense = "MIT"\nreadme = "README.md"\n'
        'keywords = ["one", "two"]\nhomepage = "https://example.org"\nrepository = "https://example.org/r"\n'
        'documentation = "https://example.org/d"\n'
        'classifiers = ["Topic :: Software Development", "Environment :: Console"]\n'
        '[tool.poetry.urls]\n"Bug Tracker" = "https://example.org/b"\nAnother = "https://example.org/a"\n'
        '[tool.poetry.dependencies]\npython = "^3.8"\nrequests = "^2.28"\n',
        files={**PACKAGE, "README.md": "# Hello\n\nwords\n", "LICENSE": "MIT\n", "AUTHORS.md": "Ada\n"},
    ),
    "standard": standard(),
    "standard with everything": standard(
        'license = "MIT"\nlicense-files = ["LICEN*", "vendored/**/LICENSE"]\nreadme = "README.rst"\n'
        'keywords = ["a", "b"]\n'
        'maintainers = [{ name = "Grace Hopper", email = "grace@example.org" }]\n'
        'classifiers = ["Topic :: Software Development", "Programming Language :: Python :: 3"]\n'
        'dependencies = ["requests (>=2.28,<3.0)", "idna>=3"]\n'
        '[project.urls]\nHomepage = "https://example.org"\nchangelog = "https://example.org/c"\n'
        'Source = "https://example.org/s"\n',
        files={**PACKAGE, "README.rst": "Hello\n=====\n", "LICENSE": "MIT\n", "vendored/x/LICENSE": "BSD\n"},
    ),
    "source folder": standard(files=SOURCE),
    "source folder, legacy": legacy(files=SOURCE),
    "single module": standard(files={"some_package.py": "x = 1\n"}),
    "single module in a source folder": legacy(files={"src/some_package.py": "x = 1\n"}),
    "namespace": legacy('packages = [{ include = "acme", from = "src" }]\n', files=NAMESPACE),
    "part of a namespace": legacy('packages = [{ include = "acme/tools", from = "src" }]\n', files=NAMESPACE),
    "several packages": legacy(
        'packages = [{ include = "one" }, { include = "two", from = "lib" }, { include = "three.py", from = "lib" }]\n',
        files={"one/__init__.py": "", "lib/two/__init__.py": "", "lib/two/x.py": "", "lib/three.py": ""},
    ),
    "package moved": legacy(
        'packages = [{ include = "one", to = "target/deep" }, { include = "two", from = "lib", to = "target" }]\n',
        files={"one/__init__.py": "", "lib/two/__init__.py": ""},
    ),
    "packages by glob": legacy(
        'packages = [{ include = "some_package/**/*.py" }]\n',
        files={**DATA, "some_package/sub/__init__.py": "", "some_package/sub/m.py": ""},
    ),
    "package for one format": legacy(
        'packages = [{ include = "some_package" }, { include = "tests", format = "sdist" }]\n', files=DATA
    ),
    "data": legacy(files=DATA),
    "includes": legacy('include = ["notes/*", "tests", "missing/*"]\n', files=DATA),
    "includes with a format": legacy(
        'include = [{ path = "notes/*.txt", format = "wheel" }, { path = "tests", format = ["sdist", "wheel"] }, '
        '{ path = "notes/**/*" }]\n',
        files=DATA,
    ),
    "excludes": legacy('exclude = ["**/*.json", "some_package/data/deep"]\n', files=DATA),
    "modules excluded": legacy('exclude = ["**/*.py"]\n', files=DATA),
    "excluded and included": legacy(
        'exclude = ["some_package/data/**"]\n'
        'include = [{ path = "some_package/data/a.json", format = ["sdist", "wheel"] }]\n',
        files=DATA,
    ),
    "excluded in one format": legacy(
        'exclude = ["some_package/data/*"]\ninclude = ["some_package/data/b.csv"]\n', files=DATA
    ),
    "ignored by git": legacy(files=DATA, git="*.csv\ndeep/\n"),
    "ignored by git and included": legacy(
        'include = [{ path = "some_package/data/b.csv", format = ["sdist", "wheel"] }]\n', files=DATA, git="*.csv\n"
    ),
    "compiled files": legacy(
        files={**DATA, "some_package/__pycache__/core.cpython-311.pyc": "x", "some_package/old.pyc": "x"}
    ),
    "stubs": Project(
        '[project]\nname = "acme-stubs"\nversion = "1"\nrequires-python = ">=3.9"\n'
        '[tool.poetry]\npackages = [{ include = "acme-stubs" }]\n',
        files={"acme-stubs/__init__.pyi": "", "acme-stubs/part/x.pyi": "", "acme-stubs/py.typed": "partial\n"},
    ),
    "empty module": standard(files={"some_package/__init__.py": ""}),
    "console scripts": standard(
        '[project.scripts]\nsome = "some_package.core:main"\nother = "some_package:main [x]"\n'
        '[project.gui-scripts]\nwindow = "some_package.core:window"\n'
        '[project.entry-points."some.plugins"]\nb = "some_package:b"\na = "some_package:a"\n'
    ),
    "legacy scripts": legacy(
        '[tool.poetry.scripts]\nsome = "some_package.core:main"\n'
        'other = { reference = "some_package:o", type = "console" }\n'
        'run-it = { reference = "bin/run.sh", type = "file" }\n[tool.poetry.plugins."blogtool.parsers"]\n'
        '".rst" = "some_package:parse"\n',
        files={**PACKAGE, "bin/run.sh": "#!/bin/sh\n"},
        programs=("bin/run.sh",),
    ),
    "extras": standard(
        'dependencies = ["idna"]\n[project.optional-dependencies]\n'
        'b_x = ["six>=1", "requests[socks] ; sys_platform == \'win32\'"]\n'
        'A = ["six (>=1.10,<2)"]\nall = ["some-package[a]"]\n'
    ),
    "legacy extras": legacy(
        '[tool.poetry.dependencies]\npython = ">=3.9,<4"\nsix = { version = "^1", optional = true }\n'
        'idna = { version = ">=3", optional = true, markers = "sys_platform == \'linux\'" }\n'
        'unused = { version = "*", optional = true }\n'
        '[tool.poetry.extras]\nSome_Extra = ["six"]\nboth = ["six", "idna"]\nempty = []\n'
    ),
    "groups": standard(
        'dependencies = ["idna"]\n[dependency-groups]\ndev = ["pytest"]\n'
        '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n'
    ),
    "constraints": legacy(
        '[tool.poetry.dependencies]\npython = "~3.10"\na = "^1.2.3"\nb = "~1.2"\nc = "1.2.*"\n'
        'd = ">=1,!=1.5,<2"\ne = "*"\n'
        'f = "1.0"\ng = "==2.0.0"\nh = "^0.3"\ni = ">=1.0a1"\nj = "!=1.3"\nk = "~=1.4.2"\nl = "<2"\n'
        'm = ">1.0,<=2.0.post1"\nn = "^1.0.0b2"\n'
        'o = "!=2.*"\np = "1.0+local"\n'
    ),
    "standard constraints": standard(
        'dependencies = ["a>=1,!=1.5,<2", "b==1.*", "c~=1.4", "d", "E.F_g[y,x]>2", "h (==1.0)", "i>=1.0,<2.0,>=1.5", '
        '"j!=1.0,!=1.1", "l<3,>=2.1"]\n'
    ),
    "markers": standard(
        "dependencies = [\"a ; python_version < '3.11'\", "
        "\"b>=1; sys_platform == 'win32' and python_version >= '3.10'\", "
        "\"c ; (os_name == 'nt' or sys_platform == 'darwin') and python_full_version > '3.9.1'\", "
        "\"d ; platform_machine in 'x86_64 aarch64'\", \"e ; 'linux' in sys_platform\", "
        "\"f ; implementation_name == 'cpython' or extra == 'x'\", \"g ; python_version not in '3.9, 3.10'\"]\n"
    ),
    "legacy markers": legacy(
        '[tool.poetry.dependencies]\npython = "^3.9"\na = { version = "^1", python = "<3.11" }\n'
        'b = { version = "^1", platform = "win32" }\n'
        "c = { version = \"^1\", markers = \"os_name == 'nt' or sys_platform == 'darwin'\" }\n"
        'd = { version = "^1", python = ">=3.10,<3.12", platform = "linux" }\n'
        'e = [{ version = "^1", python = "<3.10" }, { version = "^2", python = ">=3.10" }]\n'
        'f = { version = "^1", extras = ["y", "x"], '
        "markers = \"platform_machine == 'x86_64' and python_version > '3.9'\" }\n"
        'g = { version = "^1", python = "~3.10 || ~3.12" }\n'
    ),
    "direct references": standard(
        'dependencies = ["a @ https://example.org/a-1.0-py3-none-any.whl", "b @ git+https://example.org/b.git@v1", '
        "\"c[x] @ git+https://example.org/c.git@main#subdirectory=sub ; sys_platform == 'linux'\"]\n"
    ),
    "legacy direct references": legacy(
        '[tool.poetry.dependencies]\npython = "^3.9"\na = { url = "https://example.org/a-1.0-py3-none-any.whl" }\n'
        'b = { git = "https://example.org/b.git", tag = "v1" }\n'
        'c = { git = "git@example.org:o/c.git", rev = "abc123", subdirectory = "s" }\n'
        'd = { git = "https://example.org/d.git" }\ne = { path = "../other" }\n'
    ),
    "pythons": Project('[project]\nname = "some-package"\nversion = "1"\nrequires-python = ">=3.9,!=3.10.*,<3.14"\n'),
    "pythons before 3": legacy('[tool.poetry.dependencies]\npython = "~2.7 || ^3.6"\n'),
    "one python": legacy('[tool.poetry.dependencies]\npython = "3.11"\n'),
    "one patch of python": legacy('[tool.poetry.dependencies]\npython = "3.11.4"\n'),
    "any python": legacy('[tool.poetry.dependencies]\npython = "*"\n'),
    "pythons with a patch": legacy('[tool.poetry.dependencies]\npython = ">=3.8.1,<3.13"\n'),
    "python declared twice": standard('[tool.poetry.dependencies]\npython = ">=3.10,<3.13"\n'),
    "no python declared": Project('[project]\nname = "some-package"\nversion = "1"\n'),
    "mixed tables": standard(
        'dynamic = ["version", "readme", "classifiers", "dependencies"]\n[tool.poetry]\nversion = "3.4"\n'
        'readme = ["README.md", "MORE.md"]\nclassifiers = ["Framework :: Pytest"]\n'
        '[tool.poetry.dependencies]\nidna = "^3"\n'.replace('version = "1.2.3"\n', ""),
        files={**PACKAGE, "README.md": "# One\n", "MORE.md": "# Two\n"},
    ),
    "dynamic version": Project(
        '[project]\nname = "some-package"\ndynamic = ["version"]\n[tool.poetry]\nversion = "2.0.0rc1"\n'
    ),
    "enriched": standard(
        'dependencies = ["idna>=3"]\n[tool.poetry.dependencies]\nidna = { version = "^3.4", source = "private" }\n'
        '[[tool.poetry.source]]\nname = "private"\nurl = "https://example.org/simple/"\n'
    ),
    "unicode": Project(
        '[project]\nname = "some-package"\nversion = "1"\ndescription = "Zażółć gęślą jaźń ☃"\n'
        'requires-python = ">=3.9"\n'
        'authors = [{ name = "José Núñez" }]\nkeywords = ["żółw"]\nreadme = "LIESMICH.md"\n',
        files={**PACKAGE, "LIESMICH.md": "# Grüße 🐢\n", "some_package/größe.txt": "ü", "some_package/日本.py": ""},
    ),
    "author without address": Project(
        '[project]\nname = "some-package"\nversion = "1"\n'
        'authors = [{ name = "Ada" }, { name = "Bob", email = "b@example.org" }]\n'
    ),
    "address without author": Project(
        '[project]\nname = "some-package"\nversion = "1"\nauthors = [{ email = "team@example.org" }]\n'
    ),
    "several authors, legacy": Project(
        '[tool.poetry]\nname = "some-package"\nversion = "1"\ndescription = ""\n'
        'authors = ["Ada", "Bob <b@example.org>"]\n'
    ),
    "several readmes": legacy(
        'readme = ["README.md", "CHANGES.md"]\n',
        files={**PACKAGE, "README.md": "# A\n", "CHANGES.md": "# B\r\nnew\r\n"},
    ),
    "readme as text": standard('readme = { text = "Hello\\nthere", content-type = "text/plain" }\n'),
    "readme with a type": standard(
        'readme = { file = "README", content-type = "text/markdown" }\n', files={**PACKAGE, "README": "# A\n"}
    ),
    "readme without a suffix": standard('readme = "README"\n', files={**PACKAGE, "README": "A\n"}),
    "licence as text": standard('license = { text = "Some\\n\\nlong licence" }\n'),
    "licence as a file": standard('license = { file = "COPY.txt" }\n', files={**PACKAGE, "COPY.txt": "one\n\ntwo\n"}),
    "licence of its own": legacy('license = "Proprietary"\n'),
    "licence by its full name": legacy('license = "GNU General Public License v3.0 or later"\n'),
    "licence in lower case": legacy('license = "apache-2.0"\n'),
    "licence unknown": legacy('license = "Beerware 42"\n'),
    "licence expression": standard('license = "mit or apache-2.0"\n'),
    "licence files none": standard("license-files = []\n", files={**PACKAGE, "LICENSE": "x"}),
    "licence folder": standard(files={**PACKAGE, "LICENSES/MIT.txt": "x", "LICENSES/deep/B.txt": "y", "NOTICE": "n"}),
    "version to be normalised": Project('[project]\nname = "Some_.Package"\nversion = "v1.0-alpha.2"\n'),
    "version with an epoch": Project('[project]\nname = "some-package"\nversion = "1!2.0.post1.dev3+local.1"\n'),
    "programs": legacy(files={**PACKAGE, "some_package/run.sh": "#!/bin/sh\n"}, programs=("some_package/run.sh",)),
    "long names": legacy(files={**PACKAGE, f"some_package/{'deep/' * 12}{'x' * 80}.py": ""}),
    "description of lines": Project(
        '[project]\nname = "some-package"\nversion = "1"\ndescription = "two\\nlines"\nrequires-python = ">=3.9"\n'
    ),
    "import names": standard('import-names = ["some_package"]\n'),
    "more classifiers": Project(
        '[project]\nname = "some-package"\nversion = "1"\nrequires-python = ">=3.13"\ndynamic = ["classifiers"]\n'
        'classifiers = ["Framework :: Pytest"]\n'
    ),
    "links in the package": legacy(
        files={**PACKAGE, "some_package/data.txt": "d"}, links={"some_package/again.txt": "data.txt"}
    ),
    "joined versions": legacy('[tool.poetry.dependencies]\npython = "3.10.*"\nsix = "^1 || ^2"\n'),
    "conditions joined": legacy(
        '[tool.poetry.dependencies]\npython = "^3.9"\n'
        'a = { version = "*", python = "3.11", platform = "linux || darwin" }\n'
        'b = { version = "*", python = "!=3.10.*", markers = "sys_platform != \'win32\'" }\n'
        'c = { version = "*", python = "~3.10 || ~3.12", platform = "!=win32" }\n'
    ),
    "never": legacy(
        '[tool.poetry.dependencies]\npython = "^3.9"\n'
        'six = { version = "*", python = "<3.10", markers = "python_version > \'3.10\'" }\n'
    ),
    "all but one version": legacy('[tool.poetry.dependencies]\npython = "^3.9"\nsix = "<2 || >2"\n'),
    "choice of versions": legacy('[tool.poetry.dependencies]\npython = "^3.9"\nsix = "^1.0 || ^3.0"\n'),
    "ignored by git, not in ASCII": legacy(files={**PACKAGE, "some_package/größe.csv": ""}, git="*.csv\n"),
    "included below a source folder": legacy(
        'include = [{ path = "src/some_package/data/*", format = ["sdist", "wheel"] }]\n',
        files={**SOURCE, "src/some_package/data/x.json": "{}", "src/some_package/data/deep/y.json": "{}"},
    ),
    "ignored by git, included below a source folder": legacy(
        'include = [{ path = "src/some_package/made/*.py", format = ["sdist", "wheel"] }]\n',
        files={**SOURCE, "src/some_package/made/a.py": "", "src/some_package/made/b.css": ""},
        git="made/\n",
    ),
    "one package at two places": legacy(
        'packages = [{ include = "some_package" }, { include = "some_package", to = "other" }]\n'
    ),
    "tracked in spite of being ignored": legacy(
        files={**PACKAGE, "some_package/sub/.gitignore": "*.dat\n!x.dat\n", "some_package/sub/x.dat": "", "a.dat": ""},
        git="*.log\n",
    ),
    "hidden files": legacy(files={**PACKAGE, "some_package/.hidden": "", "some_package/.folder/x": ""}),
    "packages by a glob of folders": legacy(
        'packages = [{ include = "part*" }]\n',
        files={"part_a/__init__.py": "", "part_b/data/x.bin": "1", "part_b/y.py": "", "part.py": "", "parts.txt": ""},
    ),
    "namespace by glob": legacy(
        'packages = [{ include = "acme/**/*.py", from = "src" }]\n', files={**NAMESPACE, "src/acme/x.txt": ""}
    ),
    "compiled file asked for": legacy(
        'include = [{ path = "some_package/old.pyc", format = ["sdist", "wheel"] }]\n',
        files={**PACKAGE, "some_package/old.pyc": "x"},
    ),
    "setup file without a build script": legacy("[tool.poetry.build]\ngenerate-setup-file = true\n"),
    "two runs of Pythons that meet": legacy('[tool.poetry.dependencies]\npython = "^3.8 || ^4"\n'),
    "two runs of Pythons": legacy('[tool.poetry.dependencies]\npython = ">=3.8,<3.9 || >=3.10,<4"\n'),
    "all Pythons but a family": legacy('[tool.poetry.dependencies]\npython = ">=3.7,!=3.8.*"\n'),
    "script by its first spelling": legacy('[tool.poetry.scripts]\nrun = { callable = "some_package:run" }\n'),
    "readmes of two types": legacy(
        'readme = ["README.md", "docs/CHANGES.rst"]\n',
        files={**PACKAGE, "README.md": "# A\n", "docs/CHANGES.rst": "B\n=\n"},
    ),
    "everything dynamic": Project(
        '[project]\nname = "some-package"\ndynamic = ["version", "description", "requires-python", "license", '
        '"authors", "keywords", "urls", "scripts", "entry-points", "dependencies", "optional-dependencies", '
        '"classifiers"]\n'
        '[tool.poetry]\nversion = "2.0"\ndescription = "d"\nauthors = ["Ada <ada@example.org>"]\nlicense = "MIT"\n'
        'keywords = ["k"]\nhomepage = "https://example.org"\nclassifiers = ["Topic :: Software Development"]\n'
        '[tool.poetry.dependencies]\npython = "^3.9"\nsix = "^1"\nidna = { version = "*", optional = true }\n'
        '[tool.poetry.extras]\ne = ["idna"]\n[tool.poetry.scripts]\na = "some_package:a"\n'
    ),
    "name of dots and capitals": Project('[project]\nname = "A.B__c-D"\nversion = "1"\n', files={"a_b_c_d.py": ""}),
}
