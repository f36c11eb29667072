/* Reading the command line: one set of options, of which each command takes some. */
#include "base/file.h"
#include "commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
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
    TRACE,
    HARDWARE,
    ROUTING,
    LIKE,
    REQUIRE,
    RANKS,
    SEQUENCES,
    PROMPT_TOKENS,
    NEW_TOKENS,
    MARKDOWN,
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
    {"trace", required_argument, NULL, TRACE},
    {"hardware", required_argument, NULL, HARDWARE},
    {"routing", required_argument, NULL, ROUTING},
    {"like", required_argument, NULL, LIKE},
    {"require", required_argument, NULL, REQUIRE},
    {"ranks", required_argument, NULL, RANKS},
    {"sequences", required_argument, NULL, SEQUENCES},
    {"prompt-tokens", required_argument, NULL, PROMPT_TOKENS},
    {"new-tokens", required_argument, NULL, NEW_TOKENS},
    {"markdown", no_argument, NULL, MARKDOWN},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

const char run_help[] = "  --model HF_DIR        the checkpoint; default: the strategy's\n"
                        "  --prompt TEXT, --prompt-ids 1,2,3   repeat for several prompts\n"
                        "  -n N                  most tokens to generate (default 100)\n"
                        "  --temperature T       0: greedy (default); with --top-k K, --top-p P, --seed S\n"
                        "  --json                [{prompt_ids, ids, text, ttft_s, tokens_per_s}, ...]\n"
                        "  --logits FILE         float32 [rows, vocabulary], prompt after prompt\n"
                        "  --load FILE           rows by layer and expert, as JSON\n"
                        "  --memory FILE         planned and measured resident bytes of every rank, as JSON\n"
                        "  --trace FILE          timeline of every op of every rank, for Perfetto and rankc report\n"
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

/* Options that are a text, and those that are a whole number. */
static const char **text_option(struct command_line *line, int option)
{
    switch (option) {
    case 'o':
        return &line->output;
    case MODEL:
        return &line->model;
    case LOGITS:
        return &line->logits;
    case LOAD:
        return &line->load;
    case MEMORY:
        return &line->memory;
    case KERNELS:
        return &line->kernels;
    case TRACE:
        return &line->trace;
    case HARDWARE:
        return &line->hardware;
    case ROUTING:
        return &line->routing;
    case LIKE:
        return &line->like;
    default:
        return NULL;
    }
}

static const struct number_option {
    int option;
    const char *name;
    int most;
    size_t field; /* an int of struct command_line */
} number_options[] = {
    {'n', "-n", 1 << 24, offsetof(struct command_line, most_new)},
    {RANKS, "--ranks", 65536, offsetof(struct command_line, ranks)},
    {SEQUENCES, "--sequences", 65536, offsetof(struct command_line, sequences)},
    {PROMPT_TOKENS, "--prompt-tokens", 1 << 24, offsetof(struct command_line, prompt_tokens)},
    {NEW_TOKENS, "--new-tokens", 1 << 24, offsetof(struct command_line, new_tokens)},
};

static const struct number_option *number_option(int option)
{
    for (size_t i = 0; i < sizeof number_options / sizeof *number_options; i++)
        if (number_options[i].option == option)
            return &number_options[i];
    return NULL;
}

static bool take_whole_number(struct command_line *line, const struct number_option *option, struct error *error)
{
    double number = 0;
    if (!parse_number(option->name, optarg, 1, option->most, &number, error))
        return false;
    if (optarg[strspn(optarg, "0123456789")])
        return usage_error(error, option->name, " takes a whole number");
    memcpy((char *)line + option->field, &(int){(int)number}, sizeof(int));
    return true;
}

static bool take_sampling(struct sampling *sampling, int option, struct error *error)
{
    double number = 0;
    switch (option) {
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
    default:
        return parse_seed(optarg, &sampling->seed, error);
    }
}

static bool take_option(struct command_line *line, int option, struct error *error)
{
    const char **text = text_option(line, option);
    if (text) {
        *text = optarg;
        return true;
    }
    if (number_option(option))
        return take_whole_number(line, number_option(option), error);
    switch (option) {
    case PROMPT:
        return add_prompt(line, optarg, NULL, error);
    case PROMPT_IDS:
        return add_prompt(line, NULL, optarg, error);
    case REQUIRE:
        if (line->require_count == MOST_REQUIREMENTS)
            return usage_error(error, "too many requirements", "");
        line->require[line->require_count++] = optarg;
        return true;
    case JSON:
        line->json = true;
        return true;
    case SUMMARY:
        line->summary = true;
        return true;
    case MARKDOWN:
        line->markdown = true;
        return true;
    case TEMPERATURE:
    case TOP_K:
    case TOP_P:
    case SEED:
        return take_sampling(&line->sampling, option, error);
    default:
        return usage_error(error, "unknown option, or one without its value", "");
    }
}

static struct usage {
    char text[256];
} command_usage(const struct command *command)
{
    struct usage usage;
    snprintf(usage.text, sizeof usage.text, "%s %s", command->name, command->arguments);
    return usage;
}

/* The name of an option as getopt_long returns it: "o", "json". */
static const char *option_name(int option, char out[2])
{
    for (const struct option *at = options; at->name; at++)
        if (at->val == option)
            return at->name;
    out[0] = (char)option;
    out[1] = '\0';
    return out;
}

static bool takes(const struct command *command, int option, struct error *error)
{
    char letter[2];
    const char *name = option_name(option, letter), *at = command->options;
    size_t length = strlen(name);
    if (option == '?')
        return true; /* unknown to all: take_option says so */
    while ((at = strstr(at, name)) != NULL) {
        if ((at == command->options || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
        at += length;
    }
    fail(error, NULL, 0, "rankc %s takes no %s%s; see rankc %s --help", command->name, length > 1 ? "--" : "-", name,
         command->name);
    error->status = EXIT_USAGE;
    return false;
}

static bool parse(struct command_line *line, const struct command *command, int argc, char **argv, struct error *error)
{
    *line = (struct command_line){.most_new = 100, .sampling = {.top_p = 1}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "o:n:h", options, NULL)) != -1;) {
        if (option == HELP || option == 'h') {
            printf("usage: rankc %s %s\n%s", command->name, command->arguments, command->help ? command->help : "");
            exit(EXIT_DONE);
        }
        if (!takes(command, option, error) || !take_option(line, option, error))
            return false;
    }
    int inputs = argc - optind;
    if (inputs < command->least_inputs || inputs > command->most_inputs)
        return usage_error(error, "write rankc ", command_usage(command).text);
    line->input = inputs > 0 ? argv[optind] : NULL;
    line->second = inputs > 1 ? argv[optind + 1] : NULL;
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
