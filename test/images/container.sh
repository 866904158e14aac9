# container.sh ROOT HOSTNAME MOUNTS COMMAND...: becomes COMMAND, which enters ROOT, as in a pod of the restricted Pod
# Security level whose root file system is read-only. MOUNTS names folders and files by two words a line: where they are
# and where the command sees them. Started in namespaces of its own, so that the kernel ends mounts and processes with it.
set -e
root=$1 name=$2 mounts=$3
shift 3
hostname "$name"
ip link set lo up
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
while read -r source target; do mount --bind "$source" "$root$target"; done <<<"$mounts"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs "$@"
