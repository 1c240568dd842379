# Waits until the application answers.
port=$(get_octopusvariable "Site.Port")
for _ in $(seq 1 100); do
  node -e 'fetch(`http://127.0.0.1:${process.argv[1]}/`).then(() => process.exit(0), () => process.exit(1))' "$port" && echo "it answers on port $port" && exit 0
  sleep 0.1
done
echo "no answer on port $port" >&2
exit 1
