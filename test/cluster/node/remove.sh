# remove.sh FOLDER: removes a machine's folder and control groups when its last process has gone.
folder=$1
for _ in {1..200}; do
  find /sys/fs/cgroup -path "*/$(basename "$folder")*" -type d -depth -exec rmdir {} + 2>/dev/null
  find /sys/fs/cgroup -maxdepth 2 -name "$(basename "$folder")" | grep -q . || break
  sleep 0.05
done
rm -rf -- "$folder"
