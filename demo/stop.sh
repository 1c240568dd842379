# Stops what an earlier deployment started here, and waits until its port is free again.
folder=$(get_octopusvariable "Site.Folder")
pidfile="$folder.pid"
# What has ended keeps its number until its parent looks, but has no command line any more.
runs() { kill -0 "$1" 2>/dev/null && { [ ! -e /proc/self/cmdline ] || grep -q . "/proc/$1/cmdline" 2>/dev/null; }; }
if [ -f "$pidfile" ]; then
  pid=$(cat "$pidfile")
  kill "$pid" 2>/dev/null && echo "stopped process $pid"
  for _ in $(seq 1 100); do runs "$pid" || break; sleep 0.05; done
  rm -f "$pidfile"
else
  echo "nothing runs here yet"
fi
