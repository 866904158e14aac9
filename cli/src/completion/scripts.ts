export const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# bash completion of voteapp
_voteapp() {
  local line=\${COMP_LINE:0:COMP_POINT} words word prefix answer candidate
  COMPREPLY=()
  # Not COMP_WORDS: those are parted at = and : too.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=\${words[\${#words[@]}-1]}
  prefix=\${word%"\${word##*[=:]}"}
  answer=$("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null) || return 0
  while IFS=$'\\t' read -r candidate _; do
    case $candidate in
      :0) compopt -o default 2>/dev/null ;;
      :*) ;;
      *) COMPREPLY+=("\${candidate#"$prefix"}") ;;
    esac
  done <<<"$answer"
}
complete -F _voteapp voteapp`;

const ZSH = `#compdef voteapp
_voteapp() {
  local line value
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :0) _files; return ;;
      :*|'') ;;
      *)
        value=\${line%%$'\\t'*}
        candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
        ;;
    esac
  done
  _describe voteapp candidates
}
compdef _voteapp voteapp`;

const FISH = `# fish completion of voteapp
function __voteapp_complete
  set -l words (commandline -opc)
  set -l word (commandline -ct)
  for line in (command $words[1] __complete -- $words[2..-1] "$word" 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path "$word"
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c voteapp -f -a '(__voteapp_complete)'`;

const PWSH = `# PowerShell completion of voteapp
Register-ArgumentCompleter -Native -CommandName voteapp -ScriptBlock {
  param($word, $line, $cursor)
  $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -le $cursor } | ForEach-Object { "$_" })
  $before = @($words | Select-Object -Skip 1)
  if ($word -ne '') { $before = @($before | Select-Object -SkipLast 1) }
  # Before 7.3, PowerShell leaves empty words out.
  $last = if ($word -eq '') { '""' } else { $word }
  & $words[0] __complete -- @before $last 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
  }
}`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, pwsh: PWSH };

/**
 * What makes a shell ask `voteapp __complete` what could stand at the cursor. It gives the words up to there, and is
 * given whole words, each with its description after a tab; the last line says whether names of files would do (":0")
 * or not (":4"). kubectl reads the same of kubectl_complete-voteapp:
 * https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
