folder=$(dirname "$(get_octopusvariable "Site.Folder")")
[ -d "$folder" ] || { echo "there is no folder $folder"; exit 1; }
echo "recipes go below $folder"
