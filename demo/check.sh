# Asks the application for its page; it must answer with the title of this release.
port=$(get_octopusvariable "Site.Port")
title=$(get_octopusvariable "Site.Title")
page=$(node -e 'fetch(`http://127.0.0.1:${process.argv[1]}/`).then((r) => r.text()).then(console.log, () => process.exit(1))' "$port") || fail_step "no answer on port $port"
case $page in
  *"$title"*) echo "the page says: $title" ;;
  *) fail_step "the page does not say $title" ;;
esac
set_octopusvariable "CheckedUrl" "http://127.0.0.1:$port/"
