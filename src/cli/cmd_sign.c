/* SPDX-License-Identifier: Apache-2.0 */
/* otabench sign and verify: the detached signature of an image. */
#include "cli/cli.h"

#include "base/file_save.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "cli/passphrase.h"
#include "host/image_file.h"
#include "image/lint.h"
#include "sign/sign_key.h"
#include "sign/signature.h"

#include <limits.h>
#include <string.h>

struct subject {
	const char *path;
	struct image_file file;
	struct sign_key key;
	struct ota_statement statement;
	uint8_t bytes[OTA_STATEMENT_SIZE]; /* the statement as it is signed */
};

static int load_key(struct cli *cli, struct subject *s, bool secret)
{
	const char *path = cli_value(cli, "key");
	char error[512];
	int r;

	if (!path)
		return cli_fail(cli, CLI_USAGE, "%s: expected --key=FILE", cli->command->name);
	r = sign_key_read(&s->key, path, passphrase_ask, cli, error, sizeof(error));
	if (r < 0 && error[0] == '\0')
		return cli_finish(cli, cli_exit_of(r));
	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	if (secret && !s->key.secret)
		return cli_fail(cli, CLI_REFUSED, "%s: a public key; signing needs the private one",
				path);
	return CLI_OK;
}

/* The image, read whole and checked: what the boot loader would refuse is not signed. */
static int load_image(struct cli *cli, struct subject *s)
{
	struct lint_report report;
	struct image image;
	char error[512];
	int r = image_file_init(&s->file, s->path, error, sizeof(error));

	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	r = image_read(s->file.data, s->file.size, sha256_buffer, &image, &report);
	if (r < 0)
		return cli_fail(cli, CLI_REFUSED,
				"%s: not an image that boots; 'otabench inspect' says why",
				s->path);
	if (signature_statement(&image, &s->statement) < 0)
		return cli_fail(cli, CLI_REFUSED,
				"%s: has no application descriptor, whose project and version a "
				"signature covers",
				s->path);
	ota_statement_pack(&s->statement, s->bytes);
	return CLI_OK;
}

static void tell_subject(struct cli *cli, const struct subject *s, const char *path,
			 const char *word)
{
	char id[SIGN_KEY_ID], hash[2 * OTA_SHA256_SIZE + 1];
	json_t *event;

	(void)sign_key_id(&s->key, id);
	(void)hex_encode(s->statement.sha256, OTA_SHA256_SIZE, hash);
	if (!cli->json) {
		if (cli->quiet)
			return;
		output_put_safe(cli->out, path);
		(void)fprintf(cli->out, ": %s by key %s\n", word, id);
		return;
	}
	event = cli_result(cli, CLI_OK);
	if (event) {
		(void)json_object_set_new(event, "file",
					  output_json_text(s->path, strlen(s->path)));
		(void)json_object_set_new(event, "signature", output_json_text(path, strlen(path)));
		(void)json_object_set_new(event, "key", json_string(id));
		(void)json_object_set_new(event, "sha256", json_string(hash));
	}
	cli_emit(cli, event);
}

static int save(struct cli *cli, const char *path, const void *bytes, size_t len)
{
	char why[512];
	const int r = file_save_as(path, cli->overwrite ? FILE_SAVE_REPLACE : 0, bytes, len, why,
				   sizeof(why));

	return r < 0 ? cli_fail_write(cli, r, path, why) : CLI_OK;
}

static int make(struct cli *cli, struct subject *s)
{
	const char *statement = cli_value(cli, "statement"), *output = cli_value(cli, "output");
	uint8_t signature[OTA_SIGNATURE_SIZE], der[SIGNATURE_DER_MOST];
	char path[PATH_MAX];
	size_t len = 0;
	int r = load_image(cli, s);

	if (r == CLI_OK && statement)
		r = save(cli, statement, s->bytes, sizeof(s->bytes));
	/* A statement that another program signs needs no key here. */
	if (r != CLI_OK || (statement && !cli_value(cli, "key")))
		return r != CLI_OK ? r : cli_succeed(cli);
	r = load_key(cli, s, true);
	if (r != CLI_OK)
		return r;
	if (!output && !signature_path(s->path, path, sizeof(path)))
		return cli_fail(cli, CLI_USAGE, "%s: the name is too long", s->path);
	if (ecdsa_sign(&s->key.pair, s->bytes, sizeof(s->bytes), signature) == 0)
		len = signature_to_der(signature, der);
	if (len == 0)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	r = save(cli, output ? output : path, der, len);
	if (r == CLI_OK)
		tell_subject(cli, s, output ? output : path, "signed");
	return r;
}

static int check(struct cli *cli, struct subject *s)
{
	const char *given = cli_value(cli, "signature");
	uint8_t signature[OTA_SIGNATURE_SIZE];
	char path[PATH_MAX], error[512], id[SIGN_KEY_ID];
	int r = load_key(cli, s, false);

	if (r == CLI_OK)
		r = load_image(cli, s);
	if (r != CLI_OK)
		return r;
	if (!given && !signature_path(s->path, path, sizeof(path)))
		return cli_fail(cli, CLI_USAGE, "%s: the name is too long", s->path);
	given = given ? given : path;
	r = signature_read(given, signature, error, sizeof(error));
	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	r = ecdsa_verify(s->key.pair.point, s->bytes, sizeof(s->bytes), signature);
	if (r == -OTA_ENOMEM)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	if (r < 0)
		return cli_fail(cli, CLI_REFUSED, "%s: not a signature of %s by key %s", given,
				s->path, sign_key_id(&s->key, id));
	tell_subject(cli, s, given, "a signature");
	return CLI_OK;
}

static int with_subject(struct cli *cli, const char *path,
			int (*run)(struct cli *cli, struct subject *s))
{
	struct subject s;
	int r;

	memset(&s, 0, sizeof(s));
	s.path = path;
	r = run(cli, &s);
	sign_key_finish(&s.key);
	image_file_finish(&s.file);
	return r;
}

int cmd_sign(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return with_subject(cli, argv[1], make);
}

int cmd_verify(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return with_subject(cli, argv[1], check);
}
