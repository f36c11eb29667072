/* rankc: the compiler as a list of commands, each a list of passes.
 *
 *     strategy --read--> strategy --plan--> plan --verify--> plan, proven --emit--> sources
 *     sources --build--> ranks    checkpoint --shard--> shards    prompts --run--> tokens */
#include "commands/commands.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREDICTING "hardware routing sequences prompt-tokens new-tokens"

static const struct command commands[] = {
    {"check", command_check, 1, 1, "STRATEGY", "errors and warnings; nothing written", "model", NULL},
    {"plan", command_plan, 1, 1, "STRATEGY [--json]", "the plan and its ledger, for people or programs", "model json",
     NULL},
    {"audit", command_audit, 1, 1, "STRATEGY [--json]", "each claim: stated, computed, verdict, derivation",
     "model json", audit_help},
    {"diff", command_diff, 2, 2, "OLD NEW [--json|--markdown]", "what a change of strategy means", "json markdown",
     NULL},
    {"sim", command_sim, 1, 1, "STRATEGY [--hardware NAME] [-o TRACE]", "simulated times, and a timeline",
     "o model json like " PREDICTING, sim_help},
    {"search", command_search, 0, 1, "MODEL --ranks N --memory M [-o DIR]",
     "the best strategies; see rankc search --help", "o model json hardware routing sequences require ranks memory",
     search_help},
    {"report", command_report, 1, 2, "STRATEGY -o HTML | MEASURED SIMULATED",
     "a page to look at; two timelines compared", "o model json " PREDICTING, report_help},
    {"calibrate", command_calibrate, 0, 1, "[STRATEGY] [-o FILE]",
     "measures this machine, and a strategy's own shapes, for predictions", "o model", NULL},
    {"gen", command_gen, 1, 1, "STRATEGY -o DIR", "sources", "o model", NULL},
    {"verify", command_verify, 1, 1, "DIR", "the proofs again, from the emitted sources", "", NULL},
    {"shard", command_shard, 1, 1, "STRATEGY|DIR --model HF_DIR -o DIR", "a checkpoint, cut by the plan", "o model",
     NULL},
    {"build", command_build, 1, 1, "DIR -o BUILD", "compile classes, stamp ranks", "o", NULL},
    {"run", command_run, 1, 1, "STRATEGY|BUILD [--model HF_DIR] [--prompt TEXT|--prompt-ids 1,2,3]... [-n N]",
     "tokens; see rankc run --help",
     "model n prompt prompt-ids logits load memory trace json summary kernels temperature top-k top-p seed", run_help},
};

/* In the design, not in the program yet: named, so that nobody searches for them. */
static const char *const planned_commands[] = {"pack"};

static void print_usage(FILE *out)
{
    fputs("usage: rankc COMMAND ...\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  rankc %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].text);
    fputs("exit status: 0 done, 1 the input was refused, 2 usage, 3 a rank failed\n", out);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write */
    if (sodium_init() < 0) {
        fputs("error: libsodium cannot be initialised\n", stderr);
        return EXIT_REFUSED;
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return command_main(&commands[i], argc - 1, argv + 1);
    for (size_t i = 0; argc > 1 && i < sizeof planned_commands / sizeof *planned_commands; i++)
        if (strcmp(argv[1], planned_commands[i]) == 0) {
            fprintf(stderr, "error: rankc %s is not there yet; see the README\n", argv[1]);
            return EXIT_USAGE;
        }
    if (argc > 1)
        fprintf(stderr, "error: there is no command \"%s\"\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
