#!/bin/bash
# docker-entrypoint.sh [mysqld|mariadbd] [OPTION...]: makes the database at the first start of a volume, as the official
# images do, and becomes the server. What of their contract is honoured is in docs/images.md.
set -eu
data=/var/lib/mysql
# Not hidden: InnoDB overlooks what is in hidden folders.
fresh=$data/fresh
socket=/tmp/first.sock

refuse() {
  echo "error: $1" >&2
  exit 1
}

# A setting of the first start: each of the image's prefixes, before what is said of the name without MYSQL_ or MARIADB_;
# NAME_FILE for a file with it.
setting() { # NAME
  local prefix name file
  for prefix in $prefixes; do
    name=$prefix$1 file=$prefix$1_FILE
    if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then refuse "both $name and $file are set"; fi
    if [ -n "${!file:-}" ]; then
      cat "${!file}"
      return
    elif [ -n "${!name:-}" ]; then
      printf %s "${!name}"
      return
    fi
  done
}

# A text as SQL has it.
literal() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}

initialise() { # SERVER OPTION...
  if [ "$1" = mariadbd ]; then
    # Across: without a root of this host's name, whom nothing gives a password.
    mariadb-install-db "${@:2}" --datadir=$fresh --auth-root-authentication-method=normal --skip-test-db \
      --cross-bootstrap >/dev/null
  else
    "$@" --datadir=$fresh --initialize-insecure
  fi
}

first_statements() {
  echo "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';"
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(literal "$root");"
  if [ "$root_host" != localhost ]; then
    echo "CREATE USER 'root'@$(literal "$root_host") IDENTIFIED BY $(literal "$root");"
    echo "GRANT ALL ON *.* TO 'root'@$(literal "$root_host") WITH GRANT OPTION;"
  fi
  if [ -n "$database" ]; then echo "CREATE DATABASE \`$database\`;"; fi
  if [ -n "$user" ] && [ -n "$password" ]; then
    echo "CREATE USER $(literal "$user")@'%' IDENTIFIED BY $(literal "$password");"
    if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(literal "$user")@'%';"; fi
  fi
  echo "SHUTDOWN;"
}

first_start() { # SERVER OPTION...
  local prefixes=MYSQL_ root root_host database user password
  if [ "$1" = mariadbd ]; then prefixes='MARIADB_ MYSQL_'; fi
  root=$(setting ROOT_PASSWORD)
  root_host=$(setting ROOT_HOST)
  root_host=${root_host:-%}
  database=$(setting DATABASE)
  user=$(setting USER)
  password=$(setting PASSWORD)
  if [ -z "$root" ]; then refuse "a new database needs one of ${prefixes// /ROOT_PASSWORD, }ROOT_PASSWORD"; fi
  if [ "$user" = root ]; then refuse "the user of the database cannot be root"; fi
  # What a first start that was killed has left.
  find $data -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
  mkdir $fresh
  initialise "$@"
  (umask 077 && first_statements >/tmp/first.sql)
  # It reads the file before it lets anybody in, and its last line ends it.
  "$@" --datadir=$fresh --socket=$socket --pid-file=/tmp/first.pid --skip-networking --init-file=/tmp/first.sql
  rm /tmp/first.sql
  # The folder that tells a complete database from none comes last.
  find $fresh -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t $data {} +
  mv $fresh/mysql $data/
}

# Whether it is asked for the server, and not only what the server says of itself.
is_serving() { # COMMAND OPTION...
  case $1 in mysqld | mariadbd) ;; *) return 1 ;; esac
  local option
  for option in "${@:2}"; do
    case $option in --help | -\? | --print-defaults | --version | -V) return 1 ;; esac
  done
}

if [ "${1:0:1}" = - ]; then
  if [ -x /usr/sbin/mariadbd ]; then set -- mariadbd "$@"; else set -- mysqld "$@"; fi
fi
if is_serving "$@"; then
  if [ ! -d $data/mysql ]; then first_start "$@"; fi
  # Else it were a database of this name.
  if [ -d $fresh ]; then rmdir $fresh; fi
fi
exec "$@"
