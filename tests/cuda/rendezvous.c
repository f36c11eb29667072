/* The rendezvous of CUDA ranks, with a process a rank: who is in a group gets its leader's id, nobody who is not of the
 * job is let in, and who is missing or gone is named. */
#include "cuda/start/rendezvous.h"
#include "cuda/start/wire.h"

#include "run_case.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG = 30000, SHORT = 300, MOST_RANKS = 256 };

/* What the ranks and the test tell each other. */
struct shared {
    _Atomic int port, met, may_end;
    char message[MOST_RANKS][RENDEZVOUS_TEXT_BYTES];
};

static struct shared *shared;
static pid_t children[MOST_RANKS + 8];
static int child_count;

static void set_up(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    child_count = 0;
}

static void tear_down(void)
{
    munmap(shared, sizeof *shared);
}

/* ---- a grid whose rank numbers are not in the order of coordinates */

struct grid {
    int sizes[RENDEZVOUS_AXES];
};

static int world_of(const struct grid *grid)
{
    return grid->sizes[0] * grid->sizes[1] * grid->sizes[2] * grid->sizes[3];
}

static int rank_of(const struct grid *grid, const int at[RENDEZVOUS_AXES])
{
    int place = 0;
    for (int axis = 0; axis < RENDEZVOUS_AXES; axis++)
        place = place * grid->sizes[axis] + at[axis];
    return world_of(grid) - 1 - place;
}

static void make_id(unsigned char id[RENDEZVOUS_ID_BYTES], int leader, int axis)
{
    for (int i = 0; i < RENDEZVOUS_ID_BYTES; i++)
        id[i] = (unsigned char)(leader * 31 + axis * 7 + i * (leader % 5 + 1));
}

static struct rendezvous_member member_of(const struct grid *grid, int rank)
{
    struct rendezvous_member member = {.rank = rank, .world = world_of(grid), .plan_hash = {0xab, 0xcd}};
    memcpy(member.sizes, grid->sizes, sizeof member.sizes);
    int place = member.world - 1 - rank;
    for (int axis = RENDEZVOUS_AXES - 1; axis >= 0; place /= grid->sizes[axis--])
        member.at[axis] = place % grid->sizes[axis];
    for (int axis = 1; axis < RENDEZVOUS_AXES; axis++) {
        if (grid->sizes[axis] == 1)
            continue;
        struct rendezvous_group *group = &member.groups[member.group_count++];
        group->axis = axis;
        group->known = member.at[axis] == 0;
        if (group->known)
            make_id(group->id, rank, axis);
    }
    return member;
}

/* ---- a rank's process */

static struct rendezvous *open_meeting(const struct rendezvous_member *member, int milliseconds)
{
    char message[256] = "", address[32];
    int port = 0;
    struct rendezvous *meeting;
    if (member->rank == 0) {
        meeting = rendezvous_listen(member, NULL, milliseconds, &port, message, sizeof message);
        shared->port = port;
    } else {
        while (shared->port == 0)
            usleep(1000);
        snprintf(address, sizeof address, "127.0.0.1:%d", shared->port);
        meeting = rendezvous_join(member, address, milliseconds, message, sizeof message);
    }
    if (!meeting)
        fprintf(stderr, "rank %d: %s\n", member->rank, message);
    return meeting;
}

static bool has_right_ids(const struct grid *grid, const struct rendezvous_member *member,
                          const struct rendezvous *meeting)
{
    for (int i = 0; i < member->group_count; i++) {
        const struct rendezvous_group *group = &rendezvous_groups(meeting)[i];
        unsigned char expected[RENDEZVOUS_ID_BYTES];
        int leader[RENDEZVOUS_AXES];
        memcpy(leader, member->at, sizeof leader);
        leader[group->axis] = 0;
        make_id(expected, rank_of(grid, leader), group->axis);
        if (!group->known || memcmp(group->id, expected, sizeof expected) != 0)
            return false;
    }
    return true;
}

enum exit_status { EXIT_MET, EXIT_REFUSED, EXIT_WRONG_ID, EXIT_NO_MEETING };

/* Meets, then says good-bye. */
static int meet(const struct grid *grid, const struct rendezvous_member *member, int milliseconds)
{
    struct rendezvous *meeting = open_meeting(member, milliseconds);
    if (!meeting)
        return EXIT_NO_MEETING;
    enum rendezvous_state state;
    while ((state = rendezvous_meet(meeting, 20)) == RENDEZVOUS_MEETING)
        ;
    if (state == RENDEZVOUS_FAILED) {
        snprintf(shared->message[member->rank], RENDEZVOUS_TEXT_BYTES, "%s", rendezvous_message(meeting));
        return EXIT_REFUSED;
    }
    shared->met++;
    int status = has_right_ids(grid, member, meeting) ? EXIT_MET : EXIT_WRONG_ID;
    rendezvous_close(meeting);
    return status;
}

static pid_t begin(const struct grid *grid, const struct rendezvous_member *member, int milliseconds)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(meet(grid, member, milliseconds));
    return children[child_count++] = child;
}

static void begin_ranks(const struct grid *grid, int first, int end, int milliseconds)
{
    for (int rank = first; rank < end; rank++) {
        struct rendezvous_member member = member_of(grid, rank);
        begin(grid, &member, milliseconds);
    }
}

static int status_of(pid_t child)
{
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "a rank was killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void expect_all(int status)
{
    for (int i = 0; i < child_count; i++)
        ck_assert_int_eq(status_of(children[i]), status);
}

static const struct grid GRIDS[] = {{{1, 1, 1, 1}}, {{1, 2, 2, 2}}, {{2, 1, 3, 2}}, {{4, 1, 1, 1}},
                                    {{1, 4, 1, 2}}, {{2, 4, 4, 2}}, {{2, 4, 16, 2}}};

START_TEST(members_of_a_group_get_the_id_of_its_leader)
{
    const struct grid *grid = &GRIDS[_i];
    begin_ranks(grid, 0, world_of(grid), LONG);
    expect_all(EXIT_MET);
}
END_TEST

static const struct grid EIGHT = {{1, 2, 2, 2}};

START_TEST(missing_ranks_are_named_to_all)
{
    begin_ranks(&EIGHT, 0, 5, SHORT);
    begin_ranks(&EIGHT, 6, 7, SHORT);
    expect_all(EXIT_REFUSED);
    for (int rank = 0; rank < 7; rank++)
        if (rank != 5)
            ck_assert_str_eq(shared->message[rank], "ranks 5, 7 did not come within 0 s");
}
END_TEST

START_TEST(nobody_waits_for_ever_for_rank_0)
{
    shared->port = 1; /* nobody listens there */
    begin_ranks(&EIGHT, 1, 2, SHORT);
    expect_all(EXIT_REFUSED);
    ck_assert_str_eq(shared->message[1], "rank 0 could not be reached at 127.0.0.1:1 within 0 s; is it started, and is "
                                         "--rendezvous its address?");
}
END_TEST

/* A member that is not what rank 0 expects is told why, and the others meet without it. */
static void expect_refusal(const struct rendezvous_member *odd, const char *why)
{
    begin_ranks(&EIGHT, 0, 7, LONG);
    pid_t child = begin(&EIGHT, odd, LONG);
    child_count--;
    ck_assert_int_eq(status_of(child), EXIT_REFUSED);
    ck_assert_str_eq(shared->message[odd->rank], why);
    ck_assert_int_eq(shared->met, 0);
    begin_ranks(&EIGHT, 7, 8, LONG);
    expect_all(EXIT_MET);
}

START_TEST(another_plan_is_refused)
{
    struct rendezvous_member member = member_of(&EIGHT, 7);
    member.plan_hash[1] = 0xce;
    expect_refusal(&member,
                   "rank 7 runs plan abce00000000, which is not the plan of rank 0; build all ranks of one plan");
}
END_TEST

START_TEST(another_world_is_refused)
{
    struct rendezvous_member member = member_of(&EIGHT, 7);
    member.world = 16;
    expect_refusal(&member, "rank 7 is one of 16 ranks, rank 0 one of 8; build all ranks of one plan");
}
END_TEST

START_TEST(a_rank_can_come_once)
{
    /* The copy of rank 7 that comes second, whichever it is, is sent away; rank 6 comes last, so both do come. */
    begin_ranks(&EIGHT, 0, 6, LONG);
    begin_ranks(&EIGHT, 7, 8, LONG);
    begin_ranks(&EIGHT, 7, 8, LONG);
    int status = 0;
    pid_t refused = waitpid(-1, &status, 0);
    ck_assert(refused == children[6] || refused == children[7]);
    ck_assert_int_eq(WEXITSTATUS(status), EXIT_REFUSED);
    ck_assert_str_eq(shared->message[7], "there is a rank 7 already; start each rank once");
    children[refused == children[6] ? 6 : 7] = children[--child_count];
    begin_ranks(&EIGHT, 6, 7, LONG);
    expect_all(EXIT_MET);
}
END_TEST

/* ---- what else may come to the port */

static int knock(void)
{
    char message[256], text[32];
    struct wire_address address;
    while (shared->port == 0)
        usleep(1000);
    snprintf(text, sizeof text, "127.0.0.1:%d", shared->port);
    ck_assert(wire_resolve(text, &address, message, sizeof message));
    int made = wire_connect(&address);
    ck_assert_int_ge(made, 0);
    return made;
}

/* Sends bytes and waits until rank 0 hangs up. */
static void expect_hang_up(const void *bytes, size_t count)
{
    int made = knock();
    struct pollfd wait = {.fd = made, .events = POLLOUT};
    poll(&wait, 1, -1);
    ck_assert_int_eq(send(made, bytes, count, MSG_NOSIGNAL), count);
    wait.events = POLLIN;
    poll(&wait, 1, -1);
    char answer[8];
    ck_assert_int_le(recv(made, answer, sizeof answer, 0), 0);
    close(made);
}

static void expect_hang_up_after(struct wire_message message)
{
    expect_hang_up(&message, sizeof message);
}

START_TEST(garbage_is_ignored)
{
    begin_ranks(&EIGHT, 0, 7, LONG);
    expect_hang_up("GET / HTTP/1.1\r\n\r\n", 18);
    struct wire_message message = wire_make(WIRE_PUBLISH); /* before any greeting */
    expect_hang_up_after(message);
    message.kind = WIRE_KINDS;
    expect_hang_up_after(message);
    message = wire_make(WIRE_HELLO); /* of this plan and world, with impossible numbers */
    struct rendezvous_member member = member_of(&EIGHT, 7);
    memcpy(message.plan_hash, member.plan_hash, sizeof message.plan_hash);
    message.world = 8;
    message.rank = -1;
    expect_hang_up_after(message);
    message.rank = 8;
    expect_hang_up_after(message);
    message.rank = 7;
    message.at[3] = 2;
    expect_hang_up_after(message);
    message.at[3] = -1;
    expect_hang_up_after(message);
    srand(5);
    for (int i = 0; i < 300; i++) { /* the magic is right, the rest is not */
        message = wire_make(WIRE_HELLO);
        for (size_t at = sizeof message.magic; at < sizeof message; at++)
            ((unsigned char *)&message)[at] = (unsigned char)rand();
        message.kind = (uint32_t)rand() | 16;
        expect_hang_up_after(message);
    }
    ck_assert_int_eq(shared->met, 0);
    begin_ranks(&EIGHT, 7, 8, LONG);
    expect_all(EXIT_MET);
}
END_TEST

START_TEST(silent_strangers_keep_nobody_out)
{
    int strangers[100];
    begin_ranks(&EIGHT, 0, 1, LONG);
    for (int i = 0; i < 100; i++)
        strangers[i] = knock();
    begin_ranks(&EIGHT, 1, 8, LONG);
    expect_all(EXIT_MET);
    for (int i = 0; i < 100; i++)
        close(strangers[i]);
}
END_TEST

/* ---- during the job */

/* Meets, then stays until told to leave or until somebody is gone, whose number + 1 is the status. */
static void begin_staying(int rank, bool dies)
{
    struct rendezvous_member member = member_of(&EIGHT, rank);
    pid_t child = fork();
    if (child > 0) {
        children[child_count++] = child;
        return;
    }
    struct rendezvous *meeting = open_meeting(&member, LONG);
    while (meeting && rendezvous_meet(meeting, 20) == RENDEZVOUS_MEETING)
        ;
    shared->met++;
    while (shared->met < 8)
        usleep(1000);
    if (dies)
        _exit(0);
    int gone;
    while ((gone = rendezvous_gone(meeting)) < 0 && !shared->may_end)
        usleep(1000);
    rendezvous_close(meeting);
    _exit(gone + 1);
}

START_TEST(all_hear_of_a_rank_that_died)
{
    int dead = _i;
    for (int rank = 0; rank < 8; rank++)
        begin_staying(rank, rank == dead);
    for (int rank = 0; rank < 8; rank++)
        ck_assert_int_eq(status_of(children[rank]), rank == dead ? 0 : dead + 1);
}
END_TEST

START_TEST(who_says_good_bye_is_not_missed)
{
    for (int rank = 0; rank < 8; rank++)
        begin_staying(rank, false);
    while (shared->met < 8)
        usleep(1000);
    shared->may_end = 1;
    expect_all(0);
}
END_TEST

START_TEST(a_rank_that_dies_before_all_have_met_is_named)
{
    begin_ranks(&EIGHT, 0, 6, LONG);
    while (shared->port == 0)
        usleep(1000);
    struct rendezvous_member member = member_of(&EIGHT, 6);
    pid_t child = fork();
    if (child == 0) {
        struct rendezvous *meeting = open_meeting(&member, LONG);
        rendezvous_meet(meeting, 100);
        _exit(0);
    }
    ck_assert_int_eq(status_of(child), 0);
    expect_all(EXIT_REFUSED);
    for (int rank = 0; rank < 6; rank++)
        ck_assert_str_eq(shared->message[rank], "rank 6 left before all ranks had met");
}
END_TEST

START_TEST(addresses_are_checked)
{
    static const char *const wrong[] = {"", "7000", "host:", ":7000", "no such host:7000", "127.0.0.1:http"};
    struct rendezvous_member member = member_of(&EIGHT, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char message[256] = "", named[64];
        ck_assert_ptr_null(rendezvous_join(&member, wrong[i], LONG, message, sizeof message));
        snprintf(named, sizeof named, "the rendezvous \"%s\" is not ", wrong[i]);
        ck_assert_msg(strncmp(message, named, strlen(named)) == 0, "%s", message);
        ck_assert_ptr_nonnull(strstr(message, "; give --rendezvous HOST:PORT"));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rendezvous");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, members_of_a_group_get_the_id_of_its_leader, 0, sizeof GRIDS / sizeof *GRIDS);
    tcase_add_test(cases, missing_ranks_are_named_to_all);
    tcase_add_test(cases, nobody_waits_for_ever_for_rank_0);
    tcase_add_test(cases, another_plan_is_refused);
    tcase_add_test(cases, another_world_is_refused);
    tcase_add_test(cases, a_rank_can_come_once);
    tcase_add_test(cases, garbage_is_ignored);
    tcase_add_test(cases, silent_strangers_keep_nobody_out);
    tcase_add_loop_test(cases, all_hear_of_a_rank_that_died, 0, 8);
    tcase_add_test(cases, who_says_good_bye_is_not_missed);
    tcase_add_test(cases, a_rank_that_dies_before_all_have_met_is_named);
    tcase_add_test(cases, addresses_are_checked);
    return run_case("rendezvous", cases);
}
