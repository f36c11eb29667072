/* Reading the command line: one set of options, of which each command takes some. */
#include "base/file.h"
#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
    MODEL = 256,
    PROMPT,
    PROMPT_IDS,
    LOGITS,
    LOAD,
    MEMORY,
    JSON,
    SUMMARY,
    KERNELS,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    SEED,
    HELP
};

static const struct option options[] = {
    {"model", required_argument, NULL, MODEL},
    {"prompt", required_argument, NULL, PROMPT},
    {"prompt-ids", required_argument, NULL, PROMPT_IDS},
    {"logits", required_argument, NULL, LOGITS},
    {"load", required_argument, NULL, LOAD},
    {"memory", required_argument, NULL, MEMORY},
    {"json", no_argument, NULL, JSON},
    {"summary", no_argument, NULL, SUMMARY},
    {"kernels", required_argument, NULL, KERNELS},
    {"temperature", required_argument, NULL, TEMPERATURE},
    {"top-k", required_argument, NULL, TOP_K},
    {"top-p", required_argument, NULL, TOP_P},
    {"seed", required_argument, NULL, SEED},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static const char run_help[] =
    "  --model HF_DIR        the checkpoint; default: the strategy's\n"
    "  --prompt TEXT, --prompt-ids 1,2,3   repeat for several prompts\n"
    "  -n N                  most tokens to generate (default 100)\n"
    "  --temperature T       0: greedy (default); with --top-k K, --top-p P, --seed S\n"
    "  --json                [{prompt_ids, ids, text, ttft_s, tokens_per_s}, ...]\n"
    "  --logits FILE         float32 [rows, vocabulary], prompt after prompt\n"
    "  --load FILE           rows by layer and expert, as JSON\n"
    "  --memory FILE         planned and measured resident bytes of every rank, as JSON\n"
    "  --kernels NAME        portable, avx2 or avx512; default: the best this processor has\n"
    "  --summary             ranks, times and tokens/s on stderr\n";

static bool usage_error(struct error *error, const char *what, const char *about)
{
    fail(error, NULL, 0, "%s%s; see rankc --help", what, about);
    error->status = EXIT_USAGE;
    return false;
}

static bool parse_number(const char *name, const char *text, double least, double most, double *out,
                         struct error *error)
{
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && errno == 0 && *out >= least && *out <= most)
        return true;
    fail(error, NULL, 0, "%s \"%s\" is not a number from %.10g to %.10g", name, text, least, most);
    error->status = EXIT_USAGE;
    return false;
}

static bool parse_seed(const char *text, uint64_t *seed, struct error *error)
{
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    return (end != text && *end == '\0' && errno == 0 && text[0] != '-') ||
           usage_error(error, "--seed is no whole number: ", text);
}

static bool add_prompt(struct command_line *line, const char *text, const char *ids, struct error *error)
{
    if (line->prompt_count == MOST_PROMPTS)
        return usage_error(error, "too many prompts", "");
    line->prompts[line->prompt_count] = text;
    line->prompt_ids[line->prompt_count++] = ids;
    return true;
}

static bool take_option(struct command_line *line, int option, struct error *error)
{
    double number = 0;
    struct sampling *sampling = &line->sampling;
    switch (option) {
    case 'o':
        line->output = optarg;
        return true;
    case 'n':
        if (!parse_number("-n", optarg, 1, 1 << 24, &number, error))
            return false;
        line->most_new = (int)number;
        return true;
    case MODEL:
        line->model = optarg;
        return true;
    case PROMPT:
        return add_prompt(line, optarg, NULL, error);
    case PROMPT_IDS:
        return add_prompt(line, NULL, optarg, error);
    case LOGITS:
        line->logits = optarg;
        return true;
    case LOAD:
        line->load = optarg;
        return true;
    case MEMORY:
        line->memory = optarg;
        return true;
    case JSON:
        line->json = true;
        return true;
    case SUMMARY:
        line->summary = true;
        return true;
    case KERNELS:
        line->kernels = optarg;
        return true;
    case TEMPERATURE:
        if (!parse_number("--temperature", optarg, 0, 1000, &number, error))
            return false;
        sampling->temperature = (float)number;
        return true;
    case TOP_K:
        if (!parse_number("--top-k", optarg, 0, INT_MAX, &number, error))
            return false;
        sampling->top_k = (int32_t)number;
        return true;
    case TOP_P:
        if (!parse_number("--top-p", optarg, 0, 1, &number, error))
            return false;
        sampling->top_p = (float)number;
        return true;
    case SEED:
        return parse_seed(optarg, &sampling->seed, error);
    default:
        return usage_error(error, "unknown option, or one without its value", "");
    }
}

static bool parse(struct command_line *line, const struct command *command, int argc, char **argv, struct error *error)
{
    *line = (struct command_line){.most_new = 100, .sampling = {.top_p = 1}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "o:n:h", options, NULL)) != -1;) {
        if (option == HELP || option == 'h') {
            printf("usage: rankc %s %s\n%s", command->name, command->arguments,
                   strcmp(command->name, "run") == 0 ? run_help : "");
            exit(EXIT_DONE);
        }
        if (!take_option(line, option, error))
            return false;
    }
    if (argc - optind != 1)
        return usage_error(error, "name one input: rankc ", command->name);
    line->input = argv[optind];
    return true;
}

int command_main(const struct command *command, int argc, char **argv)
{
    struct command_line line;
    struct error error = {.status = EXIT_REFUSED};
    if (parse(&line, command, argc, argv, &error) && command->run(&line, &error) && output_flush(&error))
        return EXIT_DONE;
    error_print(&error);
    return (int)error.status;
}
