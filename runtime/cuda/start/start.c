/* How a CUDA rank starts and ends. Cheap checks come first, then what needs the other ranks, then what takes long. */
#include "cuda/start/start.h"
#include "cuda/life.h"
#include "cuda/start/rendezvous.h"

static struct gpu gpu; /* of this process: the only one */

static void open_libraries(struct gpu *r)
{
    static struct nccl_library nccl;
    static struct cublaslt_library cublaslt;
    char message[512];
    const char *wrong = open_cublaslt(&cublaslt, message, sizeof message);
    if (!wrong)
        wrong = open_nccl(&nccl, message, sizeof message);
    if (wrong)
        rank_fail(r->rank, "%s", wrong);
    r->nccl = &nccl;
    r->cublaslt = &cublaslt;
}

static void refuse_options(struct rank *rank, const struct rank_options *options)
{
    if (options->kernels)
        rank_fail(rank, "--kernels names kernels of processors, and this rank is built for a GPU; leave it out");
    if (rank->recorder)
        rank_fail(rank, "a rank on a GPU records no timeline yet; leave --trace out");
}

static void abandon(struct rank *rank)
{
    abort_communicators(rank->gpu);
}

void gpu_start(struct rank *rank, const struct class_info *class, const struct rank_options *options)
{
    struct gpu *r = rank->gpu = &gpu;
    *r = (struct gpu){.number = rank->number,
                      .dp = rank->dp,
                      .pp = rank->pp,
                      .ep = rank->ep,
                      .tp = rank->tp,
                      .layer_base = rank->layer_base,
                      .op_layer = -1,
                      .rank = rank,
                      .gpu_class = class->gpu};
    refuse_options(rank, options);
    choose_device(r, options->gpu);
    open_libraries(r);
    rank->abandon = abandon;
    rank->op_text = r->op_text = "start";
    meet_ranks(r, class, options->rendezvous);
    make_communicators(r);
    take_streams(r);
    take_host_memory(r, class);
    take_device_memory(r, class, options->shards);
    CUBLASLT_CHECK(r, r->cublaslt->cublasLtCreate(&r->matmuls));
}

void gpu_end(struct rank *rank, const struct class_info *class)
{
    (void)class;
    struct gpu *r = rank->gpu;
    size_t available = 0, total = 0;
    GPU_CHECK(r, cudaStreamSynchronize(r->compute));
    GPU_CHECK(r, cudaStreamSynchronize(r->comm));
    GPU_CHECK(r, cudaMemGetInfo(&available, &total));
    atomic_store(&rank->control->resident_bytes, available < r->free_at_start ? r->free_at_start - available : 0);
    for (int active = 0; active <= GPU_MICRO_BATCHES; active++)
        if (r->graphs[active])
            GPU_CHECK(r, cudaGraphExecDestroy(r->graphs[active]));
    finish_communicators(r);
    if (r->rendezvous)
        rendezvous_close(r->rendezvous);
    r->rendezvous = NULL;
}
