# buildah.sh ROOT CONTEXT STORAGE EXCHANGE COMMAND...: runs COMMAND with ROOT as its root file system, CONTEXT as
# /context, STORAGE as its images and EXCHANGE as /exchange. Started in namespaces of its own, so that the kernel ends
# mounts and processes with it.
set -e
root=$1
mkdir -p "$root"/{context,exchange,mnt,var/lib/containers,var/tmp,run}
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount --bind "$2" "$root/context"
mount --bind "$3" "$root/var/lib/containers"
mount --bind "$4" "$root/exchange"
# Names are looked up as the host does.
for file in hosts resolv.conf; do
  touch "$root/etc/$file"
  mount --bind "/etc/$file" "$root/etc/$file"
done
# Registries are trusted as the host does.
if [ -f "$AUTHORITIES" ]; then
  mkdir -p "$root/etc/ssl/certs"
  touch "$root/etc/ssl/certs/ca-certificates.crt"
  mount --bind "$AUTHORITIES" "$root/etc/ssl/certs/ca-certificates.crt"
fi
shift 4
# It makes its own namespaces anew, which a chroot does not let it.
cd "$root"
pivot_root . mnt
umount --lazy /mnt
exec "$@"
