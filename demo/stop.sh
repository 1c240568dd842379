# Stops what an earlier deployment started here, and waits until its port is free again.
folder=$(get_octopusvariable "Site.Folder")
pidfile="$folder.pid"
if [ -f "$pidfile" ]; then
  pid=$(cat "$pidfile")
  kill "$pid" 2>/dev/null && echo "stopped process $pid"
  for _ in $(seq 1 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  rm -f "$pidfile"
else
  echo "nothing runs here yet"
fi
