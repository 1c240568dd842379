/**
 * What Bash runs before and around a script. Values arrive on descriptor 3 as NUL-ended texts: the script's own text
 * (empty where it is a file), then names and values in turn. It is closed before the script starts; no value is ever
 * part of code, an argument or the environment. A value that holds NUL, which Bash can't carry, arrives as a name
 * with the prefix `nul:`; asking for it is an error. The functions are those that Octopus offers, by its names.
 */
export const bashBootstrap = String.raw`
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "Bash 4.4 or newer is needed; this is $BASH_VERSION" >&2
  exit 78
fi
__crossgap_script=$1
shift
declare -A octopus_parameters=() __crossgap_nul=()
mapfile -d '' -t -u 3 __crossgap_values
exec 3<&-
__crossgap_body=\${__crossgap_values[0]}
for ((__crossgap_at = 1; __crossgap_at < \${#__crossgap_values[@]}; __crossgap_at += 2)); do
  __crossgap_name=\${__crossgap_values[__crossgap_at]}
  case $__crossgap_name in
    =*) octopus_parameters["\${__crossgap_name:1}"]=\${__crossgap_values[__crossgap_at + 1]} ;;
    nul:*) __crossgap_nul["\${__crossgap_name:4}"]=1 ;;
  esac
done
unset __crossgap_values __crossgap_at __crossgap_name

encode_servicemessagevalue() {
  printf '%s' "\${1-}" | base64 | tr -d '\n'
}

decode_servicemessagevalue() {
  printf '%s' "\${1-}" | base64 -d
}

# To both streams, since whichever is read first may hold the text.
__mask_sensitive_value() {
  local message
  message="##octopus[mask value='$(encode_servicemessagevalue "\${1-}")']"
  printf '%s\n' "$message"
  printf '%s\n' "$message" >&2
}

decrypt_variable() {
  echo 'Nothing is encrypted for a script here; get_octopusvariable gives every value' >&2
  return 1
}

get_octopusvariable() {
  if [[ -z \${1-} ]]; then return 0; fi
  if [[ -n \${__crossgap_nul["$1"]-} ]]; then
    echo "The value of $1 holds a NUL character, which Bash can't carry" >&2
    return 1
  fi
  printf '%s' "\${octopus_parameters["$1"]-}"
}

set_octopusvariable() {
  local sensitive=False
  if [[ \${3-} == -sensitive ]]; then sensitive=True; fi
  printf "##octopus[setVariable name='%s' value='%s' sensitive='%s']\n" \
    "$(encode_servicemessagevalue "\${1-}")" "$(encode_servicemessagevalue "\${2-}")" \
    "$(encode_servicemessagevalue "$sensitive")"
}

new_octopusartifact() {
  local path=\${1-} name=\${2-}
  if [[ ! -f $path ]]; then
    echo "There is no file $path to collect as an artifact" >&2
    return 1
  fi
  if [[ $path != /* ]]; then path=$PWD/$path; fi
  if [[ -z $name ]]; then name=\${path##*/}; fi
  local length
  length=$(wc -c < "$path")
  write_verbose "Artifact $name will be collected from $path after this step completes"
  printf "##octopus[createArtifact path='%s' name='%s' length='%s']\n" \
    "$(encode_servicemessagevalue "$path")" "$(encode_servicemessagevalue "$name")" \
    "$(encode_servicemessagevalue "$((length))")"
}

update_progress() {
  printf "##octopus[progress percentage='%s' message='%s']\n" \
    "$(encode_servicemessagevalue "\${1-}")" "$(encode_servicemessagevalue "\${2-}")"
}

fail_step() {
  if [[ -n \${1-} ]]; then
    printf "##octopus[resultMessage message='%s']\n" "$(encode_servicemessagevalue "$1")"
  fi
  exit 1
}

__crossgap_say() {
  printf '##octopus[stdout-%s]\n%s\n##octopus[stdout-default]\n' "$1" "$2"
}
write_verbose() { __crossgap_say verbose "\${1-}"; }
write_highlight() { __crossgap_say highlight "\${1-}"; }
write_wait() { __crossgap_say wait "\${1-}"; }
write_warning() { __crossgap_say warning "\${1-}"; }

set_environmentstate() {
  local sensitive=False
  if [[ \${3-} == -sensitive ]]; then sensitive=True; fi
  __crossgap_state "\${1-}" "\${2-}" "$sensitive" State
}
set_environmenturl() {
  __crossgap_state "\${1-}" "\${2-}" False Url
}
__crossgap_state() {
  printf "##octopus[set-environmentstate key='%s' value='%s' sensitive='%s' type='%s']\n" \
    "$(encode_servicemessagevalue "$1")" "$(encode_servicemessagevalue "$2")" \
    "$(encode_servicemessagevalue "$3")" "$(encode_servicemessagevalue "$4")"
}

new_octopustarget() {
  local attributes=''
  while [[ \${1-} == -* ]]; do
    case $1 in
      -n | --name) attributes+=" name='$(encode_servicemessagevalue "\${2-}")'" ;;
      -t | --target-id) attributes+=" targetId='$(encode_servicemessagevalue "\${2-}")'" ;;
      --inputs) attributes+=" inputs='$(encode_servicemessagevalue "\${2-}")'" ;;
      --roles) attributes+=" octopusRoles='$(encode_servicemessagevalue "\${2-}")'" ;;
      --worker-pool) attributes+=" octopusDefaultWorkerPoolIdOrName='$(encode_servicemessagevalue "\${2-}")'" ;;
      --update-if-existing)
        attributes+=" updateIfExisting='$(encode_servicemessagevalue true)'"
        shift
        continue
        ;;
      --) break ;;
      *)
        echo "new_octopustarget knows no option $1" >&2
        return 1
        ;;
    esac
    shift $(($# < 2 ? $# : 2))
  done
  printf '##octopus[createStepPackageTarget%s]\n' "$attributes"
}
remove-octopustarget() {
  printf "##octopus[delete-target machine='%s']\n" "$(encode_servicemessagevalue "\${1-}")"
}

report_kubernetes_manifest() {
  local manifest='' line
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line == --- ]]; then
      __crossgap_manifest "$manifest" "\${2-}"
      manifest=''
    else
      manifest+=$line$'\n'
    fi
  done <<< "\${1-}"
  __crossgap_manifest "$manifest" "\${2-}"
}
report_kubernetes_manifest_file() {
  if [[ ! -f \${1-} ]]; then
    write_verbose "No Kubernetes manifest file was found at '\${1-}'."
    return 0
  fi
  report_kubernetes_manifest "$(cat "$1")" "\${2-}"
}
__crossgap_manifest() {
  if [[ -z \${1//[[:space:]]/} ]]; then return 0; fi
  local namespace=''
  if [[ -n $2 ]]; then namespace=" ns='$(encode_servicemessagevalue "$2")'"; fi
  printf "##octopus[k8s-manifest-applied manifest='%s'%s]\n" "$(encode_servicemessagevalue "$1")" "$namespace"
}

__crossgap_quiet=\${octopus_parameters[Octopus.Action.Script.SuppressEnvironmentLogging]-}
if [[ \${__crossgap_quiet,,} != true ]]; then
  # Where nobody reads any more, it is the script's own output that ends it, not this line.
  (trap '' PIPE; write_verbose "Bash $BASH_VERSION on $OSTYPE, process $$ of user \${USER:-$EUID}, in $PWD") 2>/dev/null
fi
unset __crossgap_quiet

BASH_ARGV0=$__crossgap_script
if [[ -n $__crossgap_body ]]; then
  # The text forgets itself, on its own first line so that lines keep their numbers.
  source <(printf 'unset __crossgap_body; %s\n' "$__crossgap_body")
else
  unset __crossgap_body
  source "$__crossgap_script"
fi
`.replaceAll('\\$', '$');
