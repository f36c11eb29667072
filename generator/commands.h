/* The commands of rankc: what each takes, and which passes it runs. */
#pragma once

#include "base/error.h"
#include "job.h"

enum { MOST_PROMPTS = 1024 };

/* The command line after the command's name, as getopt_long read it. */
struct command_line {
    const char *input;   /* the only operand: a strategy, or a folder */
    const char *output;  /* -o */
    const char *model;   /* --model */
    const char *kernels; /* --kernels */
    const char *logits, *load, *memory;
    const char *prompts[MOST_PROMPTS], *prompt_ids[MOST_PROMPTS]; /* one of both a prompt, in order */
    int prompt_count, most_new;
    struct sampling sampling;
    bool json, summary;
};

struct command {
    const char *name;
    bool (*run)(const struct command_line *line, struct error *error);
    const char *arguments, *text;
};

/* Reads the command line, runs the command, prints its error. Returns the exit status. */
int command_main(const struct command *command, int argc, char **argv);

bool command_check(const struct command_line *line, struct error *error);
bool command_plan(const struct command_line *line, struct error *error);
bool command_gen(const struct command_line *line, struct error *error);
bool command_verify(const struct command_line *line, struct error *error);
bool command_shard(const struct command_line *line, struct error *error);
bool command_build(const struct command_line *line, struct error *error);
bool command_run(const struct command_line *line, struct error *error);
