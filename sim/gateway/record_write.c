/* Recordings, written as the inputs come. */
#include "sim/gateway/record.h"

#include <string.h>

static const char *const kind_keys[RECORD_KIND_COUNT] = {
#define X(name, key) [RECORD_##name] = key,
    RECORD_KINDS(X)
#undef X
};

const char *record_kind_key(enum record_kind kind)
{
    return kind_keys[kind];
}

bool record_is_of_exit(enum record_kind kind)
{
    return kind >= RECORD_EXIT_JOINED && kind <= RECORD_EXIT_RESET;
}

bool record_has_data(enum record_kind kind)
{
    return kind == RECORD_OCTETS || kind == RECORD_DATAGRAM || kind == RECORD_PACKET ||
           kind == RECORD_EXIT_OCTETS || kind == RECORD_CONTROL;
}

static void put_forwards(FILE *to, const struct forwards *f)
{
    const char *pem;
    size_t len;
    for (size_t i = 0; i < f->n; i++) {
        fputs("{\"forward\":", to);
        flat_put_octets(to, f->one[i].text, strlen(f->one[i].text));
        fputs("}\n", to);
    }
    for (size_t i = 0; (pem = forwards_trust_nth(f, i, &len)); i++) {
        fputs("{\"trust\":", to);
        flat_put_octets(to, pem, len);
        fputs("}\n", to);
    }
}

void record_header(FILE *to, const struct record_header *h, const char *version)
{
    fprintf(to, "{\"mailwalk\":\"%s\",\"recording\":%d,\"scenario\":", version, RECORD_VERSION);
    flat_put_octets(to, h->scenario, strlen(h->scenario));
    fprintf(to, ",\"text\":\"%016llx\",\"link\":", (unsigned long long)h->text_hash);
    flat_put_octets(to, h->link, strlen(h->link));
    fprintf(to, ",\"doors\":%u,\"actions\":%s", h->doors, h->actions ? "true" : "false");
    if (h->tun) {
        fputs(",\"tun\":", to);
        flat_put_octets(to, h->tun, strlen(h->tun));
    }
    fputs("}\n", to);
    for (size_t i = 0; i < h->nsets; i++) {
        fputs("{\"set\":", to);
        flat_put_octets(to, h->sets[i], strlen(h->sets[i]));
        fputs("}\n", to);
    }
    if (h->forwards)
        put_forwards(to, h->forwards);
}

void record_input(FILE *to, const struct record_input *in)
{
    char a[NET_ADDR_TEXT];
    fprintf(to, "{\"t\":%llu,\"%s\":", (unsigned long long)in->t_ns, kind_keys[in->kind]);
    if (in->kind == RECORD_END)
        fprintf(to, "true,\"hash\":\"%016llx\",\"records\":%llu", (unsigned long long)in->hash,
                (unsigned long long)in->records);
    else
        fprintf(to, "%lu", (unsigned long)in->id);
    if (in->kind == RECORD_CONNECT || in->kind == RECORD_ASK)
        fprintf(to, ",\"door\":%u,\"to\":\"%s\",\"port\":%u", in->door, net_addr_text(&in->to, a), in->port);
    if (in->kind == RECORD_CREDIT || in->kind == RECORD_EXIT_CREDIT)
        fprintf(to, ",\"n\":%zu", in->n);
    if (record_has_data(in->kind)) {
        fputs(in->kind == RECORD_CONTROL ? ",\"request\":" : ",\"data\":", to);
        flat_put_octets(to, in->data, in->len);
    }
    fputs("}\n", to);
}
