#ifndef PROTOCOLS_WIRE_MIME_FIELD_H
#define PROTOCOLS_WIRE_MIME_FIELD_H
/*
 * mime_field - what the Content- fields of one part say; for mime.c alone.
 */
#include "protocols/wire/mime.h"

/* Reads the header [part->header_at, part->body_at) into the part. *boundary is the slice of a multipart's
 * boundary, empty when there is no usable one. */
void wire_mime_read_header(struct wire_mime_part *part, const char *message, struct wire_slice *boundary);

/* May its body be opened as a message? Only when it is not encoded (RFC 2046 section 5.2.1). */
bool wire_mime_is_message(const struct wire_mime_part *part);
#endif
