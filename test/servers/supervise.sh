# supervise.sh LOG COMMAND...: runs COMMAND at the word of whoever holds the other end of stdin, and ends it with them.
# Each line of stdin is a word: `start`, or the name of a signal for the command and what it started. When it is done,
# and after KILL all of them gone, after STOP stopped, the answer is `up` or `down`: whether the command runs.
set -m # a process group for each background job
log=$1 server=
shift
signal() { [ -n "$server" ] && kill -s "$1" -- "-$server"; }
while read -r word; do
  if [ "$word" = start ]; then
    "$@" </dev/null >>"$log" 2>&1 &
    server=$!
  else
    signal "$word"
  fi
  if [ "$word" = KILL ]; then
    wait "$server"
    # Not for ever: where nobody reaps orphans, their group never ends.
    for _ in {1..100}; do signal 0 && sleep 0.01 || break; done
  fi
  if [ "$word" = STOP ]; then
    # A signal is on its way for a while; a process that is stopped has told its parent.
    for _ in {1..100}; do [ -z "$(jobs -s)" ] && sleep 0.01 || break; done
  fi
  if kill -s 0 "$server"; then echo up; else echo down; fi
done 2>>/dev/null
signal KILL 2>>/dev/null
