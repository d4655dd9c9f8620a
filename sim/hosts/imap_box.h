#ifndef SIM_HOSTS_IMAP_BOX_H
#define SIM_HOSTS_IMAP_BOX_H
/* imap_box - the store as the IMAP engine wants it: struct imap_store_ops over mailboxes and views. The
 * session embeds a struct imap_box and passes it as the engine's host. */
#include "protocols/imap/imap_store.h"
#include "sim/hosts/service_auth.h"
#include "sim/hosts/store.h"

struct imap_box {
    struct service_auth auth; /* auth.user is who has logged in */
    void (*wake)(void *ctx);  /* news for a view of this session */
    void *wake_ctx;
    struct mailbox *listed; /* the last that mailbox_at gave, its index, and the user's names_version then */
    uint32_t listed_index, listed_version;
    /* APPEND or COPY under way */
    struct mailbox *into;
    struct mail *incoming;
    uint32_t flags, keywords;
    int64_t date_s;
    struct stored **copied; /* what COPY has added so far; owned */
    uint32_t ncopied;
    int16_t zone_min; /* of date_s */
};

extern const struct imap_store_ops imap_box_ops; /* host is a struct imap_box */
void imap_box_end(struct imap_box *b);
#endif
