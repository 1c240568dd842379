folder=$(get_octopusvariable "Site.Folder")
title=$(get_octopusvariable "Site.Title")
case $(cat "$folder/orders.conf") in
  *"$title"*) echo "orders.conf says: $title" ;;
  *) fail_step "orders.conf does not say $title" ;;
esac
[ "$(get_octopusvariable "Octopus.Action[Load the recipes].Output.Recipes")" = 3 ] || fail_step "not all recipes are there"
