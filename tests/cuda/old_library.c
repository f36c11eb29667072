/* A library that is NCCL 2.17.1 and nothing else, for tests of what ranks say about it. */
int ncclGetVersion(int *version);

int ncclGetVersion(int *version)
{
    *version = 21701;
    return 0;
}
