/* SPDX-License-Identifier: Apache-2.0 */
/* otabench-radio's command line. */
#include "config.h" /* system extensions: getopt_long() */

#include "cli/cli.h"
#include "radiod/radio.h"
#include "base/text.h"
#include "radiod/vhci.h"

#include <getopt.h>
#include <locale.h>
#include <string.h>

static const char usage[] =
	"usage: otabench-radio [OPTION...]\n"
	"\n"
	"Puts virtual ESP32s into the air of a virtual Bluetooth adapter: the kernel, bluetoothd\n"
	"and every program that uses them take it for a real one.  Needs Linux's hci_vhci module\n"
	"and the right to write to " VHCI_PATH ".  Ends at Ctrl-C, and the adapter with it.\n"
	"\n";

static const struct {
	const char *left, *help;
} option_help[] = {
	{"--sim=KEY=VALUE,...", "The devices and the air, as for 'otabench --sim'; see below."},
	{"--controller=4.0|4.2|5.2", "Features of the adapter; default: 5.2."},
	{"--watch=MS", "Print a device's status when its received bytes, state, link or boot count "
		       "has changed; checked every MS milliseconds, 0: at every change."},
	{"--control", "Read commands from standard input: status, reset and terminate DEV, "
		      "silent and mute DEV on|off, unplug, plug, quit."},
	{"--device=FILE", "Instead of " VHCI_PATH "."},
	{"--listen=PATH", "Instead of the kernel: a socket, for a program with a Bluetooth stack "
			  "of its own; HCI packets as on a UART (H4)."},
	{"-v, --verbose", "Print more."},
	{"-h, --help", "Show this."},
	{"-V, --version", "Show the version."},
};

enum { OPT_SIM = 0x1000, OPT_CONTROLLER, OPT_WATCH, OPT_CONTROL, OPT_DEVICE, OPT_LISTEN };

static const struct option long_options[] = {
	{"sim", required_argument, NULL, OPT_SIM},
	{"controller", required_argument, NULL, OPT_CONTROLLER},
	{"watch", required_argument, NULL, OPT_WATCH},
	{"control", no_argument, NULL, OPT_CONTROL},
	{"device", required_argument, NULL, OPT_DEVICE},
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Keys of --sim that an adapter cannot decide. */
static const struct {
	enum sim_option option;
	const char *why;
} not_here[] = {
	{SIM_INTERVAL, "the host chooses the interval, and grants what devices ask for"},
	{SIM_SUPERVISION, "the host chooses the supervision timeout"},
	{SIM_SPEED, "an adapter runs in the host's time"},
	{SIM_ENCRYPTED,
	 "the host encrypts when a device asks for it; use security=just-works or passkey"},
};

static void print_help(FILE *out)
{
	const struct setting *settings = simopts_settings();

	(void)fputs(usage, out);
	for (size_t i = 0; i < sizeof(option_help) / sizeof(option_help[0]); i++)
		cli_print_entry(out, option_help[i].left, option_help[i].help);
	(void)fputs("\nKeys of --sim:\n", out);
	for (int i = 0; i < SIM_OPTIONS; i++) {
		bool here = true;

		for (size_t k = 0; k < sizeof(not_here) / sizeof(not_here[0]); k++)
			here &= not_here[k].option != (enum sim_option)i;
		if (here)
			cli_print_entry(out, settings[i].name, settings[i].help);
	}
}

static int wrong(struct radio *radio, const char *what, const char *why)
{
	log_write(&radio->log, LOG_LEVEL_ERROR, "%s: %s", what, why);
	return CLI_USAGE;
}

static int parse_sim(struct radio *radio, const char *text)
{
	static struct setting_errors errors;
	char line[SETTING_TEXT_MAX * 4];

	if (simopts_parse(&radio->options.sim, text, &errors) == 0)
		return CLI_OK;
	for (size_t i = 0; i < errors.count; i++)
		log_write(&radio->log, LOG_LEVEL_ERROR, "%s",
			  setting_error_format(&errors, i, line, sizeof(line)));
	return CLI_USAGE;
}

static int parse_controller(struct radio *radio, const char *text)
{
	static const char *const names[HCI_VERSIONS] = {
		[HCI_4_0] = "4.0", [HCI_4_2] = "4.2", [HCI_5_2] = "5.2"};

	for (unsigned int i = 0; i < HCI_VERSIONS; i++)
		if (strcmp(text, names[i]) == 0) {
			radio->options.version = (enum hci_version)i;
			return CLI_OK;
		}
	return wrong(radio, "--controller", "expected 4.0, 4.2 or 5.2");
}

static int parse_watch(struct radio *radio, const char *text)
{
	uint64_t ms;

	if (text_parse_unsigned(text, strlen(text), &ms) < 0 || ms > 60000)
		return wrong(radio, "--watch", "expected milliseconds, 0..60000");
	radio->options.watch = true;
	radio->options.watch_ms = (uint32_t)ms;
	return CLI_OK;
}

static int parse_option(struct radio *radio, int option)
{
	switch (option) {
	case OPT_SIM:
		return parse_sim(radio, optarg);
	case OPT_CONTROLLER:
		return parse_controller(radio, optarg);
	case OPT_WATCH:
		return parse_watch(radio, optarg);
	case OPT_CONTROL:
		radio->options.control = true;
		return CLI_OK;
	case OPT_DEVICE:
		radio->options.path = optarg;
		return CLI_OK;
	case OPT_LISTEN:
		radio->options.listen = optarg;
		return CLI_OK;
	case 'v':
		radio->log.level = LOG_LEVEL_INFO;
		return CLI_OK;
	default: /* getopt_long() has said why */
		return CLI_USAGE;
	}
}

/* Options that are right by themselves but not here. */
static int radio_main_check(struct radio *radio)
{
	const struct sim_options *o = &radio->options.sim;
	const struct setting *settings = simopts_settings();
	const char *why;

	for (size_t i = 0; i < sizeof(not_here) / sizeof(not_here[0]); i++)
		if (simopts_given(o, not_here[i].option))
			return wrong(radio, settings[not_here[i].option].name, not_here[i].why);
	for (size_t i = 0; i < o->fault_count; i++)
		if (!radio_fault_possible(o->faults[i].kind, &why))
			return wrong(radio, fault_kind_name(o->faults[i].kind), why);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	static struct radio radio;
	struct log_stderr sink;
	int option, code = CLI_OK;

	(void)setlocale(LC_CTYPE, "");
	log_stderr_init(&sink, stderr, "otabench-radio");
	radio.log =
		(struct log){.fn = log_stderr_line, .userdata = &sink, .level = LOG_LEVEL_WARNING};
	radio.out = stdout;
	radio.options.path = VHCI_PATH;
	radio.options.version = HCI_5_2;
	simopts_defaults(&radio.options.sim);
	while (code == CLI_OK &&
	       (option = getopt_long(argc, argv, "hVv", long_options, NULL)) >= 0) {
		if (option == 'h') {
			print_help(stdout);
			return CLI_OK;
		}
		if (option == 'V') {
			(void)puts("otabench-radio " PACKAGE_VERSION);
			return CLI_OK;
		}
		code = parse_option(&radio, option);
	}
	if (code == CLI_OK && optind < argc)
		code = wrong(&radio, argv[optind], "expected no arguments");
	if (code == CLI_OK)
		code = radio_main_check(&radio);
	return code == CLI_OK ? radio_run(&radio) : code;
}
