/* One line on the terminal that says what is under way; nothing where stderr is no terminal. */
#pragma once

/* Replaces the line; NULL clears it, before anything else is printed. */
void progress(const char *what);
