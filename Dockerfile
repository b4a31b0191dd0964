# Andon's server: the pinned packages, the sources, a user of its own. State lives in /data.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --create-home --home-dir /data --shell /usr/sbin/nologin --uid 10001 andon

WORKDIR /app
# `--build-arg LOCK=requirements-notify.lock` takes Apprise too, for pages; `-postgres` asyncpg.
ARG LOCK=requirements.lock
COPY requirements.lock requirements-notify.lock requirements-postgres.lock ./
RUN pip install --disable-pip-version-check --require-hashes --no-deps -r ${LOCK}

COPY approvals ./approvals
COPY storage ./storage
COPY bot ./bot
COPY manifest.yml ./

# Inside the container everything may listen: what is published is said outside.
ENV PYTHONPATH=/app \
    ANDON_HOST=0.0.0.0 \
    ANDON_DATABASE_URL=sqlite:////data/andon.db \
    ANDON_SIGNING_KEYS=/data/keys \
    ANDON_POLICY=/etc/andon/policy.toml

USER andon
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
