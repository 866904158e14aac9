#!/bin/sh
# compose/make-secrets.sh: makes the secrets that compose.yaml names, at random, and leaves those that are there.
set -eu
folder=$(dirname "$0")/secrets
# Nobody else of this machine may look into the folder. The files in it are for users of containers, of other numbers.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

random() { # BYTES, in base64
  head -c "$1" /dev/urandom | base64 | tr -d '\n'
}

make() { # NAME TEXT
  if [ -s "$folder/$1" ]; then return; fi
  # Whole or not at all.
  printf '%s\n' "$2" >"$folder/.$1"
  mv "$folder/.$1" "$folder/$1"
  echo "made $folder/$1"
}

make mysql_root_password "$(random 24 | tr '+/' '-_')"
make mysql_password "$(random 24 | tr '+/' '-_')"
make rabbitmq_password "$(random 24 | tr '+/' '-_')"
make rabbitmq.conf "default_user = voteapp
default_pass = $(cat "$folder/rabbitmq_password")"
make session_key "$(random 32)"
make round_key "$(random 32)"
