# pod.sh ROOT BRIDGE ADDRESS COMMAND...: becomes COMMAND, having joined BRIDGE of the network of process 1 with the network
# that it was started in; ROOT has the program `ip`.
set -e
root=$1 bridge=$2 address=$3 link=veth${3##*.}
shift 3
there() { nsenter --target 1 --net chroot "$root" ip "$@"; }
here() { chroot "$root" ip "$@"; }
here link set lo up
here link add eth0 type veth peer name "$link" netns 1
here addr add "$address/24" dev eth0
here link set eth0 up
here route add default via "${address%.*}.1"
there link set "$link" master "$bridge" up
there link set "$link" type bridge_slave hairpin on
exec "$@"
