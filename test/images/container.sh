# container.sh ROOT HOSTNAME MOUNTS INIT COMMAND...: becomes COMMAND, which enters ROOT, as in a pod of the restricted Pod
# Security level whose root file system is read-only. MOUNTS names folders and files by two words a line: where they are
# and where the command sees them. INIT is true or false: whether it stays, and passes SIGTERM on, as an engine's init does.
# Started in namespaces of its own, so that the kernel ends mounts and processes with it. Its file 3 has a line
# when all is mounted.
set -e
root=$1 name=$2 mounts=$3 init=$4
shift 4
hostname "$name"
ip link set lo up
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
while read -r source target; do mount --bind "$source" "$root$target"; done <<<"$mounts"
mount -o remount,bind,ro "$root"
echo mounted >&3
if [ "$init" = false ]; then exec 3>&- setpriv --no-new-privs "$@"; fi
setpriv --no-new-privs "$@" 3>&- &
program=$!
# The kernel gives a first process no signal that it has no handler for.
trap 'kill -TERM "$program"' TERM
exec 3>&-
code=0
wait "$program" || code=$?
# A signal ends the wait before the program has ended.
while kill -0 "$program" 2>/dev/null; do wait "$program" || code=$?; done
exit "$code"
