"""Settings, read from the environment. Every variable is explained in the README's table.

With nothing set, the project runs on the embedded PostgreSQL and Valkey under ``var/``.
"""

import contextlib
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pipeline import embedded, logs
from pipeline.environment import Environment
from pipeline.schema import document

django_stubs_ext.monkeypatch()  # ModelAdmin[Dataset] and its like, which type checkers ask for

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "packaged"
SITE_DIR = PACKAGED if PACKAGED.is_dir() else BASE_DIR
"""Where templates, static files and the Procfile lie: beside the packages, or in the wheel."""
VAR_DIR = embedded.var_dir()


def _secret_key() -> str:
    """PIPELINE_SECRET_KEY, or a key made once and kept, readable by its owner only, under ``var/``."""
    if key := str(env.str("PIPELINE_SECRET_KEY", default="")):
        return key
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=VAR_DIR) as draft, contextlib.suppress(FileExistsError):
            draft.write(secrets.token_urlsafe(50))
            draft.flush()
            os.link(draft.name, path)  # whole or not at all, however many processes start at once
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = env.bool("PIPELINE_DEBUG", default=False)
ALLOWED_HOSTS = env.list("PIPELINE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("PIPELINE_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "pipeline.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "knox",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pipeline.accounts",
    "datasets",
    "notifications",
    "training",
    "pipeline",
]

MIDDLEWARE = [
    "pipeline.health.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pipeline.requests.RequestLog",
    "pipeline.middleware.CompressText",
    "csp.middleware.CSPMiddleware",
    "pipeline.serving.refusals.Refusals",
    "pipeline.middleware.MethodInWords",
    "pipeline.readable.Readable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pipeline.middleware.SignInAsPage",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "pipeline.urls"
WSGI_APPLICATION = "pipeline.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SITE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"lucide": "pipeline.icons"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "notifications.context_processors.unread",
            ],
        },
    }
]

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=embedded.database_url(VAR_DIR))
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host/name")
# A database host that is gone without a word is noticed within a minute, not when TCP gives up after many.
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
} | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "pipeline.accounts.passwords.RevokeTokens"}]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SESSION_ENGINE = "pipeline.sessions"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "datasets:list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("PIPELINE_TIME_ZONE", default="UTC")
USE_TZ = True
FORMAT_MODULE_PATH = "pipeline.formats"

# Files: static files are collected for WhiteNoise; uploads and adapters go through Django's storage.
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [SITE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = VAR_DIR / "media"
UPLOADING_DIR = VAR_DIR / "uploading"  # not among others' temporary files: /tmp may be small
STORAGES = {
    "default": {"BACKEND": "pipeline.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATASET_MAX_BYTES = env.int("PIPELINE_DATASET_MAX_BYTES", default=1024**3)
DATASET_MAX_UNPACKED_BYTES = env.int("PIPELINE_DATASET_MAX_UNPACKED_BYTES", default=4 * 1024**3)
DATASET_MAX_ROWS = env.int("PIPELINE_DATASET_MAX_ROWS", default=10_000_000)
WEB_THREADS = env.int("PIPELINE_WEB_THREADS", default=4)
DATASET_PROCESSES = env.int("PIPELINE_DATASET_PROCESSES", default=min(4, len(os.sched_getaffinity(0))))

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
HTTPS = env.bool("PIPELINE_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS  # probes are answered before, by whatever way they come
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # whose subdomains it concerns, the proxy's keeper knows

PROXIES = env.int("PIPELINE_PROXIES", default=int(HTTPS))
"""Proxies in front, whose X-Forwarded-For says where a request comes from."""

# Guards: who tries passwords or tokens is locked out for a while, who asks too often waits, and nobody takes all.
SIGN_IN_FAILURES = env.int("PIPELINE_SIGN_IN_FAILURES", default=10)
SIGN_IN_LOCK_SECONDS = env.int("PIPELINE_SIGN_IN_LOCK_SECONDS", default=900)
AXES_FAILURE_LIMIT = SIGN_IN_FAILURES
AXES_COOLOFF_TIME = timedelta(seconds=SIGN_IN_LOCK_SECONDS)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "pipeline.accounts.throttling.address"
AXES_LOCKOUT_CALLABLE = "pipeline.accounts.views.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
RATES = {
    "api": env.str("PIPELINE_RATE_API", default="1200/min"),
    "estimate": env.str("PIPELINE_RATE_ESTIMATES", default="1200/min"),
    "create": env.str("PIPELINE_RATE_JOBS", default="60/min"),
    "upload": env.str("PIPELINE_RATE_UPLOADS", default="60/min"),
    "sign_in": env.str("PIPELINE_RATE_SIGN_IN", default="30/min"),
    "wrong_token": env.str("PIPELINE_RATE_WRONG_TOKENS", default="30/min"),
}
QUOTAS = {
    "stored_bytes": env.int("PIPELINE_QUOTA_BYTES", default=100 * 1024**3),
    "datasets": env.int("PIPELINE_QUOTA_DATASETS", default=1000),
    "tokens": env.int("PIPELINE_QUOTA_TOKENS", default=20),
    "waiting_jobs": env.int("PIPELINE_QUOTA_WAITING_JOBS", default=100),
}

# JSON API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "pipeline.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "pipeline.schema.automatic.ApiSchema",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["pipeline.api.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "pipeline.api.Negotiation",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_THROTTLE_CLASSES": ["pipeline.accounts.throttling.Throttle"],
    "NUM_PROXIES": PROXIES,
    "EXCEPTION_HANDLER": "pipeline.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": False,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = document.SETTINGS
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_PREFIX": "pl_",
    "TOKEN_TTL": None,
    "TOKEN_LIMIT_PER_USER": None,
}

REDIS_URL = env.str("REDIS_URL", default=embedded.redis_url(VAR_DIR))

# The cache holds what may be lost: a broker that is down is an empty cache, not an error.
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://", 1),  # Kombu's word for it, and redis-py's
        "KEY_PREFIX": "pipeline",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1, "IGNORE_EXCEPTIONS": True},
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# Celery: messages only nudge workers, so nothing is lost with the broker and no result is kept.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever; who sends, hardly at all
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {  # minutes: not before the sweeps
    "datasets.tasks.validate_dataset": {"queue": "datasets"},
    "training.tasks.check_data": {"queue": "datasets"},
}
CELERY_WORKER_DISABLE_PREFETCH = True  # a busy worker keeps no message from an idle one
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
SWEEP = env.float("PIPELINE_SWEEP_SECONDS", default=5.0)
HOURLY = {"schedule": timedelta(hours=1), "options": {"expires": 3600}}
CELERY_BEAT_SCHEDULE = {
    "sweep training jobs": {"task": "training.tasks.sweep", "schedule": SWEEP, "options": {"expires": SWEEP}},
    "prune runs": {"task": "training.tasks.prune"} | HOURLY,
    "prune data sets": {"task": "datasets.tasks.prune"} | HOURLY,
    "prune notifications": {"task": "notifications.tasks.prune"} | HOURLY,
    "prune accounts": {"task": "pipeline.accounts.tasks.prune"} | HOURLY,
    "sweep data sets": {"task": "datasets.tasks.sweep", "schedule": 6 * SWEEP, "options": {"expires": 6 * SWEEP}},
}

# Training
MODELS_DIR = Path(env.str("PIPELINE_MODELS_DIR", default=str(VAR_DIR / "models")))
MODEL_ROOTS = [Path(root) for root in env.str("PIPELINE_MODEL_ROOTS", default="").split(os.pathsep) if root]
TOKENIZER = env.str("PIPELINE_TOKENIZER", default="SmolLM2-135M-Instruct")
RUNS_DIR = Path(env.str("PIPELINE_RUNS_DIR", default=str(VAR_DIR / "runs")))
TRAINER_DEVICE = env.str("PIPELINE_TRAINER_DEVICE", default="auto")
STOP_GRACE_SECONDS = env.float("PIPELINE_STOP_GRACE_SECONDS", default=30.0)
WORKER_SILENCE_SECONDS = env.float("PIPELINE_WORKER_SILENCE_SECONDS", default=60.0)
MAX_ATTEMPTS = env.int("PIPELINE_MAX_ATTEMPTS", default=3)
RETRY_DELAY_SECONDS = env.float("PIPELINE_RETRY_DELAY_SECONDS", default=5.0)
CHECKPOINT_SECONDS = env.float("PIPELINE_CHECKPOINT_SECONDS", default=300.0)
KEEP_RUNS_DAYS = env.days("PIPELINE_KEEP_RUNS_DAYS", default=30)
CPU_HOURLY_RATE = env.float("PIPELINE_CPU_HOURLY_RATE", default=0.0)
EVALUATION_SHARE = env.float("PIPELINE_EVALUATION_SHARE", default=0.05)

# Finished adapters, tried: on this host's CPU, unless a device is given to it or another server does it
INFERENCE_DEVICE = env.str("PIPELINE_INFERENCE_DEVICE", default="cpu")
INFERENCE_IDLE_SECONDS = env.float("PIPELINE_INFERENCE_IDLE_SECONDS", default=600.0)
INFERENCE_URL = env.str("PIPELINE_INFERENCE_URL", default="")
INFERENCE_KEY = env.str("PIPELINE_INFERENCE_KEY", default="")
INFERENCE_ADAPTERS_DIR = Path(env.str("PIPELINE_INFERENCE_ADAPTERS_DIR", default=str(VAR_DIR / "adapters")))

# How long what has only been is kept, in days; 0: for ever
KEEP_EVENTS_DAYS = env.days("PIPELINE_KEEP_EVENTS_DAYS", default=1095)
KEEP_CURVES_DAYS = env.days("PIPELINE_KEEP_CURVES_DAYS", default=365)
KEEP_LOGS_DAYS = env.days("PIPELINE_KEEP_LOGS_DAYS", default=180)
KEEP_MEASUREMENTS_DAYS = env.days("PIPELINE_KEEP_MEASUREMENTS_DAYS", default=730)
KEEP_CACHES_DAYS = env.days("PIPELINE_KEEP_CACHES_DAYS", default=90)
KEEP_NOTIFICATIONS_DAYS = env.days("PIPELINE_KEEP_NOTIFICATIONS_DAYS", default=90)
KEEP_UNREAD_NOTIFICATIONS_DAYS = env.days("PIPELINE_KEEP_UNREAD_NOTIFICATIONS_DAYS", default=365)
KEEP_SIGN_INS_DAYS = env.days("PIPELINE_KEEP_SIGN_INS_DAYS", default=90)

# Logs: quiet on a developer's terminal; one line for each request where a machine reads them.
LOG_FORMAT = env.str("PIPELINE_LOG_FORMAT", default="console")
LOG_REQUESTS = env.bool("PIPELINE_LOG_REQUESTS", default=LOG_FORMAT == "json")
LOGGING = logs.configuration(
    log_format=LOG_FORMAT, level=env.str("PIPELINE_LOG_LEVEL", default="INFO").upper(), requests=LOG_REQUESTS
)

METRICS_TOKEN = env.str("PIPELINE_METRICS_TOKEN", default="")
