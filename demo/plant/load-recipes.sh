# Takes its time, as loading into a controller does: a recipe after the other.
folder=$(get_octopusvariable "Site.Folder")
mkdir -p "$folder/recipes"
for recipe in bread rolls baguette; do
  echo "$recipe" > "$folder/recipes/$recipe"
  echo "loaded $recipe"
  sleep 0.4
done
set_octopusvariable "Recipes" "3"
