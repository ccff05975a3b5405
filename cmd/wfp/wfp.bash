# SPDX-License-Identifier: MIT
# Completion of wfp for bash: wfp itself knows what may stand where the cursor is; files otherwise.
_wfp() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
	[ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default 2>/dev/null
}
complete -F _wfp wfp
