# SPDX-License-Identifier: Apache-2.0
# fish completion for otabench; 'otabench complete' knows the words.
# For one shell: source completions/otabench.fish

function __otabench_words
	set -l words (commandline -opc) (commandline -ct)
	for line in ($words[1] complete -- $words 2>/dev/null)
		if test "$line" = \tfiles
			# A path may be the value of an option.
			set -l option (string match -r '^--[a-z-]*=' -- (commandline -ct))
			for path in (__fish_complete_path (string replace -r '^--[a-z-]*=' '' -- (commandline -ct)))
				echo "$option$path"
			end
		else
			echo $line
		end
	end
end
complete -c otabench -f -a '(__otabench_words)'
