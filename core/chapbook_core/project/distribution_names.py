"""Which distribution brings a module: what is known, and nothing guessed.

A module's name is often not its distribution's, and the name that fits may belong to somebody who waits for the
mistake. So a name that is not in these tables is unknown.
"""

from __future__ import annotations

from functools import cache

_DIFFERENT = {
    "attr": "attrs",
    "Bio": "biopython",
    "bs4": "beautifulsoup4",
    "cairo": "pycairo",
    "community": "python-louvain",
    "Crypto": "pycryptodome",
    "Cryptodome": "pycryptodomex",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "discord": "discord-py",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "flask_cors": "flask-cors",
    "flask_login": "flask-login",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "gi": "pygobject",
    "git": "gitpython",
    "github": "pygithub",
    "google.auth": "google-auth",
    "google.cloud.aiplatform": "google-cloud-aiplatform",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.cloud.pubsub": "google-cloud-pubsub",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.vision": "google-cloud-vision",
    "google.genai": "google-genai",
    "google.generativeai": "google-generativeai",
    "google.oauth2": "google-auth",
    "google.protobuf": "protobuf",
    "google_auth_oauthlib": "google-auth-oauthlib",
    "googleapiclient": "google-api-python-client",
    "hydra": "hydra-core",
    "ibis": "ibis-framework",
    "imblearn": "imbalanced-learn",
    "IPython": "ipython",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "Levenshtein": "levenshtein",
    "magic": "python-magic",
    "markdown_it": "markdown-it-py",
    "memcache": "python-memcached",
    "mpl_toolkits": "matplotlib",
    "multipart": "python-multipart",
    "MySQLdb": "mysqlclient",
    "nacl": "pynacl",
    "OpenSSL": "pyopenssl",
    "osgeo": "gdal",
    "past": "future",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "pylab": "matplotlib",
    "pyro": "pyro-ppl",
    "pythoncom": "pywin32",
    "pywt": "pywavelets",
    "rest_framework": "djangorestframework",
    "ruamel": "ruamel-yaml",
    "ruamel.yaml": "ruamel-yaml",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "sksurv": "scikit-survival",
    "slugify": "python-slugify",
    "snappy": "python-snappy",
    "snowflake.connector": "snowflake-connector-python",
    "socks": "pysocks",
    "speech_recognition": "speechrecognition",
    "talib": "ta-lib",
    "telegram": "python-telegram-bot",
    "umap": "umap-learn",
    "usb": "pyusb",
    "websocket": "websocket-client",
    "win32api": "pywin32",
    "win32com": "pywin32",
    "win32con": "pywin32",
    "wx": "wxpython",
    "Xlib": "python-xlib",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}

# Distributions that bring the same modules as a better known one.
_ALTERNATIVES = {
    "faiss-cpu": ("faiss-gpu",),
    "kafka-python": ("kafka-python-ng",),
    "onnxruntime": ("onnxruntime-gpu",),
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "pillow": ("pillow-simd",),
    "psycopg2-binary": ("psycopg2",),
    "python-magic": ("python-magic-bin",),
    "tensorflow": ("tensorflow-cpu", "tensorflow-macos", "tensorflow-gpu", "tensorflow-intel"),
    "xgboost": ("xgboost-cpu",),
}

# Modules whose distribution has their name, where `-` may stand for `_`.
_SAME = """
    accelerate adbc_driver_manager aiofiles aiohttp aiosqlite altair anndata anthropic anyio
    apscheduler arch arrow arviz astropy asyncpg asyncssh autograd babel backoff beartype bokeh
    boto3 botocore bottleneck bqplot branca cachetools captum cartopy catboost cattrs celery certifi
    cffi chardet chex click cloudpickle cmdstanpy colorama colorcet contextily cryptography cvxpy
    cycler cython dash dask datasets datashader dateparser deap deepdiff delta_sharing diffusers
    dill distributed django docker docutils duckdb editdistance einops elasticsearch emcee esda
    evaluate faker fastai fastapi fastparquet filelock fiona flask flax folium fsspec gensim
    geopandas geopy gpytorch gradio graphviz great_expectations greenlet gspread gurobipy gymnasium
    h5netcdf h5py hdbscan healpy holoviews httpx huggingface_hub hvplot hypothesis igraph imageio
    inflect ipykernel ipyleaflet ipympl ipyparallel ipywidgets isodate jax jaxlib jinja2 jmespath
    joblib jsonschema jupyter_client jupyter_core jupyterlab keras keyring kornia langchain
    langchain_community langchain_core langchain_openai langgraph librosa lifelines lightgbm
    lightning llvmlite lmfit loguru lxml lz4 mapclassify markdown matplotlib mesa missingno mistune
    mlflow mlxtend more_itertools msgpack multidict mypy narwhals nbclient nbconvert nbdev nbformat
    netCDF4 networkx nibabel nilearn nltk numba numexpr numpy numpyro obspy odfpy onnx onnxruntime
    openai openpyxl optax optuna orjson osmnx packaging pandas pandera panel papermill param
    paramiko patsy pdfplumber peewee pendulum pexpect pika pint platformdirs plotly plotnine polars
    pooch prefect prettytable prompt_toolkit prophet psutil psycopg pulp pyarrow pydantic
    pydantic_settings pydeck pygments pygraphviz pymc pymongo pymysql pyodbc pyparsing pypdf pyproj
    pyreadstat pysal pyspark pytest pytorch_lightning pytz pyvis pyvista rasterio ray rdkit redis
    regex reportlab requests rich rioxarray rpy2 s3fs sacrebleu safetensors scanpy scipy scrapy
    seaborn selenium sentence_transformers sentencepiece sentry_sdk setuptools shap shapely
    simplejson simpy six sktime soundfile spacy sphinx sqlalchemy sqlglot sqlmodel starlette
    statsmodels streamlit structlog sympy tables tabulate tenacity tensorboard tensorflow
    tensorflow_datasets tensorflow_probability textblob thinc threadpoolctl tifffile tiktoken timm
    tokenizers toml tomlkit toolz torch torchaudio torchmetrics torchvision tornado tqdm traitlets
    transformers trio tsfresh tslearn twine typer typing_extensions tzdata tzlocal ujson
    uncertainties urllib3 uvicorn validators vega_datasets virtualenv voila wandb watchdog
    weasyprint webcolors websockets werkzeug wikipedia wordcloud wrapt xarray xgboost xlrd
    xlsxwriter xlwings xmltodict yarl yellowbrick yfinance zarr zstandard
"""


def distribution_of(module: str) -> str | None:
    """Return the distribution that brings a module, given with its dots; None when it is not known."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if known := _DIFFERENT.get(".".join(parts[:length])):
            return known
    top = parts[0]
    return top.lower().replace("_", "-") if top in _same() else None


def alternatives_of(distribution: str) -> tuple[str, ...]:
    """Return the distributions that may be installed instead of one, and bring the same modules."""
    return _ALTERNATIVES.get(distribution, ())


@cache
def _same() -> frozenset[str]:
    return frozenset(_SAME.split())
