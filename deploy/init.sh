#!/usr/bin/env bash
# Airflow's database and its first Admin; run at each start, it leaves alone what is there.
set -euo pipefail

airflow db migrate
password=$(cat "$ADMIN_PASSWORD_FILE")
# asked for twice on standard input, so that it stands in no list of processes
printf '%s\n%s\n' "$password" "$password" | airflow users create --username admin --role Admin \
    --firstname First --lastname Admin --email admin@localhost
