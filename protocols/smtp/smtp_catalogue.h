#ifndef PROTOCOLS_SMTP_CATALOGUE_H
#define PROTOCOLS_SMTP_CATALOGUE_H
/* The rows behind smtp_reply.h. For smtp_reply.c and the two files of rows only. */
#include "protocols/smtp/smtp_reply.h"

extern const struct smtp_meaning smtp_catalogue_code[];
extern const size_t smtp_catalogue_codes;

extern const struct smtp_meaning smtp_catalogue_status[];
extern const size_t smtp_catalogue_statuses;

extern const struct smtp_meaning smtp_catalogue_class[];
extern const size_t smtp_catalogue_classes;

/* What the first digit, 2 to 5, says about any code (RFC 5321 section 4.2.1). */
extern const struct wire_lesson smtp_catalogue_digit[4];
#endif
