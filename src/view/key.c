/* SPDX-License-Identifier: Apache-2.0 */
/* See key.h. */
#include "view/key.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int32_t key;
} names[] = {
	{"Enter", TUI_KEY_ENTER},
	{"Tab", TUI_KEY_TAB},
	{"BackTab", TUI_KEY_BACK_TAB},
	{"Esc", TUI_KEY_ESCAPE},
	{"Space", ' '},
	{"Backspace", TUI_KEY_BACKSPACE},
	{"Delete", TUI_KEY_DELETE},
	{"Up", TUI_KEY_UP},
	{"Down", TUI_KEY_DOWN},
	{"Left", TUI_KEY_LEFT},
	{"Right", TUI_KEY_RIGHT},
	{"Home", TUI_KEY_HOME},
	{"End", TUI_KEY_END},
	{"PgUp", TUI_KEY_PAGE_UP},
	{"PgDn", TUI_KEY_PAGE_DOWN},
	{"F1", TUI_KEY_HELP},
	{"F4", TUI_KEY_FILTER},
};

int32_t key_by_name(const char *name, size_t len)
{
	if (len == 1 && (unsigned char)name[0] >= 0x20 && (unsigned char)name[0] < 0x7f)
		return (unsigned char)name[0];
	if (len == 6 && strncasecmp(name, "Ctrl-", 5) == 0 &&
	    ((name[5] >= 'a' && name[5] <= 'z') || (name[5] >= 'A' && name[5] <= 'Z')))
		return (name[5] | 0x20) - 'a' + 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) == len && strncasecmp(name, names[i].name, len) == 0)
			return names[i].key;
	}
	return TUI_KEY_NONE;
}
