"""The commands that hand a project to other tools, and take over what other tools have written."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes
from chapbook_core.commands.declarations.groups import INSTALL_EXCLUSIVE, INSTALL_OPTIONS
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS

EXPORT_FORMATS = (
    "requirements.txt",
    "constraints.txt",
    "pylock.toml",
    "environment.yml",
    "Dockerfile",
    "binder",
    "poetry.lock",
)
IMPORT_FORMATS = (
    "requirements.txt",
    "constraints.txt",
    "Pipfile",
    "Pipfile.lock",
    "environment.yml",
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "poetry.lock",
    "setup.cfg",
    "setup.py",
    "notebook",
    "script",
)

EXPORT = Command(
    name="export",
    summary="Write the lock in the format of another tool",
    run="chapbook_core.commands.export:run",
    description=(
        "Without options about groups only what the project itself requires is exported. "
        "A `pylock.toml` then holds all groups and extras, and whoever installs from it chooses among them; "
        "with such options it holds what they choose. `binder` writes a folder, by default `.binder`."
    ),
    options=(
        Option("format", "by default requirements.txt", short="f", value="FORMAT", choices=EXPORT_FORMATS),
        Option("output", "the file to write, or the folder for binder", short="o", value="PATH", completes="path"),
        Option("without-hashes", "leave out the hashes of the files"),
        Option("without-urls", "leave out where the project's package indexes are"),
        Option("with-credentials", "write the logins of the indexes into their addresses, for anybody to read"),
        Option("force", "with binder: write over files that Chapbook has not made"),
        *INSTALL_OPTIONS,
        *READING_OPTIONS,
    ),
    exclusive=(*INSTALL_EXCLUSIVE, READING_EXCLUSIVE),
    examples=(
        Example("export -o requirements.txt", "write what `pip install -r requirements.txt` installs exactly"),
        Example("export -f pylock.toml -o pylock.toml", "write the whole lock as every installer can read it"),
        Example("export -f Dockerfile -o Dockerfile --with jobs", "write how to make an image of the project"),
        Example("export -f binder", "make the folder's repository ready for Binder"),
    ),
)

IMPORT = Command(
    name="import",
    summary="Take over the requirements that another tool's files hold",
    run="chapbook_core.commands.take_over:run",
    writes=Writes(not_with=frozenset({"dry-run"})),
    description=(
        "What the files require is added to `pyproject.toml`, and the versions they hold stay in `poetry.lock` "
        "where they fit together. When a file cannot be understood, all that is wrong is told and nothing is written."
    ),
    arguments=(Argument("file", "the files, of any known format", repeated=True, completes="path"),),
    options=(
        Option(
            "from",
            "what the files are, when their names do not tell",
            value="FORMAT",
            choices=IMPORT_FORMATS,
        ),
        Option("group", "the group for what the files do not assign", short="G", value="GROUP", completes="group"),
        Option("dry-run", "say what would change, and change nothing"),
        Option("lock", "lock afterwards (the default)"),
        Option("no-lock", "write `pyproject.toml` alone"),
        *READING_OPTIONS,
    ),
    exclusive=(frozenset({"lock", "no-lock"}), READING_EXCLUSIVE),
    examples=(
        Example("import requirements.txt", "require what the file lists, in the same versions"),
        Example("import Pipfile.lock uv.lock", "take over the versions of other lock files"),
        Example("import analysis.ipynb --dry-run", "show what a notebook installs in its cells"),
    ),
)

COMMANDS = (EXPORT, IMPORT)
