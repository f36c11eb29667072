/* The commands of rankc: what each takes, and which passes it runs. */
#pragma once

#include "base/error.h"
#include "job.h"

enum { MOST_PROMPTS = 1024, MOST_REQUIREMENTS = 4 };

/* The command line after the command's name, as getopt_long read it. */
struct command_line {
    const char *input;                          /* the first operand: a strategy, a folder, a trace */
    const char *second;                         /* the second one: of diff and report; NULL: none */
    const char *output;                         /* -o */
    const char *model;                          /* --model */
    const char *kernels;                        /* --kernels */
    const char *logits, *load, *memory, *trace; /* files of run; memory: of search, the memory of a rank */
    const char *hardware, *routing, *like;      /* --hardware, --routing, --like */
    const char *require[MOST_REQUIREMENTS];     /* --require, of search */
    int require_count;
    int ranks, sequences, prompt_tokens, new_tokens;              /* 0: the usual */
    const char *prompts[MOST_PROMPTS], *prompt_ids[MOST_PROMPTS]; /* one of both a prompt, in order */
    int prompt_count, most_new;
    struct sampling sampling;
    bool json, summary, markdown;
};

struct command {
    const char *name;
    bool (*run)(const struct command_line *line, struct error *error);
    int least_inputs, most_inputs;
    const char *arguments, *text;
    const char *options; /* that it takes: names with blanks between */
    const char *help;    /* what --help adds; NULL: nothing */
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
bool command_audit(const struct command_line *line, struct error *error);
bool command_calibrate(const struct command_line *line, struct error *error);
bool command_diff(const struct command_line *line, struct error *error);
bool command_report(const struct command_line *line, struct error *error);
bool command_search(const struct command_line *line, struct error *error);
bool command_sim(const struct command_line *line, struct error *error);

extern const char run_help[], search_help[], sim_help[], report_help[]; /* their options */
extern const char audit_help[];                                         /* what can be claimed and assumed */
