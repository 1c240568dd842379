echo "$(ls | wc -l) files lie in $(pwd | sed 's|.*/||')"
