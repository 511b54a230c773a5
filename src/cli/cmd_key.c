/* SPDX-License-Identifier: Apache-2.0 */
/* otabench key new|show FILE: the keys that updates are signed with. */
#include "config.h" /* system extensions: explicit_bzero() */

#include "cli/cli.h"

#include "base/file_save.h"
#include "base/output.h"
#include "cli/passphrase.h"
#include "sign/sign_key.h"

#include <stdlib.h>
#include <string.h>

static int tell_key(struct cli *cli, const char *path, const struct sign_key *key)
{
	char id[SIGN_KEY_ID], point[SIGN_KEY_POINT];
	char *pem = sign_key_public_pem(key);
	json_t *event;

	if (!pem)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	(void)sign_key_id(key, id);
	(void)sign_key_point(key, point);
	if (cli->json) {
		event = cli_result(cli, CLI_OK);
		if (event) {
			(void)json_object_set_new(event, "file",
						  output_json_text(path, strlen(path)));
			(void)json_object_set_new(event, "private", json_boolean(key->secret));
			(void)json_object_set_new(event, "id", json_string(id));
			(void)json_object_set_new(event, "point", json_string(point));
			(void)json_object_set_new(event, "public", json_string(pem));
		}
		cli_emit(cli, event);
	} else {
		(void)fprintf(cli->out, "# ECDSA on P-256, %s key; id %s\n# x, y: %s\n%s",
			      key->secret ? "private" : "public", id, point, pem);
	}
	free(pem);
	return CLI_OK;
}

static int key_show(struct cli *cli, const char *path)
{
	char error[512];
	struct sign_key key;
	int r = sign_key_read(&key, path, passphrase_ask, cli, error, sizeof(error));

	if (r < 0)
		r = error[0] != '\0'
			    ? cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s",
				       error)
			    : cli_finish(cli, cli_exit_of(r));
	else
		r = tell_key(cli, path, &key);
	sign_key_finish(&key);
	return r;
}

static int save_new(struct cli *cli, const char *path, const struct sign_key *key)
{
	char passphrase[SIGN_PASSPHRASE] = "", why[512];
	char *pem;
	int r = 0;

	if (!cli_value(cli, "no-passphrase"))
		r = passphrase_new(cli, path, passphrase);
	if (r < 0)
		return cli_finish(cli, cli_exit_of(r));
	pem = sign_key_private_pem(key, passphrase);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (!pem)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	r = file_save_as(path, FILE_SAVE_PRIVATE | (cli->overwrite ? FILE_SAVE_REPLACE : 0), pem,
			 strlen(pem), why, sizeof(why));
	explicit_bzero(pem, strlen(pem));
	free(pem);
	return r < 0 ? cli_fail_write(cli, r, path, why) : tell_key(cli, path, key);
}

static int key_new(struct cli *cli, const char *path)
{
	struct sign_key key = {.secret = true};
	int r = ecdsa_generate(&key.pair);

	r = r < 0 ? cli_fail(cli, CLI_DEFECT, "no key could be made") : save_new(cli, path, &key);
	sign_key_finish(&key);
	return r;
}

int cmd_key(struct cli *cli, int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "new") == 0)
		return key_new(cli, argv[2]);
	if (argc == 3 && strcmp(argv[1], "show") == 0)
		return key_show(cli, argv[2]);
	return cli_fail(cli, CLI_USAGE, "key: expected %s", cli->command->usage);
}
