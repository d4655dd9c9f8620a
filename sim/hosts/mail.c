/* The octets of one message, counted. */
#include "sim/hosts/mail.h"

#include <assert.h>
#include <string.h>

void mail_room_init(struct mail_room *room, struct core_depot *depot)
{
    core_pool_init(&room->pool, sizeof(struct mail), 0);
    room->depot = depot;
    room->octets = room->limit = 0;
}

void mail_room_free(struct mail_room *room)
{
    core_pool_free(&room->pool);
}

bool mail_room_full(const struct mail_room *room, size_t octets)
{
    return room->limit > 0 &&
           (room->octets >= room->limit || octets > (room->limit - room->octets) / MAIL_SHARE);
}

struct mail *mail_new(struct mail_room *room, size_t octets)
{
    struct mail *m = core_pool_take(&room->pool);
    m->refs = 1;
    m->text = MAIL_HEAD_ROOM;
    m->len = 0;
    m->octets = core_depot_take(room->depot, MAIL_HEAD_ROOM + octets, &m->cap);
    room->octets += m->cap;
    return m;
}

void mail_append(struct mail_room *room, struct mail *m, const void *octets, size_t len)
{
    size_t used = m->text + m->len;
    assert(m->refs == 1);
    if (m->cap - used < len) {
        size_t cap;
        char *grown = core_depot_take(room->depot, (used + len) * 2, &cap);
        memcpy(grown + m->text, m->octets + m->text, m->len);
        core_depot_give(room->depot, m->octets, m->cap);
        room->octets += cap - m->cap;
        m->octets = grown;
        m->cap = cap;
    }
    if (len > 0)
        memcpy(m->octets + used, octets, len);
    m->len += len;
}

void mail_insert(struct mail_room *room, struct mail *m, size_t at, const void *octets, size_t len)
{
    char *place;
    mail_append(room, m, octets, len); /* makes the room */
    place = m->octets + m->text + at;
    memmove(place + len, place, m->len - len - at);
    memcpy(place, octets, len);
}

struct mail *mail_hold(struct mail *m)
{
    m->refs++;
    return m;
}

void mail_drop(struct mail_room *room, struct mail *m)
{
    if (!m || --m->refs > 0)
        return;
    room->octets -= m->cap;
    core_depot_give(room->depot, m->octets, m->cap);
    core_pool_give(&room->pool, m);
}

size_t mail_put_before(struct mail *m, const char *field, size_t len)
{
    if (len > m->text)
        return 0;
    memcpy(m->octets + m->text - len, field, len);
    return len;
}
