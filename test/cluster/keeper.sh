# keeper.sh: keeps background processes for whoever holds the other end of stdin, and ends them all with it. Each line of
# stdin is a command of the shell; what it prints is the answer, and so is a last line `.`.
set -m # a process group for each background job
folder=$1
run() { # NAME COMMAND...: in the background, with its output in NAME.log; answers with its process id
  local name=$1
  shift
  "$@" </dev/null >>"$folder/log/$name.log" 2>&1 &
  echo $!
}
end() { # PID...: SIGKILL to their groups; answers when they have gone
  for pid; do kill -KILL -- "-$pid" && wait "$pid"; done
}
while read -r line; do
  eval "$line"
  echo .
done 2>>"$folder/log/keeper.log"
end $(jobs -p) 2>/dev/null
