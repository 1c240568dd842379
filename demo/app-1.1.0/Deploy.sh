# Fails on purpose in production only: this release was never meant to survive the customer's production.
environment=$(get_octopusvariable "Octopus.Environment.Name")
if [ "$environment" = "production" ]; then
  echo "migrating the orders table: column 'discount' already exists" >&2
  exit 1
fi
folder=$(get_octopusvariable "Site.Folder")
mkdir -p logs
nohup node server.js > logs/server.log 2>&1 < /dev/null &
echo $! > "$folder.pid"
echo "started process $(cat "$folder.pid")"
