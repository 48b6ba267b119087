/** Exit code of a script that does not trust the way to its root. */
export const DISTRUSTED = 92;

/** What to do then. */
export const TRUST_ADVICE =
  'Choose a directory that only you and root can change, with `root:` in the inventory or --root; `trustRoot: true` there, or --trust-root, takes this one as it is.';

/**
 * Bash for a host: `trust_way PATH OWN…` fails with the reason when an account other than root and ours could put something else in the place
 * of PATH, of a directory on the way to it, or of one of OWN. What does not exist yet is passed over. Links are followed by hand, and looked at before.
 * `find_root NAME` turns a root as it is configured into a path: `root`.
 */
export const TRUST = `
find_root() {
  case $1 in '~') root=$HOME ;; '~/'*) root=$HOME/\${1#'~/'} ;; /*) root=$1 ;; '') root= ;; *) root=$HOME/$1 ;; esac
}

# What the way to $1 leads through: places.
walk_way() {
  local rest=$1 at= name to links=0
  places=(/)
  while [[ -n $rest ]]; do
    name=\${rest%%/*} rest=\${rest#"\${rest%%/*}"} rest=\${rest#/}
    case $name in '' | .) continue ;; ..) at=\${at%/*}; continue ;; esac
    at+=/$name
    if [[ -L $at ]]; then
      ((++links <= 40)) || distrust "$1 leads through too many links"
      places+=("$at")
      to=$(readlink -- "$at" && printf x) && to=\${to%?x}
      rest=$to/$rest
      if [[ $to == /* ]]; then at=; else at=\${at%/*}; fi
    else
      [[ -e $at ]] || return 0
      places+=("$at")
    fi
  done
}

trust_way() {
  local overflow=65534 i own n
  local -a places seen
  # Other machines over the same home may make and remove directories meanwhile.
  for n in 1 2 3 4 5; do
    walk_way "$1"
    own=\${#places[@]}
    for i in "\${@:2}"; do [[ ! -e $i ]] || places+=("$i"); done
    mapfile -t seen < <(stat -c '%u %g %a' -- "\${places[@]}" 2>/dev/null)
    ((\${#seen[@]} != \${#places[@]})) || break
  done
  { read -r overflow </proc/sys/kernel/overflowuid; } 2>/dev/null || true
  ((\${#seen[@]} == \${#places[@]})) || distrust "$1: the directories on the way to it cannot be looked at"
  exposed=()
  for i in "\${!places[@]}"; do
    judge_place "\${places[i]}" \${seen[i]}
    ((i < own || !(8#\${seen[i]##* } & 8#077))) || exposed+=("\${places[i]}")
  done
}

# As trust_way, and nobody else may look into the further directories: not by a default access list above them either.
keep_private() {
  trust_way "$@"
  ((\${#exposed[@]})) || return 0
  chmod 700 -- "\${exposed[@]}" 2>/dev/null
  trust_way "$@"
  ((\${#exposed[@]} == 0)) || distrust "\${exposed[0]} can be read by others, and its mode does not hold there"
}

# PATH UID GID MODE
judge_place() {
  local others=$((8#$4 & 8#022))
  [[ ! -L $1 ]] || others=0
  if [[ $2 != 0 && $2 != "$EUID" ]] && { [[ $2 != "$overflow" ]] || ((others)); }; then
    distrust "$1 belongs to someone else ($(stat -c %U -- "$1"))"
  fi
  ((others && (8#$4 & 8#1000) == 0)) || return 0
  ((!(others & 8#002))) || distrust "$1 can be written by others"
  is_own_group "$3" "$1" || distrust "$1 can be written by others: the group $(stat -c %G -- "$1")"
}

# GID PATH: a group of our account's name with nobody else in it, and no list of further accounts beside the mode.
is_own_group() {
  local line user name gid members primary
  [[ $1 == "$(id -g)" ]] || return 1
  user=$(id -un) && line=$(getent group "$1" 2>/dev/null || grep "^[^:]*:[^:]*:$1:" /etc/group) || return 1
  IFS=: read -r name _ gid members <<<"$line"
  [[ $name == "$user" && ( -z $members || $members == "$user" ) ]] || return 1
  while IFS=: read -r name _ _ primary _; do
    [[ $primary != "$1" || $name == "$user" ]] || return 1
  done </etc/passwd
  [[ $(ls -ld -- "$2") != ??????????+* ]]
}

distrust() {
  printf '%s\\n' "$1" >&2
  exit ${DISTRUSTED}
}
`;
