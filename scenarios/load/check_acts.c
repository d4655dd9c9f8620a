/* Actions and expectations. */
#include "scenarios/load/check.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "scenarios/load/expect.h"
#include "sim/hosts/units.h"

/* ---- actions ------------------------------------------------------------------------------------ */

static const struct spec_account *find_account(struct check *c, const struct spec_action *a,
                                               const struct spec_client *client)
{
    struct namelist list = { .text = "" };
    struct nearest near;
    char guess[100];
    if (!a->account)
        return &client->accounts[0];
    nearest_init(&near, a->account);
    for (size_t i = 0; i < client->naccounts; i++) {
        const struct spec_account *x = &client->accounts[i];
        if (strcmp(x->name, a->account) == 0)
            return x;
        nearest_try(&near, x->name);
        namelist_add(&list, x->name);
    }
    json_error_at(c->g, a->pointer, "/account", "host \"%s\" has no account \"%.80s\"%s it has: %s", a->host,
                  a->account, nearest_text(&near, guess, sizeof guess)[0] ? guess : ";", list.text);
    return NULL;
}

static void check_mail_action(struct check *c, const struct spec_action *a, const struct spec_host *h)
{
    const struct spec_account *account;
    if (!h->client) {
        json_error_at(c->g, a->pointer, "/host", "host \"%s\" has no \"client\": it has no mail program",
                      h->name);
        return;
    }
    account = find_account(c, a, h->client);
    if (!account)
        return;
    if (a->kind == SPEC_DO_SEND && !account->submit_server)
        json_error_at(c->g, a->pointer, "", "account \"%.80s\" has no \"submit\": it cannot send",
                      account->name);
    if (a->kind != SPEC_DO_SEND && !account->fetch_server)
        json_error_at(c->g, a->pointer, "", "account \"%.80s\" has no \"fetch\": it cannot read",
                      account->name);
    else if (a->kind != SPEC_DO_SEND && a->kind != SPEC_DO_FETCH && account->fetch_kind != SPEC_IMAP)
        json_error_at(c->g, a->pointer, "",
                      "account \"%.80s\" reads by POP3: only IMAP can mark, remove and move on the "
                      "server",
                      account->name);
}

static void check_action(struct check *c, const struct spec_action *a)
{
    size_t at = check_ref(c, &c->hosts, a->host, a->pointer, "/host");
    const struct spec_host *h = at == CHECK_NONE ? NULL : &c->w->hosts[at];
    char when[UNITS_TEXT_MAX], end[UNITS_TEXT_MAX];
    if (a->message)
        check_ref(c, &c->messages, a->message, a->pointer, "/message");
    if (a->after)
        check_ref(c, &c->actions, a->after, a->pointer, "/after");
    if (a->at_ns >= c->w->until_ns)
        json_error_at(c->g, a->pointer, "/at", "%s is not before the end of the run, \"until\": %s",
                      units_duration_text(a->at_ns, when), units_duration_text(c->w->until_ns, end));
    if (!h)
        return;
    if (a->kind <= SPEC_DO_MOVE)
        check_mail_action(c, a, h);
    else if (h->nresolvers == 0 && (!a->server || !check_is_address(a->server)))
        json_error_at(c->g, a->pointer, "", "host \"%s\" has no \"resolvers\" to ask about a name", h->name);
}

/* Each waits for one other at most, so a circle is found by walking; `done` marks whoever was passed. */
static void check_circles(struct check *c)
{
    size_t *walk = core_alloc((c->w->nactions + 1) * sizeof *walk);
    for (size_t i = 0; i < c->w->nactions; i++) {
        size_t at = i;
        while (at != CHECK_NONE && walk[at] == 0) {
            const char *after = c->w->actions[at].after;
            walk[at] = i + 1;
            at = after ? check_find(&c->actions, after) : CHECK_NONE;
        }
        if (at != CHECK_NONE && walk[at] == i + 1 &&
            strcmp(c->w->actions[at].after, c->w->actions[at].name) != 0)
            json_error_at(c->g, c->w->actions[at].pointer, "/after",
                          "waits for an action that waits for this one: a circle");
    }
    free(walk);
}

static void check_action_names(struct check *c)
{
    for (size_t i = 1; i < c->actions.count; i++)
        if (strcmp(c->actions.name[i - 1], c->actions.name[i]) == 0)
            json_error_at(c->g, c->w->actions[c->actions.index[i]].pointer, "/name",
                          "\"%s\" is already the name of %s", c->actions.name[i],
                          c->w->actions[c->actions.index[i - 1]].pointer);
}

/* ---- expectations ---------------------------------------------------------------------------------- */

static void mark_messages(const struct check *c, const struct spec_world *w, bool *used)
{
    size_t m;
    for (size_t i = 0; i < w->nactions; i++)
        if (w->actions[i].message && (m = check_find(&c->messages, w->actions[i].message)) != CHECK_NONE)
            used[m] = true;
    for (size_t h = 0; h < w->nhosts; h++) {
        const struct spec_store *s = w->hosts[h].store;
        for (size_t u = 0; s && u < s->nusers; u++)
            for (size_t i = 0; i < s->users[u].nmessages; i++)
                if ((m = check_find(&c->messages, s->users[u].messages[i])) != CHECK_NONE)
                    used[m] = true;
    }
}

/* Which messages somebody sends at some time, or wait in a mailbox: an array of the caller's, to be freed. */
static bool *messages_used(const struct check *c)
{
    bool *used = core_alloc(c->w->nmessages + 1);
    mark_messages(c, c->w, used);
    for (size_t i = 0; i < c->w->nchanges; i++)
        mark_messages(c, c->w->changes[i].after, used);
    return used;
}

static bool user_in(const struct spec_world *w, const char *name, const char *host)
{
    size_t local = strcspn(name, "@");
    for (size_t h = 0; h < w->nhosts; h++) {
        const struct spec_host *at = &w->hosts[h];
        if (!at->store || (host && strcmp(host, at->name) != 0))
            continue;
        for (size_t u = 0; u < at->store->nusers; u++) {
            const char *user = at->store->users[u].name;
            if (wire_equal_nocase(user, strlen(user), name, strlen(name)) ||
                wire_equal_nocase(user, strcspn(user, "@"), name, local))
                return true;
        }
    }
    return false;
}

/* At some time. */
static bool user_exists(const struct check *c, const char *name, const char *host)
{
    bool exists = user_in(c->w, name, host);
    for (size_t i = 0; i < c->w->nchanges && !exists; i++)
        exists = user_in(c->w->changes[i].after, name, host);
    return exists;
}

static void check_expect(struct check *c, const struct expect_item *e)
{
    size_t at = e->host ? check_ref(c, &c->hosts, e->host, e->pointer, "/host") : CHECK_NONE;
    char within[UNITS_TEXT_MAX], end[UNITS_TEXT_MAX];
    if (e->message)
        check_ref(c, &c->messages, e->message, e->pointer, "/message");
    if (e->action)
        check_ref(c, &c->actions, e->action, e->pointer, "/action");
    if (e->within_ns != CORE_NEVER && e->within_ns > c->w->until_ns)
        json_error_at(c->g, e->pointer, "/within", "%s is after the end of the run, \"until\": %s",
                      units_duration_text(e->within_ns, within), units_duration_text(c->w->until_ns, end));
    if (e->kind == EXPECT_QUEUE_EMPTY && at != CHECK_NONE && !c->w->hosts[at].mta)
        json_error_at(c->g, e->pointer, "/host", "host \"%s\" has no \"mta\", so it has no queue", e->host);
}

/* What takes part in it. */
static void check_parts(struct check *c, const struct expect_item *e, const bool *used)
{
    size_t message = e->message ? check_find(&c->messages, e->message) : CHECK_NONE;
    if (message != CHECK_NONE && !used[message])
        json_error_at(c->g, e->pointer, "/message", "nobody sends \"%s\", and it waits in no mailbox",
                      e->message);
    if (e->user && !user_exists(c, e->user, e->host))
        json_error_at(c->g, e->pointer, "/user", "\"%.80s\" is no user of %s%s", e->user,
                      e->host ? "host " : "any host", e->host ? e->host : "");
}

void check_expected(struct check *c)
{
    bool *used = messages_used(c);
    for (size_t i = 0; i < c->s->nexpect; i++)
        check_parts(c, &c->s->expect[i], used);
    free(used);
}

void check_acts(struct check *c)
{
    check_action_names(c);
    for (size_t i = 0; i < c->w->nactions; i++)
        check_action(c, &c->w->actions[i]);
    check_circles(c);
    for (size_t i = 0; i < c->s->nexpect; i++)
        check_expect(c, &c->s->expect[i]);
    if (c->w->nchanges == 0)
        check_expected(c);
}
