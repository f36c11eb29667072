/* The recorder of a rank: records, what they count, and what happens when there is no room for them. */
#include "rank.h"

#include "run_case.h"

#include <check.h>
#include <stdlib.h>

static struct rank_control control;
static struct rank recorded = {.control = &control};

static struct timeline_part *start_recording(struct recorder *recorder, uint64_t bytes)
{
    struct timeline_part *part = calloc(1, bytes);
    recorder_start(recorder, part, bytes);
    recorded = (struct rank){.control = &control, .recorder = recorder};
    return part;
}

static void record_op(uint64_t posted, size_t counts)
{
    static const int32_t rows[64] = {11, 12, 13};
    recorded.op++;
    recorder_next(&recorded, false);
    recorder_count(recorded.recorder, rows, counts);
    recorder_waited(recorded.recorder, 5);
    atomic_fetch_add(&control.posted_bytes[CHANNEL_PARTIAL], posted);
}

START_TEST(records_follow_each_other)
{
    struct recorder recorder;
    struct timeline_part *part = start_recording(&recorder, 4096);
    recorder.step = 3;
    record_op(100, 3);
    recorded.op++;
    recorder_next(&recorded, true); /* skipped */
    record_op(7, 0);
    recorder_end_step(&recorded);
    const struct op_record *first = (const void *)(part + 1);
    const struct op_record *second = (const void *)((const char *)first + op_record_bytes(3));
    ck_assert_uint_eq(part->used, op_record_bytes(3) + op_record_bytes(0));
    ck_assert_uint_eq(part->lost, 0);
    ck_assert_uint_eq(first->op, 1);
    ck_assert_uint_eq(first->step, 3);
    ck_assert_uint_eq(first->bytes, 100);
    ck_assert_uint_eq(first->waited_ns, 5);
    ck_assert_int_eq(((const int32_t *)(first + 1))[2], 13);
    ck_assert_uint_eq(second->op, 3);
    ck_assert_uint_eq(second->bytes, 7);
    ck_assert_uint_ge(first->end_ns, first->begin_ns);
    ck_assert_uint_ge(second->begin_ns, first->end_ns);
    free(part);
}
END_TEST

/* Whatever the room: what is recorded has no gaps, and the rest is counted. */
START_TEST(what_finds_no_room_is_counted)
{
    enum { OPS = 20 };
    for (uint64_t room = sizeof(struct timeline_part); room < 1200; room += 8) {
        struct recorder recorder;
        struct timeline_part *part = start_recording(&recorder, room);
        for (int op = 1; op <= OPS; op++)
            record_op(1, op % 4 == 0 ? 3 : 0);
        recorder_end_step(&recorded);
        uint64_t at = 0, records = 0;
        while (at < part->used) {
            const struct op_record *record = (const void *)((const char *)(part + 1) + at);
            ck_assert_uint_eq(record->op, ++records);
            at += op_record_bytes(record->counts);
        }
        ck_assert_uint_le(sizeof *part + part->used, room);
        ck_assert_uint_eq(records + part->lost, OPS);
        free(part);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("recorder");
    tcase_add_test(tcase, records_follow_each_other);
    tcase_add_test(tcase, what_finds_no_room_is_counted);
    return run_case("recorder", tcase);
}
