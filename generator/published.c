#include "published.h"

#include <stdio.h>
#include <string.h>

static const struct published_rate rates[] = {
    {"switch_transformer", 16e3, 16e3, "Switch-Base, training, a TPUv3 core",
     "\"Switch Transformers\", arXiv:2101.03961"},
    {"deepspeed_moe", 5.95e3, 5.95e3, "1.3B+MoE-128, training, an A100", "\"DeepSpeed-MoE\", arXiv:2201.05596"},
    {"fairseq_moe", 0, 2.0e3, "1.1T parameters, training, an A100",
     "\"Efficient Large Scale Language Modeling with Mixtures of Experts\", arXiv:2112.10684"},
    {"megatron_core", 6.1e3, 6.1e3, "Mixtral 8x7B, training, an H100", "Megatron-Core, mixture-of-experts benchmarks"},
    {"deepseek_v3", 9.2e3, 9.2e3, "DeepSeek-V3, serving, prompt tokens (cached ones included), an H800",
     "DeepSeek open-infra-index, \"DeepSeek-V3/R1 Inference System Overview\""},
    {"deepseek_v3", 1.85e3, 1.85e3, "DeepSeek-V3, serving, new tokens, an H800",
     "DeepSeek open-infra-index, \"DeepSeek-V3/R1 Inference System Overview\""},
    {"sglang", 6.5e3, 6.5e3, "DeepSeek-V3, serving, prompt tokens, an H100",
     "SGLang, \"Deploying DeepSeek with PD Disaggregation and Large-Scale Expert Parallelism on 96 H100 GPUs\""},
    {"sglang", 2.8e3, 2.8e3, "DeepSeek-V3, serving, new tokens, an H100",
     "SGLang, \"Deploying DeepSeek with PD Disaggregation and Large-Scale Expert Parallelism on 96 H100 GPUs\""},
    {"sglang_gb200", 26e3, 26e3, "DeepSeek-V3, serving in FP4, prompt tokens, a GB200",
     "SGLang, \"Deploying DeepSeek on GB200 NVL72\", part II"},
    {"sglang_gb200", 13e3, 13e3, "DeepSeek-V3, serving in FP4, new tokens, a GB200",
     "SGLang, \"Deploying DeepSeek on GB200 NVL72\", part II"},
};

/* Serving figures follow from the rates above: 2 x 37e9 active parameters x tokens/s over 1,979 TFLOP/s, fp8 dense. */
static const struct published_mfu utilizations[] = {
    [MFU_HIGHEST] = {0.493, "Mixtral 8x22B, training, H100", "\"MoE Parallel Folding\", arXiv:2504.14960"},
    [MFU_HIGHEST_DENSE] = {0.705, "Llama 13B, training",
                           "\"Efficient Parallelization Layouts for Large-Scale Distributed Model Training\", "
                           "arXiv:2311.05610"},
    [MFU_LOWEST_PREFILL] = {2 * 37e9 * 6.5e3 / 1979e12, "DeepSeek-V3, prefill, H100, of the fp8 peak", "SGLang"},
    [MFU_LOWEST_DECODE] = {2 * 37e9 * 1.85e3 / 1979e12, "DeepSeek-V3, decode, H800, of the fp8 peak", "DeepSeek"},
};

enum { RATES = sizeof rates / sizeof *rates };

const struct published_rate *published_next(const char *system, const struct published_rate *after)
{
    for (const struct published_rate *rate = after ? after + 1 : rates; rate < rates + RATES; rate++)
        if (strcmp(rate->system, system) == 0)
            return rate;
    return NULL;
}

int published_system(const char *system)
{
    return published_next(system, NULL) != NULL;
}

const char *published_systems(char *out, size_t room)
{
    size_t used = 0;
    *out = '\0';
    for (int i = 0; i < RATES && used < room; i++)
        if (published_next(rates[i].system, NULL) == &rates[i])
            used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "", rates[i].system);
    return out;
}

const struct published_rate *published_fastest(void)
{
    const struct published_rate *fastest = rates;
    for (int i = 1; i < RATES; i++)
        if (rates[i].most > fastest->most)
            fastest = &rates[i];
    return fastest;
}

const struct published_mfu *published_mfu(enum mfu_end end)
{
    return &utilizations[end];
}
