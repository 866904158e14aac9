#!/bin/sh
# docker-entrypoint.sh COMMAND...: runs the broker, or one of its tools, as the official image does. What of that
# image's contract is honoured is in docs/images.md.
set -eu
ssl='(MANAGEMENT_)?SSL_(CACERTFILE|CERTFILE|DEPTH|FAIL_IF_NO_PEER_CERT|KEYFILE|VERIFY)'
# Only the names: passwords are among the values.
old=$(env | grep -Eo "^RABBITMQ_(DEFAULT_(PASS|USER)_FILE|$ssl|VM_MEMORY_HIGH_WATERMARK)=." | sed 's/=.*//' || true)
if [ -n "$old" ]; then
  echo "error: no longer read, set it in a configuration file:" $old >&2
  exit 1
fi
if [ -z "${RABBITMQ_USE_LONGNAME:-}" ] && [ "$(hostname)" != "$(hostname -s)" ]; then
  export RABBITMQ_USE_LONGNAME=true
fi
exec "$@"
