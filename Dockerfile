# One image for the web server, the workers, beat and migrations; docker-compose.yml says which command runs where.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements/base.txt requirements/base.txt
RUN /venv/bin/pip install --quiet --require-hashes -r requirements/base.txt
COPY . .
# Values for this one step; none of them reaches the image that runs.
RUN SECRET_KEY=only-while-building-the-image-0123456789 \
    FIELD_KEY=0000000000000000000000000000000000000000000000000000000000000000 \
    BASE_URL=https://build.invalid ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://nobody@127.0.0.1:1/nowhere REDIS_URL=redis://127.0.0.1:1/0 \
    /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q /app /venv

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ALIVE_FILE=/tmp/alive
RUN groupadd --gid 10001 clinic && useradd --uid 10001 --gid clinic --no-create-home --shell /usr/sbin/nologin clinic
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER clinic
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=40s --retries=3 CMD ["python", "infusion_clinic/probe.py", "web"]
CMD ["gunicorn", "infusion_clinic.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--preload", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--graceful-timeout", "20"]
