# ask.sh SECONDS [PID/PROTOCOL/ADDRESS/PORT]...: asks over new connections, all at once, each from the network of process
# PID; prints those that were answered in time.
seconds=$1
shift
for question; do
  IFS=/ read -r pid protocol address port <<<"$question"
  nsenter --target "$pid" --net timeout "$seconds" \
    bash -c "exec 3<>/dev/$protocol/$address/$port && echo >&3 && read -r <&3" 2>/dev/null && echo "$question" &
done
wait
