"""Django's settings. What differs between installations comes from `infusion_clinic.environment`."""

from csp.constants import NONE, SELF

from infusion_clinic import environment

ENVIRONMENT = environment.read()
BASE_DIR = environment.ROOT

SECRET_KEY = ENVIRONMENT.secret_key
FIELD_KEY = ENVIRONMENT.field_key
DEBUG = ENVIRONMENT.debug
DEMO = ENVIRONMENT.demo
DEMO_CLOCK_OFFSET_SECONDS = ENVIRONMENT.demo_clock_offset_seconds
BASE_URL = ENVIRONMENT.base_url.rstrip("/")
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "core.apps.CoreConfig",
    "audit.apps.AuditConfig",
    "accounts.apps.AccountsConfig",
    "patients.apps.PatientsConfig",
    "regimens.apps.RegimensConfig",
    "messaging.apps.MessagingConfig",
    "authorizations.apps.AuthorizationsConfig",
    "scheduling.apps.SchedulingConfig",
    "api.apps.ApiConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "core.middleware.empty_answers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.ActorMiddleware",
]

ROOT_URLCONF = "infusion_clinic.urls"
WSGI_APPLICATION = "infusion_clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.workplace",
            ],
        },
    }
]

# Form fields draw themselves from templates/django/forms/, so every form follows the design system.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        **ENVIRONMENT.database,
        "OPTIONS": {
            **ENVIRONMENT.database.get("OPTIONS", {}),
            # A stuck lock becomes a clear "try again", never a hanging page.
            "options": "-c lock_timeout=2000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=15000",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENVIRONMENT.redis_url,
        "KEY_PREFIX": "clinic",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend", "accounts.backends.CodeBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.adapters.StaffAccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "accounts.adapters.EncryptedMfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Infusion Clinic"
USERSESSIONS_TRACK_ACTIVITY = False  # it would cost each request four statements; sign-ins are listed all the same
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENVIRONMENT.trust_proxy else 0
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",  # a clinic shares one address; wrong passwords are counted by accounts.services.limits
    "login_failed": False,  # codes of the second factor too: they are counted by accounts.forms
}

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_COOKIE_NAME = "__Host-sessionid" if ENVIRONMENT.is_https else "sessionid"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = ENVIRONMENT.is_https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63_072_000 if ENVIRONMENT.is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENVIRONMENT.is_https
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.trust_proxy else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

EMAIL_BACKEND = ENVIRONMENT.email["EMAIL_BACKEND"]
EMAIL_HOST = ENVIRONMENT.email["EMAIL_HOST"] or "localhost"
EMAIL_PORT = ENVIRONMENT.email["EMAIL_PORT"] or 25
EMAIL_HOST_USER = ENVIRONMENT.email["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = ENVIRONMENT.email["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = ENVIRONMENT.email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = ENVIRONMENT.email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from
SMS = {
    "gateway": ENVIRONMENT.sms_gateway,
    "api_url": ENVIRONMENT.sms_api_url,
    "account": ENVIRONMENT.sms_account,
    "token": ENVIRONMENT.sms_token,
    "sender": ENVIRONMENT.sms_from,
}

# Celery messages carry no data: a task is a wake-up, the rows in PostgreSQL are the work (docs/adr/0003).
CELERY_BROKER_URL = ENVIRONMENT.redis_url
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "visibility_timeout": 300,
}
CELERY_TIMEZONE = "UTC"
ALIVE_FILE = ENVIRONMENT.alive_file
CELERY_BEAT_SCHEDULER = "infusion_clinic.beat:SoleScheduler"
CELERY_BEAT_SCHEDULE = {
    "drain-outbox": {"task": "messaging.tasks.drain", "schedule": 5.0, "options": {"expires": 5}},
    "visit-reminders": {
        "task": "scheduling.tasks.visit_reminders",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "authorization-follow-ups": {
        "task": "authorizations.tasks.follow_ups",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "expire-holds": {"task": "scheduling.tasks.expire_holds", "schedule": 30.0, "options": {"expires": 30}},
    "roll-plans": {"task": "scheduling.tasks.roll_plans", "schedule": 3600.0, "options": {"expires": 3600}},
    "courses": {"task": "scheduling.tasks.look_at_courses", "schedule": 3600.0, "options": {"expires": 3600}},
    "gate": {"task": "scheduling.tasks.ask_the_gate", "schedule": 3600.0, "options": {"expires": 3600}},
    "gate-soon": {"task": "scheduling.tasks.ask_the_gate_soon", "schedule": 300.0, "options": {"expires": 300}},
    "seal-audit": {"task": "audit.tasks.seal", "schedule": 60.0, "options": {"expires": 60}},
    "tidy-accounts": {"task": "accounts.tasks.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    "heartbeat": {"task": "core.tasks.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.Denied"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.PerActor"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Infusion Clinic API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["api.schema.complete"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
}
