# syntax=docker/dockerfile:1
# PersonaPulse on Airflow's official image: docs/deployment.md.
#
# The slim one: the full one brings some fifty providers nobody here calls, whose libraries the lock would have to agree with.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12

# Everything that comes from others, each file known by its hash. Changes when the lock does.
FROM ${AIRFLOW_IMAGE} AS libraries
RUN --mount=type=bind,source=requirements-deploy.lock,target=/tmp/requirements-deploy.lock \
    pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /tmp/requirements-deploy.lock

# What is ours, with its SQL, rules, sample shop, dags and plugins, as one wheel.
FROM libraries AS wheel
COPY --chown=airflow:0 pyproject.toml README.md LICENSE /tmp/source/
COPY --chown=airflow:0 personapulse /tmp/source/personapulse
COPY --chown=airflow:0 include /tmp/source/include
COPY --chown=airflow:0 dags /tmp/source/dags
COPY --chown=airflow:0 plugins /tmp/source/plugins
WORKDIR /tmp/source
RUN python -m hatchling build --target wheel --directory /tmp/wheel

FROM libraries
RUN --mount=type=bind,from=wheel,source=/tmp/wheel,target=/tmp/wheel \
    pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps /tmp/wheel/*.whl
# Volumes take over who owns the folder they are mounted on.
RUN mkdir -p /opt/airflow/logs /opt/airflow/models /opt/airflow/report \
    && ln -s "$(python -c 'from personapulse.paths import ROOT; print(ROOT)')" /opt/airflow/personapulse
COPY --chown=airflow:0 deploy/airflow.cfg deploy/init.sh /opt/airflow/

# The image's own entry point waits for databases with Airflow's settings, which not every service has; Compose waits for us.
ENTRYPOINT ["/usr/bin/dumb-init", "--"]
CMD ["airflow", "version"]
USER airflow
