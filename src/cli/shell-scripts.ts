/**
 * Completion functions for the shells. Each hands the words up to the cursor to `amp-sessions complete`, which prints
 * `value TAB description` a line, or `:files` or `:directories` to leave the word to the shell.
 */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# Completion of amp-sessions for bash (3.2 and newer).
_amp_sessions_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files)
        type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
      :directories)
        type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
      *)
        line="\${line%%$'\\t'*}"
        # bash cuts words at "=": what stands before it is on the line already.
        [[ "$line" == --*=* ]] && line="\${line#*=}"
        COMPREPLY+=("$line") ;;
    esac
  done < <(amp-sessions complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _amp_sessions_complete amp-sessions
`;

const ZSH = `#compdef amp-sessions
# Completion of amp-sessions for zsh.
_amp-sessions() {
  local -a lines values
  local line
  lines=("\${(@f)$(amp-sessions complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case "$line" in
      :files) _files; return ;;
      :directories) _files -/; return ;;
      *$'\\t'*) values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) values+=("\${line//:/\\\\:}") ;;
    esac
  done
  _describe -t values 'amp-sessions' values
}
if [[ "$funcstack[1]" == _amp-sessions ]]; then
  _amp-sessions "$@"
else
  compdef _amp-sessions amp-sessions
fi
`;

const FISH = `# Completion of amp-sessions for fish.
function __amp_sessions_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (amp-sessions complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':directories'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c amp-sessions -e
complete -c amp-sessions -f -a '(__amp_sessions_complete)'
`;

const POWERSHELL = `# Completion of amp-sessions for PowerShell.
Register-ArgumentCompleter -Native -CommandName amp-sessions -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -le $cursorPosition } | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '%empty%' }
  amp-sessions complete @words 2>$null | ForEach-Object {
    if ($_ -eq ':files' -or $_ -eq ':directories') {
      Get-ChildItem -Path "$wordToComplete*" | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_.Name) }
    } else {
      $value, $description = $_ -split "\`t", 2
      if (-not $description) { $description = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
  }
}
`;

export const shellScript = (shell: Shell): string =>
  ({ bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL })[shell];

/** Where the functions lie below the program's completion folder; the places that oclif's plugin uses, and fish. */
export const scriptPath = (shell: Shell): string =>
  ({
    bash: 'functions/bash/amp-sessions.bash',
    zsh: 'functions/zsh/_amp-sessions',
    fish: 'functions/fish/amp-sessions.fish',
    powershell: 'functions/powershell/amp-sessions.ps1',
  })[shell];
