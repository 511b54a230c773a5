# SPDX-License-Identifier: Apache-2.0
# bash completion for otabench; 'otabench complete' knows the words.
# For one shell: source completions/otabench.bash

_otabench()
{
	local line word kept files=
	local -a words=()

	# Readline ends a word at '=' and ':', otabench does not.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
	word=${words[${#words[@]} - 1]}
	kept=${word%"${word##*[=:]}"}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == $'\t'files ]]; then
			files=yes
		else
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$kept"}")
		fi
	done < <("${words[0]/#\~/$HOME}" complete -- "${words[@]}" 2>/dev/null)
	if [[ -n $files ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${word##*[=,]}")
	fi
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=,] ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _otabench otabench
