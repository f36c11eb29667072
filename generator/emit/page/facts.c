/* The two steps that the page is about. Every micro-batch is full: prefill rows are prompts from their beginning, each
 * as long as the context allows; decode rows are in the middle of theirs. */
#include "emit/page/parts.h"
#include "predict/workload.h"

#include <math.h>

enum { SEED = 1 };

json_t *page_nanoseconds(double seconds)
{
    return json_integer((json_int_t)llround(seconds * 1e9));
}

const char *page_routing(const struct page_input *input)
{
    return input->workload->routing.kind == ROUTING_MEASURED ? "as measured" : input->routing_name;
}

/* What the first `count` rows of a prompt attend to, a window's worth each at most. */
static int64_t attended(int64_t count, int64_t window)
{
    int64_t growing = count < window ? count : window;
    return growing * (growing + 1) / 2 + (count - growing) * window;
}

static struct micro_rows full_rows(const struct shapes *shape, enum phase phase)
{
    int rows = phase == PREFILL ? shape->prefill_rows : shape->decode_rows, prompts = rows;
    int64_t positions;
    if (phase == PREFILL) {
        prompts = (rows + shape->context - 1) / shape->context;
        positions = rows / shape->context * attended(shape->context, shape->window) +
                    attended(rows % shape->context, shape->window);
    } else {
        int middle = shape->context > 1 ? shape->context / 2 : 1;
        positions = (int64_t)rows * (middle < shape->window ? middle : shape->window);
    }
    return (struct micro_rows){
        .rows = rows, .wanted = prompts < shape->logit_rows ? prompts : shape->logit_rows, .positions = positions};
}

static void make_step(struct page_facts *facts, enum phase phase)
{
    struct step *step = &facts->steps[phase];
    const struct shapes *shape = &facts->plan->classes[facts->plan->class_count - 1].shape; /* has the logits */
    *step = (struct step){.phase = phase, .active = shape->micro_batches};
    step_take_rows(facts->plan, &facts->pool, step);
    for (size_t i = 0; i < step_rows_count(facts->plan, step); i++)
        step->rows[i] = full_rows(shape, phase);
    routes_draw(facts->plan, &facts->input->workload->routing, SEED, &facts->pool, step);
}

void page_facts_make(const struct page_input *input, struct page_facts *facts)
{
    const struct plan *plan = input->plan;
    *facts = (struct page_facts){.input = input, .plan = plan};
    for (enum phase phase = 0; phase < PHASES; phase++) {
        make_step(facts, phase);
        if (!input->hardware)
            continue;
        facts->spans[phase] = pool_take(&facts->pool, (size_t)plan->world * (size_t)plan_most_ops(plan, phase),
                                        sizeof *facts->spans[phase]);
        simulate_step(plan, input->hardware, &facts->steps[phase], &facts->pool, &facts->results[phase],
                      facts->spans[phase]);
    }
}
