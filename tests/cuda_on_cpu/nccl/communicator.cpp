/* The life of communicators. */
#include "communicator.h"
#include "group.h"

#include <algorithm>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace nccl_on_cpu
{
constexpr auto CHECK_EVERY = std::chrono::milliseconds(20);
constexpr long POLL_MICROSECONDS = 200;

static std::vector<communicator> all;
static int made;
static char last_error[256];

const std::vector<communicator> &communicators(void)
{
    return all;
}

communicator communicator_of(ncclComm_t handle)
{
    for (const communicator &comm : all)
        if (comm.get() == handle)
            return comm;
    cuda_on_cpu::give_up("%p is not a communicator, or one that is destroyed or aborted", (const void *)handle);
}

void fail(struct ncclComm *comm, ncclResult_t error, const char *format, ...)
{
    if (comm->error != ncclSuccess)
        return;
    comm->error = error;
    va_list values;
    va_start(values, format);
    vsnprintf(last_error, sizeof last_error, format, values);
    va_end(values);
}

ncclResult_t refuse(ncclResult_t error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(last_error, sizeof last_error, format, values);
    va_end(values);
    return error;
}

void check_peers(struct ncclComm *comm)
{
    clock::time_point now = clock::now();
    if (now - comm->checked < CHECK_EVERY)
        return;
    comm->checked = now;
    uint32_t aborted = comm->segment.meeting->aborted.load();
    int dead = dead_member(&comm->segment);
    if (aborted)
        fail(comm, ncclRemoteError, "rank %u aborted communicator %d", aborted - 1, comm->number);
    else if (dead >= 0)
        fail(comm, ncclRemoteError, "the process of rank %d of communicator %d is gone", dead, comm->number);
}

ncclResult_t state_of(const struct ncclComm *comm)
{
    if (comm->error != ncclSuccess)
        return comm->error;
    bool busy = !comm->joined_all || comm->polls > 0 || comm->postponed || (comm->finalized && comm->pending > 0);
    return busy ? ncclInProgress : ncclSuccess;
}

/* Takes it off the list; operations under way may still hold it. */
static void release(const communicator &comm)
{
    communicator kept = comm;
    leave(&kept->segment);
    kept->released = true;
    all.erase(std::remove(all.begin(), all.end(), kept), all.end());
}

/* One look at whether all have joined; sleeps a little if not. */
static bool meet(struct ncclComm *comm)
{
    uint32_t heard = bell_of(&comm->segment);
    comm->joined_all = all_joined(&comm->segment);
    if (comm->joined_all)
        return true;
    note_absence(&comm->watch, comm);
    sleep_until_rung(&comm->segment, heard, POLL_MICROSECONDS);
    return false;
}

static void poll(const communicator &comm)
{
    if (!comm->joined_all && !meet(comm.get()))
        return;
    if (comm->polls > 0)
        comm->polls--;
    else if (comm->postponed) {
        ncclResult_t result = poll_postponed(comm);
        if (result != ncclSuccess && result != ncclInProgress)
            comm->error = result;
    }
}
} // namespace nccl_on_cpu

using namespace nccl_on_cpu;

ncclResult_t ncclGetVersion(int *version)
{
    *version = NCCL_VERSION_CODE;
    return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    memset(id, 0, sizeof *id);
    new_name(id->internal);
    return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int nranks, ncclUniqueId id, int rank, ncclConfig_t *config)
{
    ncclConfig_t defaults = NCCL_CONFIG_INITIALIZER;
    const ncclConfig_t *chosen = config ? config : &defaults;
    *comm = nullptr;
    if (nranks < 1 || rank < 0 || rank >= nranks)
        return refuse(ncclInvalidArgument, "rank %d of %d", rank, nranks);
    if (nranks > MAX_MEMBERS)
        cuda_on_cpu::give_up("a communicator of more than %d ranks is not emulated", MAX_MEMBERS);
    if (!is_name(id.internal))
        return refuse(ncclInvalidArgument, "the id is not one of ncclGetUniqueId");
    if (chosen->size != defaults.size || chosen->magic != defaults.magic)
        return refuse(ncclInvalidArgument, "the configuration does not begin as NCCL_CONFIG_INITIALIZER");
    communicator made_one = std::make_shared<struct ncclComm>();
    const char *wrong = join(&made_one->segment, id.internal, rank, nranks);
    if (wrong)
        return refuse(ncclInvalidUsage, "cannot join the communicator as rank %d: %s", rank, wrong);
    made_one->number = ++made;
    made_one->blocking = chosen->blocking != 0;
    made_one->sent.resize((size_t)nranks);
    made_one->received.resize((size_t)nranks);
    all.push_back(made_one);
    cuda_on_cpu::sleep_outside_by(sleep_until_peers_move);
    *comm = made_one.get();
    if (!made_one->blocking) {
        made_one->polls = (int)cuda_on_cpu::random_below(4);
        return ncclInProgress;
    }
    while (made_one->error == ncclSuccess && !meet(made_one.get()))
        ;
    return made_one->error;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t handle, ncclResult_t *error)
{
    communicator comm = communicator_of(handle);
    cuda_on_cpu::make_progress();
    check_peers(comm.get());
    if (comm->error == ncclSuccess)
        poll(comm);
    *error = state_of(comm.get());
    return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t handle)
{
    communicator comm = communicator_of(handle);
    if (comm->finalized)
        return refuse(ncclInvalidArgument, "the communicator is finalized already");
    if (state_of(comm.get()) == ncclInProgress)
        return refuse(ncclInvalidArgument, "the communicator was finalized before its last call was done");
    comm->finalized = true;
    if (comm->blocking && comm->pending > 0 && cudaStreamSynchronize(comm->stream) != cudaSuccess)
        return refuse(ncclUnhandledCudaError, "the communicator's last operation failed");
    return state_of(comm.get());
}

ncclResult_t ncclCommDestroy(ncclComm_t handle)
{
    if (!handle)
        return ncclSuccess;
    communicator comm = communicator_of(handle);
    if (comm->pending > 0 && comm->error != ncclSuccess)
        cuda_on_cpu::give_up("communicator %d is destroyed after an error with operations under way; abort it",
                             comm->number);
    if (comm->pending > 0 && cudaStreamSynchronize(comm->stream) != cudaSuccess)
        return refuse(ncclUnhandledCudaError, "the communicator's last operation failed");
    release(comm);
    return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t handle)
{
    if (!handle)
        return ncclSuccess;
    communicator comm = communicator_of(handle);
    uint32_t nobody = 0;
    comm->segment.meeting->aborted.compare_exchange_strong(nobody, 1 + (uint32_t)comm->segment.rank);
    release(comm);
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    static const char *const TEXTS[] = {
        "no error",
        "a call of CUDA failed",
        "a call of the system failed",
        "NCCL has a bug",
        "an invalid argument",
        "invalid usage",
        "a peer failed or left",
        "still in progress",
    };
    static_assert(sizeof TEXTS / sizeof TEXTS[0] == ncclNumResults, "a text for each result");
    return (unsigned)result < ncclNumResults ? TEXTS[result] : "an unknown result";
}

const char *ncclGetLastError(ncclComm_t)
{
    return last_error;
}
