#ifndef SIM_HOSTS_IMAP_BOX_INSIDE_H
#define SIM_HOSTS_IMAP_BOX_INSIDE_H
/*
 * imap_box_inside - what the files of the store's IMAP side share.
 *
 *   imap_names.c   names: the first five of struct imap_store_ops
 *   imap_box.c     what is in a mailbox, and all other operations
 */
#include "sim/hosts/imap_box.h"

/* As protocols/imap/imap_store.h describes them; host is a struct imap_box. */
bool imap_names_at(void *host, uint32_t index, struct imap_mailbox_entry *out);
enum imap_verdict imap_names_create(void *host, struct wire_slice name);
enum imap_verdict imap_names_remove(void *host, struct wire_slice name);
enum imap_verdict imap_names_rename(void *host, struct wire_slice from, struct wire_slice to);
enum imap_verdict imap_names_subscribe(void *host, struct wire_slice name, bool on);

/* The same keywords in another mailbox, where they may have other bits. `from` NULL: its names are gone. */
uint32_t imap_box_keywords_in(struct mailbox *to, const struct mailbox *from, uint32_t bits);
#endif
