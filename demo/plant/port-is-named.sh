port=$(get_octopusvariable "Site.Port")
[ "$port" -ge 1024 ] || { echo "port $port is kept for the system"; exit 1; }
