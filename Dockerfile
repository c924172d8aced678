# Spotter as a container. Build it in this folder: docker build -t spotter .
# How to run it: deploy/README.md and deploy/compose.yaml.
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
# The pinned packages are all there is to install. They are a layer of their own, which stays when only the sources
# change.
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/spotter
RUN pip --python /opt/spotter/bin/python install --no-cache-dir --disable-pip-version-check --no-deps -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN pip --python /opt/spotter/bin/python install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:${PYTHON}
# A fixed number, so that a volume's owner is known before the container runs.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin spotter
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/spotter /opt/spotter
# A home, for a user of another number (docker run --user) has none.
ENV HOME=/data \
    PATH=/opt/spotter/bin:$PATH \
    DATABASE_URL=sqlite:////data/spotter.db \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Only /data and /tmp are written: the root may be read-only.
WORKDIR /data
VOLUME /data
USER 10001:10001
# Asks the process, over PORT where that is set. A first start on a large database may take minutes.
HEALTHCHECK --interval=60s --timeout=20s --start-period=5m --retries=3 CMD ["spotter", "health"]
ENTRYPOINT ["spotter"]
CMD ["run"]
