# enter.sh ROOT FOLDER COMMAND...: runs COMMAND where ROOT can be entered by chroot and holds FOLDER as /root. Started in
# namespaces of its own, so that the kernel ends mounts and processes with it.
set -e
root=$1
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$2" "$root/root"
shift 2
exec "$@"
