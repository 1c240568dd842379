/**
 * What is asked of nginx. Its messages go to the error output also when all is well, so they are taken as output here.
 * With one worker process of an earlier configuration a reload is asynchronous: what can be known at once is that the
 * test was passed and the signal was taken.
 */
const program = String.raw`
program=$(get_octopusvariable "Crossgap.Action.Nginx.FoundProgram")
if [ -z "$program" ]; then
  PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
  program=nginx
fi
options=()
while IFS= read -r option; do
  if [ -n "$option" ]; then options+=("$option"); fi
done <<< "$(get_octopusvariable "Crossgap.Action.Nginx.Options")"
`;

const test = String.raw`
"$program" "${'$'}{options[@]}" -t 2>&1 || exit
`;

const load = String.raw`
server=$(get_octopusvariable "Crossgap.Action.Nginx.ServerFile")
if [ -n "$server" ]; then
  # Only its own listing tells whether nginx reads the file; it may hold secrets, so it is not shown.
  if ! "$program" "${'$'}{options[@]}" -T 2>/dev/null | grep -Fxc "# configuration file $server:" >/dev/null; then
    echo "nginx does not read $server: no include of its configuration leads there" >&2
    exit 1
  fi
fi
"$program" "${'$'}{options[@]}" -s reload 2>&1 || exit
`;

export const nginxScripts = { test: program + test, load: program + test + load };
