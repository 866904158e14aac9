# machine.sh RUNNER FOLDER ROOT PROGRAMS COMMAND...: makes the namespaces that it was started in a machine of its own, with
# ROOT as its read-write root file system and FOLDER and PROGRAMS where they are, and becomes COMMAND. Says the
# machine's address first. RUNNER is a process of the host's network.
#
# All that it makes goes with its last process, but the folders of control groups that are named as FOLDER is.
set -e
runner=$1 folder=$2 root=$3 programs=$4
shift 4
host=/proc/$runner/ns/net
new=$folder/root
mkdir -p "$new" "$folder"/{upper,work,var/lib,var/log,tunables}

# Else a bridge of two names for one address would do: the links below /etc/alternatives are a maintainer script's work.
mkdir -p "$folder/upper/usr/local/sbin"
for tool in {iptables,ip6tables}{,-save,-restore}; do
  ln -s "/usr/sbin/${tool/tables/tables-nft}" "$folder/upper/usr/local/sbin/$tool"
done
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" "$new"

mount --rbind /dev "$new/dev"
mount -t sysfs sysfs "$new/sys"
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mount --bind "$folder/var" "$new/var"
for path in "$folder" "$programs"; do
  mkdir -p "$new$path"
  mount --rbind "$path" "$new$path"
done

# Control groups: a folder of its own in each hierarchy, or in the one that there is.
groups=/sys/fs/cgroup name=$(basename "$folder")
mount --rbind $groups "$new$groups"
if [ -e $groups/cgroup.controllers ]; then
  for controller in $(cat $groups/cgroup.controllers); do echo "+$controller" >$groups/cgroup.subtree_control; done
  mkdir $groups/$name
else
  for hierarchy in $groups/*/; do mkdir -p "$hierarchy$name"; done
  for file in cpuset.cpus cpuset.mems; do cat $groups/cpuset/$file >"$groups/cpuset/$name/$file"; done
fi

# A link to the host. The host's processes are still to be seen, by which its network is named.
mount --bind /proc "$new/proc"
for n in {0..254}; do
  link=voteapp$n
  chroot "$new" ip link add eth0 type veth peer name $link netns "$host" 2>/dev/null && break
done
chroot "$new" ip link set lo up
chroot "$new" ip addr add "10.77.$n.2/30" dev eth0
chroot "$new" ip link set eth0 up
nsenter "--net=$host" chroot "$new" ip addr add "10.77.$n.1/30" dev $link
nsenter "--net=$host" chroot "$new" ip link set $link up
umount "$new/proc"

mount -t proc proc "$new/proc"
echo 1 >"$new/proc/sys/net/ipv4/ip_forward"
echo 1 >"$new/proc/sys/net/bridge/bridge-nf-call-iptables"
# A kubelet sets these, which are the whole host's. It leaves alone what it finds set.
while read -r path value; do
  tunable=$folder/tunables/${path##*/}
  echo "$value" >"$tunable"
  mount --bind "$tunable" "$new/proc/sys/$path"
done <<TUNABLES
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
TUNABLES
hostname node1

cd "$new"
mkdir -p mnt
pivot_root . mnt
umount --lazy /mnt
# Volumes that are mounted in one pod are to be seen in others.
mount --make-rshared /
echo "10.77.$n.2"
exec "$@"
