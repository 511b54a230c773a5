/* SPDX-License-Identifier: Apache-2.0 */
/* The program's entry; grows into the table of subcommands. */
#include <stdio.h>

int main(void)
{
	puts("otabench");
	return 0;
}
