/* What is done to one row at a time, value by value. */

static void rms_norm(const float *x, const float *weight, float epsilon, int n, float *y)
{
    vector squares = splat(0);
    for (int i = 0; i < n; i += LANES) {
        const vector value = load_end(x + i, n - i, 0);
        squares += value * value;
    }
    const vector factor = splat(1 / sqrtf(sum_of_lanes(squares) / (float)n + epsilon));
    for (int i = 0; i < n; i += LANES)
        store_end(y + i, n - i, load_end(weight + i, n - i, 0) * (load_end(x + i, n - i, 0) * factor));
}

static void swiglu(const float *gate_up, int n, float *y)
{
    for (int i = 0; i < n; i += LANES) {
        const vector gate = load_end(gate_up + i, n - i, 0);
        const vector up = load_end(gate_up + n + i, n - i, 0);
        store_end(y + i, n - i, gate / (1 + exponential(-gate)) * up);
    }
}

static void add_scaled(const float *x, float scale, int n, float *y)
{
    for (int i = 0; i < n; i += LANES)
        store_end(y + i, n - i, load_end(y + i, n - i, 0) + splat(scale) * load_end(x + i, n - i, 0));
}

static void add_parts(const float *const *parts, int part_count, int n, float *y)
{
    for (int i = 0; i < n; i += LANES) {
        vector sum = splat(0);
        for (int part = 0; part < part_count; part++)
            sum += load_end(parts[part] + i, n - i, 0);
        store_end(y + i, n - i, load_end(y + i, n - i, 0) + sum);
    }
}

static void rotate(float *x, const float *cosines, const float *sines, int n)
{
    const int half = n / 2;
    for (int i = 0; i < half; i += LANES) {
        const int left = half - i;
        const vector first = load_end(x + i, left, 0), second = load_end(x + half + i, left, 0);
        const vector cosine = load_end(cosines + i, left, 0), sine = load_end(sines + i, left, 0);
        store_end(x + i, left, first * cosine - second * sine);
        store_end(x + half + i, left, second * cosine + first * sine);
    }
}
