"""Small projects shaped like those that people have, each with all that its index holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.index.world import Description

Release = tuple[str, str, "Description"]

SOURCES = """
[[tool.poetry.source]]
name = "first"
url = "{first}"
priority = "primary"

[[tool.poetry.source]]
name = "second"
url = "{second}"
priority = "{priority}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallProject:
    """A project file without its sources, and what they hold."""

    about: str
    project: str
    packages: tuple[Release, ...] = ()
    elsewhere: tuple[Release, ...] = ()
    """What the second source holds."""
    priority: str = "supplemental"
    fresh: tuple[str, ...] = ()
    """The versions that Poetry locks otherwise, where it has a reason that we do not share."""
    worded: tuple[str, ...] = ()
    """The lines of our lock that Poetry writes otherwise, the meaning being the same."""

    def project_file(self, first: str, second: str) -> str:
        """Return the whole file, for two indexes."""
        sources = SOURCES.format(first=first, second=second, priority=self.priority)
        return f"{self.project.strip()}\n\n[tool.poetry]\npackage-mode = false\n{sources}"


def standard(python: str, *requirements: str) -> str:
    """Return a project that has nothing but requirements."""
    lines = "".join(f"    {requirement!r},\n" for requirement in requirements)
    return f"[project]\nname = 'small'\nversion = '1.0'\nrequires-python = '{python}'\ndependencies = [\n{lines}]\n"


PROJECTS = (
    SmallProject(about="nothing", project=standard(">=3.10")),
    SmallProject(
        about="markers along paths",
        project=standard(
            ">=3.9,<4.0",
            "web",
            'windows-only; sys_platform == "win32"',
            'backport; python_version < "3.10"',
            'threads; platform_system != "Emscripten"',
        ),
        packages=(
            (
                "web",
                "1.0",
                {
                    "requires": [
                        "color; platform_system == 'Windows'",
                        "backport>=1; python_version < '3.11'",
                        "loop; sys_platform != 'win32' and (os_name != 'java' and implementation_name != 'pypy')",
                        "Typing.Things>=4 ; python_full_version <= '3.11.0a6'",
                    ]
                },
            ),
            ("windows-only", "1.0", {"requires": ["color>=0.4", "deep; python_version >= '3.12'"]}),
            ("color", "0.4", {}),
            ("backport", "2.0", {"requires": ["zipped>=3"]}),
            ("zipped", "3.1", {}),
            ("threads", "1.0", {"requires": ["deep; os_name == 'posix'"]}),
            ("deep", "1.0", {}),
            ("loop", "0.19", {}),
            ("typing-things", "4.1", {}),
        ),
    ),
    SmallProject(
        about="several constraints by Python",
        project="""
[tool.poetry.dependencies]
python = ">=3.10,<3.13"
array = [{ version = "^1.26", python = "<3.12" }, { version = "^2.0", python = ">=3.12" }]
frame = "*"
""",
        packages=(
            ("array", "1.26.4", {}),
            ("array", "2.1.0", {"python": ">=3.12"}),
            ("frame", "2.0", {"requires": ["array>=1.20"]}),
        ),
    ),
    SmallProject(
        about="several constraints by platform",
        project="""
[tool.poetry.dependencies]
python = "^3.11"
lamp = [
    { version = "~2.2", markers = "sys_platform == 'darwin'" },
    { version = ">=2.5", markers = "sys_platform != 'darwin'" },
]
""",
        packages=(
            ("lamp", "2.2.1", {"requires": ["symbols"]}),
            ("lamp", "2.6.0", {"requires": ["symbols>=1.10", "runtime==12.4; platform_machine == 'x86_64'"]}),
            ("symbols", "1.13", {}),
            ("runtime", "12.4", {}),
        ),
    ),
    SmallProject(
        about="extras of the project",
        project=standard(">=3.10", "core")
        + """
[project.optional-dependencies]
postgres = ["driver>=3"]
cache = ["store"]
all = ["driver", "store", "plot; python_version < '3.13'"]
""",
        packages=(
            ("core", "1.0", {}),
            ("driver", "3.2", {"requires": ["zone; sys_platform == 'win32'"]}),
            ("store", "5.0", {"requires": ["timeout>=4; python_full_version < '3.11.3'"]}),
            ("timeout", "4.0.3", {}),
            ("zone", "2026.1", {}),
            ("plot", "3.9", {}),
        ),
    ),
    SmallProject(
        about="an extra that asks twice for one package, once under a marker",
        project=standard(">=3.10")
        + """
[project.optional-dependencies]
postgres = ["driver>=3"]
all = ["driver", "plot; python_version < '3.13'"]
""",
        packages=(("driver", "3.2", {}), ("plot", "3.9", {"requires": ["driver"]})),
        # The part that is left out is contained in the last.
        worded=(
            r'-markers = "extra == \"postgres\" or extra == \"all\""',
            r'+markers = "python_version < \"3.13\" and extra == \"all\" or extra == \"postgres\" or extra == \"all\""',
        ),
    ),
    SmallProject(
        about="legacy groups and extras",
        project="""
[tool.poetry.dependencies]
python = "^3.10"
site = "^5.0"
driver = { version = "^3.1", optional = true }
store = { version = ">=5", optional = true }
tomlish = { version = "^2.0", python = "<3.11" }

[tool.poetry.extras]
postgres = ["driver"]
cache = ["store"]

[tool.poetry.group.dev.dependencies]
check = "^8.0"
cover = { version = "*", extras = ["toml"] }

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
book = "^7.0"
""",
        packages=(
            ("site", "5.2", {"requires": ["sql>=0.3"]}),
            ("sql", "0.5", {}),
            ("driver", "3.2", {}),
            ("store", "5.0", {}),
            ("tomlish", "2.4", {}),
            ("check", "8.4", {"requires": ["tomlish>=1; python_version < '3.11'", "color; sys_platform == 'win32'"]}),
            ("cover", "7.1", {"extras": {"toml": ["tomlish ; python_full_version <= '3.11.0a6'"]}}),
            ("color", "0.4.6", {}),
            (
                "book",
                "7.4",
                {"requires": ["sql", "color>=0.4; sys_platform == 'win32'", "tomlish; python_version<'3.11'"]},
            ),
        ),
    ),
    SmallProject(
        about="groups that include others",
        project=standard(">=3.10,<3.14", "click-like>=8")
        + """
[dependency-groups]
test = ["check>=8", "color; sys_platform == 'win32'"]
lint = ["style", { include-group = "test" }]
docs = ["book"]

[tool.poetry.group.docs]
optional = true
""",
        packages=(
            ("click-like", "8.1", {"requires": ["color; platform_system == 'Windows'"]}),
            ("color", "0.4.6", {}),
            ("check", "8.4", {}),
            ("style", "0.9", {}),
            ("book", "7.4", {"requires": ["style>=0.5; python_version >= '3.12'"]}),
        ),
    ),
    SmallProject(
        about="newest that does not run everywhere",
        project=standard(">=3.9,<4.0", "array", "frame", "only-new; python_version >= '3.11'"),
        packages=(
            ("array", "2.0.2", {"python": ">=3.9"}),
            ("array", "2.3.0", {"python": ">=3.11"}),
            ("frame", "2.2", {"python": ">=3.9", "requires": ["array>=1.22"]}),
            ("frame", "3.0", {"python": ">=3.11", "requires": ["array>=2.1"]}),
            ("only-new", "1.0", {"python": ">=3.11"}),
        ),
    ),
    SmallProject(
        about="an explicit source",
        priority="explicit",
        project=standard(">=3.10", "public", "private")
        + '\n[tool.poetry.dependencies]\nprivate = { source = "second" }\n',
        packages=(("public", "1.0", {}), ("private", "9.0", {}), ("helper", "1.0", {})),
        elsewhere=(("private", "1.5", {"requires": ["helper"]}), ("public", "2.0", {}), ("helper", "3.0", {})),
    ),
    SmallProject(
        about="a supplemental source",
        project=standard(">=3.10", "public", "rare"),
        packages=(("public", "1.0", {}),),
        elsewhere=(("rare", "1.5", {"requires": ["public"]}), ("public", "2.0", {})),
    ),
    SmallProject(
        about="pre-releases asked for and left over",
        project=standard(">=3.10", "steady", "eager", "beta-only")
        + "\n[tool.poetry.dependencies]\neager = { allow-prereleases = true }\n",
        packages=(
            ("steady", "1.0", {}),
            ("steady", "2.0rc1", {}),
            ("eager", "1.0", {}),
            ("eager", "2.0b2", {"requires": ["steady>=1"]}),
            ("beta-only", "0.1b3", {}),
        ),
    ),
    SmallProject(
        about="local versions and yanked releases",
        project=standard(">=3.10", "lamp==2.1.0+cpu", "pulled==1.5", "careful"),
        packages=(
            ("lamp", "2.1.0", {}),
            ("lamp", "2.1.0+cpu", {"requires": ["symbols"]}),
            ("symbols", "1.13", {}),
            ("pulled", "1.5", {"yanked": "broken"}),
            ("pulled", "1.4", {}),
            ("careful", "2.0", {"yanked": True}),
            ("careful", "1.9", {}),
        ),
    ),
    SmallProject(
        about="extras of packages that ask for each other",
        project=standard(">=3.10", "server[standard]>=0.15", "model[async]"),
        packages=(
            (
                "server",
                "0.30",
                {
                    "requires": ["h-eleven>=0.8"],
                    "extras": {
                        "standard": ["server[color,speed]", "h-eleven>=0.8", "watch>=0.1"],
                        "color": ["color; sys_platform == 'win32'"],
                        "speed": ["loop; sys_platform != 'win32' and platform_python_implementation != 'PyPy'"],
                        "other": ["unneeded"],
                    },
                },
            ),
            ("h-eleven", "0.14", {}),
            ("watch", "1.0", {"requires": ["server"]}),
            ("color", "0.4", {}),
            ("loop", "0.19", {}),
            (
                "model",
                "2.0",
                {
                    "requires": ["green>=1; platform_machine == 'x86_64' or platform_machine == 'AMD64'"],
                    "extras": {"async": ["green>=1"]},
                },
            ),
            ("green", "3.0", {}),
        ),
    ),
    SmallProject(
        about="a client that holds another back",
        project=standard(">=3.11,<3.14", "cloud", "files", "transport<2"),
        packages=(
            ("cloud", "1.40", {"requires": ["engine>=1.40,<1.41"]}),
            ("cloud", "1.35", {"requires": ["engine>=1.35,<1.36"]}),
            ("engine", "1.40.5", {"requires": ["transport>=1.25,!=2.2.0,<3"]}),
            ("engine", "1.35.9", {"requires": ["transport>=1.25,<2"]}),
            ("files", "2026.1", {"requires": ["async-engine>=2.5,<3"]}),
            ("async-engine", "2.9", {"requires": ["engine>=1.35,<1.36"]}),
            ("transport", "1.26", {}),
            ("transport", "2.1", {}),
        ),
    ),
)
