/* Turns a message of the scenario into octets. */
#include "sim/hosts/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/compose.h"
#include "protocols/wire/message.h"
#include "sim/hosts/mua.h"

static size_t join(char *out, size_t cap, const char *const *list, size_t n)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        int k = snprintf(out + used, cap - used, "%s%s", i ? ", " : "", list[i]);
        if (k < 0 || (size_t)k >= cap - used)
            return used;
        used += (size_t)k;
    }
    return used;
}

static size_t joined_size(const char *const *list, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += strlen(list[i]) + 2;
    return size;
}

static struct mail *compose(struct world *w, const struct spec_message *m, const struct spec_account *a)
{
    const char *sender = m->from ? m->from : a && a->address ? a->address : "";
    const char *domain = strrchr(sender, '@');
    size_t domain_len = domain ? strcspn(domain + 1, ">") : 0;
    char from[400], id[WIRE_MESSAGE_ID_MAX];
    char *to = core_alloc(joined_size(m->to, m->nto)), *cc = core_alloc(joined_size(m->cc, m->ncc));
    struct wire_attachment at[WIRE_ATTACHMENTS_MAX];
    struct wire_compose c = { .date_s = world_seconds(w), .boundary_seed = core_rng_next(&w->rng_boundary) };
    size_t n, size;
    struct mail *mail;
    if (m->from || !a || !a->display)
        snprintf(from, sizeof from, "%s", sender);
    else
        snprintf(from, sizeof from, "%s <%s>", a->display, a->address);
    n = wire_message_id_write(id, (uint64_t)world_seconds(w), ++w->serial,
                              domain ? wire_slice(domain + 1, domain_len) : WIRE_SLICE("localhost"));
    c.from = wire_slice_str(from);
    c.to = wire_slice(to, join(to, joined_size(m->to, m->nto), m->to, m->nto));
    c.cc = wire_slice(cc, join(cc, joined_size(m->cc, m->ncc), m->cc, m->ncc));
    c.subject = wire_slice_str(m->subject);
    c.message_id = wire_slice(id, n);
    c.text = wire_slice_str(m->text);
    c.attachments = at;
    for (size_t i = 0; i < m->nattachments && i < WIRE_ATTACHMENTS_MAX; i++)
        at[c.attachment_count++] = (struct wire_attachment){ .name = wire_slice_str(m->attachments[i].name),
                                                             .type = wire_slice_str(m->attachments[i].type),
                                                             .bytes = m->attachments[i].octets,
                                                             .len = m->attachments[i].len };
    size = wire_compose(NULL, 0, &c);
    if (size == WIRE_COMPOSE_REFUSED) {
        free(to);
        free(cc);
        return NULL;
    }
    mail = mail_new(&w->mails, size);
    wire_compose(mail->octets + mail->text, size, &c);
    mail->len = size;
    mua_remember_sent(w, m->name, id, n, mail);
    free(to);
    free(cc);
    return mail;
}

static struct mail *take_raw(struct world *w, const struct spec_message *m)
{
    struct mail *mail = mail_new(&w->mails, m->raw_len);
    struct wire_slice id;
    mail_append(&w->mails, mail, m->raw, m->raw_len);
    id = wire_field_body(mail_text(mail), mail->len, "Message-ID");
    mua_remember_sent(w, m->name, id.at ? id.at : "", id.len, mail);
    return mail;
}

struct mail *letter_write(struct world *w, const struct spec_message *m, const struct spec_account *a)
{
    return m->raw ? take_raw(w, m) : compose(w, m, a);
}

const struct spec_message *letter_named(const struct world *w, const char *name)
{
    for (size_t i = 0; name && i < w->spec->nmessages; i++)
        if (strcmp(w->spec->messages[i].name, name) == 0)
            return &w->spec->messages[i];
    return NULL;
}
