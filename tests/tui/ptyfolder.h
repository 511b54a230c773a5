/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in a folder of a test's own, with its settings and its history there, and
 * images to send: what the tests of the workbench begin with.
 */
#ifndef OTABENCH_PTYFOLDER_H
#define OTABENCH_PTYFOLDER_H

#include "ptylib.h"

extern char pty_program[4096]; /* its path */

/* For cmocka: makes the folder and image.bin, of 300000 bytes for an ESP32, and works in it. */
int pty_folder_setup(void **state);
int pty_folder_teardown(void **state);

/* Runs the program with these words of a shell, quietly; returns its exit status. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
int pty_run(const char *format, ...);
/* The workbench with these words after its name, NULL ends them, once the list has a device. */
void pty_workbench(struct pty *pty, int width, int height, const char *const *words);
/* Keys, and what must come to be on the screen. */
void pty_press(struct pty *pty, const char *keys, const char *shown);
/* ":quit", which asks nothing, and a look at the modes that the terminal is left with. */
void pty_quit(struct pty *pty);

#endif
