"""Ten requirement sets like those that people have, to be locked by Poetry and by us against a real index."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = """
[[tool.poetry.source]]
name = "table"
url = "{url}"
priority = "primary"
"""


@dataclass(frozen=True, slots=True)
class LockSet:
    """A project file without the index it is locked against."""

    name: str
    project: str

    def project_file(self, url: str) -> str:
        """Return the whole file, for an index at an address."""
        return self.project.lstrip() + SOURCE.format(url=url)


WEB = """
[project]
name = "web"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["flask", "requests", "rich", "fastapi[standard]", "sqlalchemy[asyncio]>=2"]

[tool.poetry]
package-mode = false
"""

SCIENCE = """
[project]
name = "science"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["numpy", "pandas", "matplotlib", "scipy", "scikit-learn", "seaborn"]

[tool.poetry]
package-mode = false
"""

NOTEBOOK = """
[project]
name = "notebook-stack"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["jupyterlab", "ipykernel", "ipywidgets"]

[tool.poetry]
package-mode = false
"""

AIRFLOW = """
[project]
name = "pipelines"
version = "0.1.0"
requires-python = ">=3.11,<3.13"
dependencies = ["apache-airflow[amazon,postgres,celery]==2.10.*", "s3fs", "boto3>=1.34"]

[tool.poetry]
package-mode = false
"""

BOTO = """
[project]
name = "boto"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["boto3", "botocore", "s3fs", "aiobotocore", "urllib3<2", "fsspec"]

[tool.poetry]
package-mode = false
"""

TORCH = """
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11,<3.13"
torch = [
    { version = "~2.2", markers = "sys_platform == 'darwin' and platform_machine == 'x86_64'" },
    { version = ">=2.5,<2.7", markers = "sys_platform != 'darwin' or platform_machine != 'x86_64'" },
]
numpy = [
    { version = "^1.26", python = "<3.12" },
    { version = ">=1.26,<3", python = ">=3.12" },
]
torchvision = "*"
safetensors = "^0.4"
"""

LEGACY = """
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = "^3.10"
django = "^5.0"
httpx = { version = "^0.27", extras = ["http2"] }
psycopg = { version = "^3.1", optional = true }
redis = { version = ">=5", optional = true }
colorama = { version = "^0.4", platform = "win32" }
tomli = { version = "^2.0", python = "<3.11" }

[tool.poetry.extras]
postgres = ["psycopg"]
cache = ["redis"]
everything = ["psycopg", "redis"]

[tool.poetry.group.dev.dependencies]
pytest = "^8.0"
pytest-cov = "*"
mypy = "^1.10"
django-stubs = "*"

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
sphinx = "^7.0"
myst-parser = "*"
"""

GROUPS = """
[project]
name = "groups"
version = "0.1.0"
requires-python = ">=3.10,<3.14"
dependencies = ["click>=8", "pydantic>=2", "typing-extensions; python_version < '3.12'"]

[project.optional-dependencies]
cli = ["rich", "typer>=0.12"]
data = ["pandas>=2; python_version < '3.13'", "pyarrow; sys_platform != 'win32'"]
all = ["rich", "pandas>=2"]

[dependency-groups]
test = ["pytest>=8", "coverage[toml]", "hypothesis"]
lint = ["ruff", "mypy", { include-group = "test" }]
docs = ["mkdocs-material", "mkdocstrings[python]"]

[tool.poetry]
package-mode = false

[tool.poetry.group.docs]
optional = true
"""

DROPPED = """
[project]
name = "dropped"
version = "0.1.0"
requires-python = ">=3.9,<4.0"
dependencies = [
    "numpy",
    "pandas",
    "matplotlib",
    "networkx; python_version >= '3.11'",
    "click",
    "colorama; sys_platform == 'win32'",
    "importlib-metadata; python_version < '3.10'",
    "ipython",
]

[tool.poetry]
package-mode = false
"""

KEDRO = """
[project]
name = "experiments"
version = "0.1.0"
requires-python = ">=3.10,<3.13"
dependencies = [
    "kedro>=0.19",
    "kedro-datasets[pandas-csvdataset,pandas-exceldataset]",
    "scikit-learn",
    "mlflow-skinny>=2",
    "xgboost; sys_platform == 'linux'",
    "optuna",
]

[dependency-groups]
dev = ["pytest", "ipykernel", "pre-commit"]

[tool.poetry]
package-mode = false
"""

SETS = (
    LockSet("web", WEB),
    LockSet("science", SCIENCE),
    LockSet("notebook", NOTEBOOK),
    LockSet("airflow", AIRFLOW),
    LockSet("boto", BOTO),
    LockSet("torch", TORCH),
    LockSet("legacy", LEGACY),
    LockSet("groups", GROUPS),
    LockSet("dropped", DROPPED),
    LockSet("kedro", KEDRO),
)
