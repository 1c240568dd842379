rm -rf "$(get_octopusvariable "Site.Folder")/recipes"
