/* The clock that ends a script which nothing else can stop.
 *
 * string.find may backtrack for years inside one C call, where no hook runs and no error can be raised. All that is
 * left then is a signal, and all that a signal handler may safely do is write and exit. Which line to blame is noted
 * beforehand, at each call that a script makes. */
#include "base/sandbox_parts.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static struct {
    const char *volatile name;
    volatile int line;
    int limit_milliseconds;
    struct sigaction old_action;
    sigset_t old_mask;
} watch;

struct line_buffer {
    char bytes[1024];
    size_t length;
};

static void add_text(struct line_buffer *line, const char *text)
{
    size_t length = strlen(text), room = sizeof line->bytes - line->length;
    length = length < room ? length : room;
    memcpy(line->bytes + line->length, text, length);
    line->length += length;
}

static void add_number(struct line_buffer *line, int number)
{
    char digits[16], *first = digits + sizeof digits - 1;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add_text(line, first);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
    struct line_buffer line = {.length = 0};
    if (watch.name) {
        add_text(&line, watch.name);
        add_text(&line, ":");
        add_number(&line, watch.line);
        add_text(&line, ": ");
    }
    add_text(&line, "error: runs for longer than ");
    add_number(&line, watch.limit_milliseconds);
    add_text(&line, " ms; simplify the text pattern or the loop here\n");
    ssize_t ignored = write(STDERR_FILENO, line.bytes, line.length);
    (void)ignored;
    _exit(EXIT_REFUSED);
}

void clock_blame(struct place place)
{
    watch.name = place.name;
    watch.line = place.line;
}

void clock_start(long long microseconds, int limit_milliseconds)
{
    watch.limit_milliseconds = limit_milliseconds;
    struct sigaction action = {.sa_handler = on_alarm};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, &watch.old_action);

    /* A parent may have left the signal blocked. */
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, &watch.old_mask);

    long long left = microseconds > 0 ? microseconds : 1;
    struct itimerval timer = {.it_value = {.tv_sec = left / 1000000, .tv_usec = left % 1000000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

long long clock_stop(void)
{
    struct itimerval off = {0}, left;
    setitimer(ITIMER_REAL, &off, &left);
    sigprocmask(SIG_SETMASK, &watch.old_mask, NULL);
    sigaction(SIGALRM, &watch.old_action, NULL);
    return left.it_value.tv_sec * 1000000LL + left.it_value.tv_usec;
}
