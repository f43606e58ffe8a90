"""What a project says about its notebooks as sources: `[tool.chapbook.export]`, or nbdev's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.hook.rule import Rule
from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.project.reading import Findings, Table, place_text
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.project.manifest import Manifest

_KEYS = ("folder", "package", "modules", "exclude", "order", "magics", "docs")
_MAGICS = ("refuse", "comment")
_DOCS = ("summary", "all", "none")
_TABLE = "export"
_NBDEV_FILE = "settings.ini"


def exports_notebooks(manifest: Manifest) -> bool:
    """Tell whether notebooks are among the sources of a project; costs next to nothing."""
    return _TABLE in manifest.tool or _nbdev_settings(manifest) is not None


def export_rules(manifest: Manifest) -> tuple[Rule, ...]:
    """Return how the notebooks of a project become modules; nothing for one without. Raises FileMistakes."""
    value = manifest.tool.get(_TABLE)
    if value is None:
        settings = _nbdev_settings(manifest)
        return () if settings is None else (_nbdev_rule(manifest, settings),)
    findings = Findings()
    table = Table(manifest.tool, ("tool", "chapbook"), findings)
    tables = table.tables(_TABLE) if isinstance(value, list) else (table.subtable(_TABLE),)
    rules = tuple(_rule(manifest, one) for one in tables)
    folders = [rule.folder for rule in rules]
    for one, folder in zip(tables, folders, strict=True):
        if folders.count(folder) > 1:
            findings.add(
                (*one.path, "folder"), f"several tables are for the folder `{folder or '.'}`", "keep one of them"
            )
    if findings.found:
        mistakes = [Mistake(found.message, place_text(found.path), hint=found.hint) for found in findings.found]
        raise FileMistakes(manifest.file, mistakes)
    return rules


def _rule(manifest: Manifest, table: Table) -> Rule:
    for key in table.names():
        if key not in _KEYS:
            table.findings.add((*table.path, key), f"`{key}` is not known here", f"known are: {', '.join(_KEYS)}")
    folder = _folder(table, manifest)
    package = table.text("package")
    if package is None:
        package = _default_package(manifest)
    elif package and not all(part.isidentifier() for part in package.split(".")):
        hint = 'write it as it is imported, as in `package = "spam.eggs"`'
        table.findings.add((*table.path, "package"), f"`{package}` cannot be imported", hint)
    modules = tuple(table.text_table("modules").items())
    order, exclude = table.texts("order"), table.texts("exclude")
    for key, names in (("modules", [name for name, _ in modules]), ("order", list(order))):
        for name in names:
            if not (manifest.folder / folder / name).is_file():
                hint = f"name it from the folder `{folder or '.'}`"
                table.findings.add((*table.path, key), f"there is no notebook `{name}`", hint)
    return Rule(
        folder=folder,
        package=package,
        source=_source(manifest, package),
        modules=modules,
        exclude=exclude,
        order=order,
        magics=_choice(table, "magics", _MAGICS),
        docs=_choice(table, "docs", _DOCS),
        namespaces=_namespaces(manifest),
    )


def _folder(table: Table, manifest: Manifest) -> str:
    folder = (table.text("folder") or "").replace("\\", "/").strip("/")
    folder = "" if folder == "." else folder.removeprefix("./")
    path = (*table.path, "folder")
    if ".." in folder.split("/"):
        table.findings.add(path, f"`{folder}` lies outside the project", "move the notebooks into the project")
    elif not (manifest.folder / folder).is_dir():
        table.findings.add(path, f"there is no folder `{folder}`", "name the folder that the notebooks are in")
    return folder


def _choice(table: Table, key: str, choices: tuple[str, ...]) -> str:
    text = table.text(key)
    if text is not None and text not in choices:
        table.findings.add(
            (*table.path, key), f"`{text}` is not one of {', '.join(f'`{choice}`' for choice in choices)}"
        )
    return text if text in choices else choices[0]


def _default_package(manifest: Manifest) -> str:
    for package in manifest.poetry.packages:
        name = package.include.rstrip("/").replace("/", ".")
        if all(part.isidentifier() for part in name.split(".")):
            return name
    return canonical_name(manifest.name or manifest.folder.name).replace("-", "_")


def _source(manifest: Manifest, package: str) -> str:
    """Return the folder that a package is imported from, from the project's."""
    top = package.partition(".")[0]
    for declared in manifest.poetry.packages:
        if declared.include.rstrip("/").partition("/")[0] == top:
            return (declared.source or "").strip("/").removeprefix("./")
    src = manifest.folder / "src"
    is_beside = (manifest.folder / top).is_dir() if top else False
    return "src" if (src / top).is_dir() and not is_beside and src.is_dir() else ""


def _namespaces(manifest: Manifest) -> tuple[str, ...]:
    project = manifest.data.get("project")
    names = project.get("import-namespaces") if isinstance(project, dict) else None
    return tuple(name.partition(";")[0].strip() for name in names or () if isinstance(name, str))


def _nbdev_settings(manifest: Manifest) -> Mapping[str, object] | None:
    tools = manifest.data.get("tool")
    table = tools.get("nbdev") if isinstance(tools, dict) else None
    if isinstance(table, dict):
        return table
    file = manifest.folder / _NBDEV_FILE
    if not file.is_file():
        return None
    import configparser  # old projects of nbdev alone have such a file

    parser = configparser.ConfigParser()
    try:
        parser.read(file, "utf-8")
        settings = dict(parser["DEFAULT"])
    except (configparser.Error, UnicodeDecodeError):
        return None
    return settings if "lib_path" in settings or "nbs_path" in settings else None


def _nbdev_rule(manifest: Manifest, settings: Mapping[str, object]) -> Rule:
    def text(key: str, default: str) -> str:
        value = settings.get(key)
        return value.strip("/") if isinstance(value, str) and value else default

    name = text("lib_name", _default_package(manifest)).replace("-", "_")
    source, _, package = text("lib_path", name).rpartition("/")
    folder = text("nbs_path", "nbs")
    return Rule(
        folder="" if folder == "." else folder,
        package=package or name,
        source=source or _source(manifest, package or name),
        namespaces=_namespaces(manifest),
    )
