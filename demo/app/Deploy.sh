# Starts the application and writes its process id beside its folder, for the next deployment to stop it.
folder=$(get_octopusvariable "Site.Folder")
mkdir -p logs
nohup node server.js > logs/server.log 2>&1 < /dev/null &
echo $! > "$folder.pid"
echo "started process $(cat "$folder.pid")"
