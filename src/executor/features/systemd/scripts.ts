/**
 * What is asked of systemd. A unit that isn't there is no error to `show`: it says so. `verify` also tells of what other
 * units have wrong, so only what it says with a failure counts.
 */
const unit = `
unit=$(get_octopusvariable "Crossgap.Action.Systemd.Unit")
`;

export const systemdScripts = {
  look: `${unit}
for property in LoadState ActiveState UnitFileState; do
  value=$(systemctl show --property="$property" --value -- "$unit") || exit
  set_octopusvariable "Crossgap.Action.Systemd.$property" "$value"
done
`,
  stop: `${unit}
echo "Stopping $unit"
systemctl stop -- "$unit"
`,
  load: `${unit}
file=$(get_octopusvariable "Crossgap.Action.Systemd.UnitFile")
if command -v systemd-analyze >/dev/null; then
  systemd-analyze verify "$file" 2>&1 || exit
fi
systemctl daemon-reload
`,
  forget: `
systemctl daemon-reload
`,
  enable: `${unit}
systemctl enable -- "$unit" 2>&1
`,
  disable: `${unit}
systemctl disable -- "$unit" 2>&1
`,
  start: `${unit}
echo "Starting $unit"
systemctl start -- "$unit" || { systemctl status --no-pager --lines=20 -- "$unit"; exit 1; }
case $(systemctl show --property=ActiveState --value -- "$unit") in
  active|activating|reloading) ;;
  inactive)
    # What is meant to do its work once has ended by now.
    test "$(systemctl show --property=Result --value -- "$unit")" = success || exit 1 ;;
  *) systemctl status --no-pager --lines=20 -- "$unit"; exit 1 ;;
esac
`,
};
