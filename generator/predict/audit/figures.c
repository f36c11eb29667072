/* Numbers for people, and finding the figures of the document. */
#include "predict/audit/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *whole(struct pool *pool, uint64_t number)
{
    char digits[24], out[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return pool_text(pool, out);
}

const char *number_text(struct pool *pool, double value)
{
    double size = fabs(value);
    if (!isfinite(value) || size >= 1e15)
        return pool_format(pool, "%.4g", value);
    if (value == floor(value))
        return pool_format(pool, "%s%s", value < 0 ? "-" : "", whole(pool, (uint64_t)size));
    int decimals = 3 - (int)floor(log10(size));
    if (decimals <= 0)
        return number_text(pool, round(value));
    if (decimals > 7)
        return pool_format(pool, "%.3g", value);
    char *text = pool_format(pool, "%.*f", decimals, value), *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    end[-1] = end[-1] == '.' ? '\0' : end[-1];
    return text;
}

const char *in_unit(struct pool *pool, double value, const char *unit, double factor)
{
    bool apart = *unit && strcmp(unit, "x") != 0;
    return pool_format(pool, "%s%s%s", number_text(pool, value / factor), apart ? " " : "", unit);
}

const char *grid_text(struct pool *pool, const int *grid)
{
    return pool_format(pool, "dp %d x pp %d x ep %d x tp %d", grid[AXIS_DP], grid[AXIS_PP], grid[AXIS_EP],
                       grid[AXIS_TP]);
}

static const struct claim *find(const struct claims *claims, enum quantity quantity, bool bound)
{
    for (int i = 0; i < claims->count; i++) {
        const struct figure *figure = &claims->list[i].figure;
        if (claims->list[i].quantity == quantity && (figure->at_least || figure->at_most) == bound)
            return &claims->list[i];
    }
    return NULL;
}

const struct claim *stated_figure(const struct claims *claims, enum quantity quantity)
{
    return find(claims, quantity, false);
}

const struct claim *stated_bound(const struct claims *claims, enum quantity quantity)
{
    return find(claims, quantity, true);
}

double aim(const struct claim *claim)
{
    return isfinite(claim->figure.least) ? claim->figure.least : claim->figure.most;
}
