#ifndef PROTOCOLS_WIRE_COMPOSE_HEAD_H
#define PROTOCOLS_WIRE_COMPOSE_HEAD_H
/*
 * compose_head - the header of a composed message; for compose.c alone.
 */
#include "protocols/wire/compose.h"
#include "protocols/wire/writer.h"

enum wire_compose_error wire_compose_check_head(const struct wire_compose *m);

/* From, To, Cc, Subject, Date, Message-ID and the extra fields, of a message that was checked. */
void wire_compose_put_head(struct wire_writer *w, const struct wire_compose *m);

/* Content-Disposition: attachment; filename=..., RFC 2231 where the name is not ASCII. */
void wire_compose_put_disposition(struct wire_writer *w, struct wire_slice name);
#endif
