#ifndef UI_EXPLAIN_ENGINES_H
#define UI_EXPLAIN_ENGINES_H
/* explain_engines - the tables of the protocol engines, for `mailwalk explain`: commands, codes, record
 * types, verdicts, in the words that the engines themselves put into the trace. */
#include <stddef.h>

#include "ui/explain.h"

const struct explain_source *ui_explain_engines(size_t *count);
#endif
